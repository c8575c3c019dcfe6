import { readFileSync } from 'node:fs'

/** What another process uses, from /proc; undefined where there is none (outside Linux). */
export type ProcessUsage = {
  /** In memory now. */
  readonly residentBytes: number
  /** The most it ever had in memory. */
  readonly peakBytes: number
  /** Processor time so far, its own and the kernel's for it. */
  readonly cpuMs: number
}

/** Kernel ticks of /proc/<pid>/stat: USER_HZ, 100 a second on every Linux that Node runs on. */
const TICK_MS = 10
const BYTES_PER_KB = 1024
/** Fields of /proc/<pid>/stat after the name of the command (proc(5)). */
const UTIME = 11
const STIME = 12

export function usageOf(pid: number): ProcessUsage | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const kilobytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1])
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return {
      residentBytes: kilobytes('VmRSS') * BYTES_PER_KB,
      peakBytes: kilobytes('VmHWM') * BYTES_PER_KB,
      cpuMs: (Number(fields[UTIME]) + Number(fields[STIME])) * TICK_MS,
    }
  } catch {
    return undefined
  }
}
