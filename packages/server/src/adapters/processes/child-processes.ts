import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessEnd, Processes, ProcessWish } from '../../ports/processes.ts'

export type ChildProcessesParts = {
  /** Where notes of running programs are kept, for a server that starts after a crash. */
  readonly notesFolder: string
  /** Between SIGTERM and SIGKILL. */
  readonly graceMs?: number
}

const DEFAULT_GRACE_MS = 5_000
/** Output that is still in the pipes when everything has ended. */
const DRAIN_MS = 1_000
const OWNER_ONLY_FOLDER = 0o700

/** What is noted of a running program. `startedAt`: when the kernel says it began, so that no other one is taken for it. */
type Note = { readonly pid: number; readonly startedAt: string; readonly folder: string }

/** Each program is the leader of a process group of its own, and ends with all of it. */
export function createChildProcesses(parts: ChildProcessesParts): Processes {
  const { notesFolder, graceMs = DEFAULT_GRACE_MS } = parts

  async function run(wish: ProcessWish): Promise<ProcessEnd> {
    if (wish.signal.aborted) return { code: 'aborted' }
    const child = begin(wish)
    if ('code' in child) return child
    const ended = endOf(child)
    for (const stream of [child.stdout, child.stderr]) stream.on('data', wish.onOutput)
    const { pid } = child
    if (pid === undefined) return await ended
    const note = join(notesFolder, `${pid}.json`)
    try {
      await writeNote(note, pid, wish.folder)
      return await untilEnd(wish, pid, ended, graceMs)
    } finally {
      // What it left running would go on for ever, and hold the pipes.
      signalGroup(pid, 'SIGKILL')
      await drained(child)
      await rm(note, { force: true })
    }
  }

  async function writeNote(file: string, pid: number, folder: string): Promise<void> {
    const note: Note = { pid, startedAt: await startOf(pid), folder }
    await mkdir(notesFolder, { recursive: true, mode: OWNER_ONLY_FOLDER })
    await writeFile(file, JSON.stringify(note))
  }

  return {
    run,
    async endLeftOvers() {
      const names = await readdir(notesFolder).catch(() => [])
      for (const name of names) {
        const file = join(notesFolder, name)
        const note = await readNote(file)
        if (note !== undefined) {
          const isSame = note.startedAt !== '' && note.startedAt === (await startOf(note.pid))
          if (isSame) signalGroup(note.pid, 'SIGKILL')
          await rm(note.folder, { recursive: true, force: true })
        }
        await rm(file, { force: true })
      }
    },
  }
}

type Begun = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable }

/** Some errors are told at once, and some later by an event. */
function begin(wish: ProcessWish): Begun | ProcessEnd {
  try {
    return spawn(wish.program, wish.arguments, {
      cwd: wish.workingDirectory,
      env: wish.environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    return notStarted(error as NodeJS.ErrnoException)
  }
}

function notStarted(error: NodeJS.ErrnoException): ProcessEnd {
  return { code: 'not-started', reason: REASONS[error.code ?? ''] ?? error.message }
}

function endOf(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      resolve(notStarted(error))
    })
    child.once('exit', (exitCode, signal) => {
      if (exitCode !== null) resolve({ code: 'exited', exitCode })
      else resolve({ code: 'killed', signal: signal ?? 'unknown' })
    })
  })
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program in the PATH of commands',
  EACCES: 'it is no program that this server may run',
  E2BIG: 'its arguments and environment are longer than the system takes',
}

async function untilEnd(
  { signal, timeoutMs }: ProcessWish,
  pid: number,
  ended: Promise<ProcessEnd>,
  graceMs: number,
): Promise<ProcessEnd> {
  const isOver = new AbortController()
  const { signal: over } = isOver
  try {
    const stopped = stopOf(signal, timeoutMs, over)
    const first = await Promise.race([ended, stopped])
    if (first !== 'aborted' && first !== 'timed-out') return first
    signalGroup(pid, 'SIGTERM')
    const grace = sleep(graceMs, undefined, { signal: over }).catch(() => undefined)
    await Promise.race([ended, grace])
    signalGroup(pid, 'SIGKILL')
    await ended
    return { code: first }
  } finally {
    isOver.abort()
  }
}

/** Which comes first: somebody wants it to end, or its time is over. */
async function stopOf(
  signal: AbortSignal,
  timeoutMs: number,
  over: AbortSignal,
): Promise<'aborted' | 'timed-out'> {
  // What happened before is no event any more.
  if (signal.aborted) return 'aborted'
  const aborted = once(signal, 'abort', { signal: over }).then(
    () => 'aborted' as const,
    () => 'aborted' as const,
  )
  const late = sleep(timeoutMs, 'timed-out' as const, { signal: over }).catch(
    () => 'timed-out' as const,
  )
  return await Promise.race([aborted, late])
}

/** To the program and all that it started and that made no group of its own. */
function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    // ESRCH: nothing of it is left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** A child that made a group of its own may hold the pipes open; it is not waited for. */
async function drained(child: ChildProcess): Promise<void> {
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
  const isOver = new AbortController()
  const closed = Promise.all(
    streams.map((stream) => (stream.closed ? undefined : once(stream, 'close'))),
  )
  const late = sleep(DRAIN_MS, undefined, { signal: isOver.signal }).catch(() => undefined)
  await Promise.race([closed, late])
  isOver.abort()
  for (const stream of streams) stream.destroy()
}

const START_FIELD = 19

/** Field 22 of /proc/<pid>/stat, where there is one; '' elsewhere, which is never compared. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name of the program stands in brackets, and may hold blanks and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields[START_FIELD] ?? ''
}

async function readNote(file: string): Promise<Note | undefined> {
  try {
    const note: unknown = JSON.parse(await readFile(file, 'utf8'))
    const { pid, startedAt, folder } = note as Partial<Note>
    if (typeof pid !== 'number' || typeof startedAt !== 'string') return undefined
    return typeof folder === 'string' ? { pid, startedAt, folder } : undefined
  } catch {
    return undefined
  }
}
