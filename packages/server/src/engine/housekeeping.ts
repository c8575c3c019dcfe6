import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'

/** Often enough that expired keys stay few, seldom enough to be nothing. */
const EVERY_MS = 60 * 60 * 1_000

/** Clears away what has only its time to live: dedupe keys that are over. The answer stops it. */
export function startHousekeeping(parts: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}): () => void {
  const { store, clock, log } = parts
  let isStopped = false
  let cancel = clock.at(clock.nowMs() + EVERY_MS, run)

  function run(): void {
    store
      .pruneDedupeKeys(clock.nowMs())
      .then((count) => {
        if (count > 0) log.debug({ count }, 'forgot keys of events whose time is over')
      })
      .catch((error: unknown) => {
        if (!isStopped)
          log.warn({ error }, 'expired keys could not be forgotten; trying again later')
      })
      .finally(() => {
        if (!isStopped) cancel = clock.at(clock.nowMs() + EVERY_MS, run)
      })
  }

  return () => {
    isStopped = true
    cancel()
  }
}
