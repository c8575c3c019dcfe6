import { readdir } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Meter } from '../ports/meter.ts'
import { VERSION } from '../version.ts'

/** Coarse on purpose: it wakes the process this often. Delays shorter than it are not seen. */
const LOOP_RESOLUTION_MS = 20
const MS_PER_SECOND = 1_000
const MICROSECONDS_PER_SECOND = 1e6
const NANOSECONDS_PER_SECOND = 1e9
const MEDIAN = 50
const HIGH_PERCENTILE = 99
/** Linux only; elsewhere the metric is absent. */
const OPEN_FILES = '/proc/self/fd'

/** The process itself, under the names that dashboards for Node know. `close` gives back what it listens with. */
export function createProcessMetrics(meter: Meter) {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  loop.enable()
  let counted = { user: 0, system: 0 }
  meter.set('tiphys_build_info', 1, { version: VERSION, node: process.version })
  const startedMs = Date.now() - process.uptime() * MS_PER_SECOND
  meter.set('process_start_time_seconds', startedMs / MS_PER_SECOND, {})

  function countCpu(): void {
    const { user, system } = process.cpuUsage()
    const userSeconds = (user - counted.user) / MICROSECONDS_PER_SECOND
    const systemSeconds = (system - counted.system) / MICROSECONDS_PER_SECOND
    counted = { user, system }
    meter.count('process_cpu_user_seconds_total', {}, userSeconds)
    meter.count('process_cpu_system_seconds_total', {}, systemSeconds)
  }

  /** What the loop was late beyond the resolution it is watched with. */
  function late(nanoseconds: number): number {
    const resolution = LOOP_RESOLUTION_MS / MS_PER_SECOND
    return Math.max(0, nanoseconds / NANOSECONDS_PER_SECOND - resolution)
  }

  return {
    async collect(): Promise<void> {
      countCpu()
      const memory = process.memoryUsage()
      meter.set('process_resident_memory_bytes', memory.rss, {})
      meter.set('nodejs_heap_size_used_bytes', memory.heapUsed, {})
      meter.set('nodejs_heap_size_total_bytes', memory.heapTotal, {})
      meter.set('nodejs_external_memory_bytes', memory.external, {})
      meter.set('nodejs_eventloop_lag_p50_seconds', late(loop.percentile(MEDIAN)), {})
      meter.set('nodejs_eventloop_lag_p99_seconds', late(loop.percentile(HIGH_PERCENTILE)), {})
      meter.set('nodejs_eventloop_lag_max_seconds', late(loop.max), {})
      loop.reset()
      const files = await readdir(OPEN_FILES).catch(() => undefined)
      if (files !== undefined) meter.set('process_open_fds', files.length, {})
    },
    close(): void {
      loop.disable()
    },
  }
}
