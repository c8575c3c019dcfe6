import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Projections } from '../../ports/projections.ts'

export type FollowParts = {
  readonly projections: Pick<Projections, 'catchUp'>
  readonly clock: Pick<Clock, 'nowMs' | 'at'>
  readonly log: Pick<Log, 'error'>
}

/** Rare enough to fold many rows at once, often enough that a reader waits for a second's worth at most. */
const PAUSE_MS = 1_000

/**
 * Folds in the background, so that the first reader after a busy night does not wait for the night's work. Readers still catch up by
 * themselves; this only keeps it short. Answers with what ends it.
 */
export function followLog({ projections, clock, log }: FollowParts): () => void {
  let isStopped = false
  let cancel = clock.at(clock.nowMs() + PAUSE_MS, run)

  function run(): void {
    projections
      .catchUp()
      .catch((error: unknown) => {
        if (!isStopped) log.error({ error }, 'the projections cannot catch up with the log')
      })
      .finally(() => {
        if (!isStopped) cancel = clock.at(clock.nowMs() + PAUSE_MS, run)
      })
  }

  return () => {
    isStopped = true
    cancel()
  }
}
