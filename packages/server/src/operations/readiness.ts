import { stat } from 'node:fs/promises'
import type { Clock } from '../ports/clock.ts'
import type { Documents } from '../ports/documents.ts'
import type { Projections } from '../ports/projections.ts'

export type Readiness =
  | { readonly ready: true }
  | { readonly ready: false; readonly reason: string }

/** Whether the server can do its work now. It is found out when it is asked, so it recovers by itself. */
export type ReadinessCheck = {
  check(): Promise<Readiness>
  /** From here on the answer is no. */
  stop(): void
}

export type ReadinessParts = {
  readonly databaseFile: string
  readonly documents: Pick<Documents, 'put'>
  readonly projections: Pick<Projections, 'catchUp'>
  readonly clock: Pick<Clock, 'nowMs'>
}

const READY: Readiness = { ready: true }
/** Whoever asks more often gets the same answer; a no is looked at again sooner. */
const YES_KEPT_MS = 1_000
const NO_KEPT_MS = 100
/** A write that succeeded is believed for so long; one that failed is tried again at the next question. */
const WRITE_KEPT_MS = 5_000
/** Lists that are folded for longer than this are no longer what clients take them for. */
const LONGEST_FOLD_MS = 5_000
/** How long a question waits for the lists. */
const FOLD_WAIT_MS = 500
/** The log has written its file anew, so it is never so small that a write fits where there is no space any more. */
const PROBE_CHARACTERS = 32 * 1_024

/** Begins to fold at once, beside whatever else a start has to do. */
export function createReadiness(parts: ReadinessParts): ReadinessCheck {
  const { clock } = parts
  const lists = watchLists(parts)
  let isStopping = false
  let identity: string | undefined
  let answer: { readonly atMs: number; readonly value: Promise<Readiness> } | undefined
  let keptMs = YES_KEPT_MS
  let writtenMs: number | undefined

  async function fileReason(): Promise<string | undefined> {
    const found = await identityOf(parts.databaseFile)
    identity ??= found
    if (found === undefined) return 'the file of the log is gone: what is written now is lost'
    return found === identity
      ? undefined
      : 'the file of the log was replaced under the running server: start it again'
  }

  async function writeReason(): Promise<string | undefined> {
    const nowMs = clock.nowMs()
    if (writtenMs !== undefined && nowMs - writtenMs < WRITE_KEPT_MS && nowMs >= writtenMs) return
    writtenMs = undefined
    try {
      // One row that is always replaced: it takes the way of every commit, to the disk, and the log does not grow by it.
      const filler = String(nowMs).padEnd(PROBE_CHARACTERS, '.')
      await parts.documents.put('readiness', 'probe', { filler })
      writtenMs = nowMs
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  async function look(): Promise<Readiness> {
    const reason = (await fileReason()) ?? (await writeReason()) ?? (await lists.reason())
    keptMs = reason === undefined ? YES_KEPT_MS : NO_KEPT_MS
    return reason === undefined ? READY : { ready: false, reason }
  }

  return {
    async check() {
      if (isStopping) return { ready: false, reason: 'the server is stopping' }
      const nowMs = clock.nowMs()
      const isFresh = answer !== undefined && Math.abs(nowMs - answer.atMs) < keptMs
      if (!isFresh || answer === undefined) answer = { atMs: nowMs, value: look() }
      return await answer.value
    },
    stop() {
      isStopping = true
    },
  }
}

/** Undefined when there is no such file. */
async function identityOf(file: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(file)
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

/** Keeps one folding under way at most, and says when it takes too long. */
function watchLists({ projections, clock }: ReadinessParts) {
  let current: { readonly sinceMs: number; readonly done: Promise<void> } | undefined
  let wasCaughtUp = false
  let failure: string | undefined

  function fold(): Promise<void> {
    if (current !== undefined) return current.done
    const done = projections
      .catchUp()
      .then(
        () => {
          wasCaughtUp = true
          failure = undefined
        },
        (error: unknown) => {
          failure = `the lists cannot be folded from the log: ${error instanceof Error ? error.message : String(error)}`
        },
      )
      .finally(() => {
        current = undefined
      })
    current = { sinceMs: clock.nowMs(), done }
    return done
  }

  void fold()

  return {
    async reason(): Promise<string | undefined> {
      await within(fold(), FOLD_WAIT_MS)
      if (failure !== undefined) return failure
      if (current === undefined) return undefined
      if (!wasCaughtUp) return 'the lists are still being folded from the log'
      const ageMs = clock.nowMs() - current.sinceMs
      return ageMs > LONGEST_FOLD_MS
        ? `the lists are ${Math.round(ageMs / 1_000)} s behind the log`
        : undefined
    },
  }
}

async function within(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
