import type { Clock } from '../ports/clock.ts'

/** So many runs a minute are started for what happened while we were away (behaviour.md 6). */
const STARTS_PER_MINUTE = 10
const MINUTE_MS = 60_000

/** A sliding minute. `take` answers 0 when one may be started now, else how long to wait. */
export function createStartLimit(clock: Clock): { take(): number } {
  let starts: number[] = []
  return {
    take() {
      const nowMs = clock.nowMs()
      starts = starts.filter((atMs) => nowMs - atMs < MINUTE_MS && atMs <= nowMs)
      const [oldest] = starts
      if (oldest !== undefined && starts.length >= STARTS_PER_MINUTE) {
        return MINUTE_MS - (nowMs - oldest)
      }
      starts.push(nowMs)
      return 0
    },
  }
}
