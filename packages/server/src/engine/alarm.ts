import type { Clock } from '../ports/clock.ts'
import { createDueTimes } from './due-times.ts'

/**
 * When each run (or join) has something to do by itself, and one alarm of the clock for the earliest. The due times follow from
 * the log: they are set anew at start, so none is lost.
 */
export type Alarm = {
  /** Replaces what was known of the key. Takes effect with the next `arm`. */
  set(key: string, dueMs: number | undefined): void
  /** Makes the clock wake us at the earliest due time. */
  arm(): void
  /** Wakes nobody for that long, whatever is due: what cannot be written now is not tried again at once. */
  hold(durationMs: number): void
  stop(): void
}

/** `onDue` gets the keys whose time has come; they are forgotten until they are set again. */
export function createAlarm(clock: Clock, onDue: (keys: readonly string[]) => void): Alarm {
  const dues = createDueTimes()
  let cancel: () => void = () => {}
  let armedMs: number | undefined
  let isStopped = false
  let heldUntil: Promise<void> | undefined
  const stopping = new AbortController()

  function arm(): void {
    const dueMs = dues.earliestMs()
    if (isStopped || heldUntil !== undefined || dueMs === armedMs) return
    cancel()
    cancel = () => {}
    armedMs = dueMs
    if (dueMs === undefined) return
    cancel = clock.at(dueMs, () => {
      armedMs = undefined
      onDue(dues.takeDue(clock.nowMs()))
      arm()
    })
  }

  return {
    set: (key, dueMs) => dues.set(key, dueMs),
    arm,
    hold(durationMs) {
      cancel()
      cancel = () => {}
      armedMs = undefined
      const held = clock.sleep(durationMs, stopping.signal).then(
        () => {
          if (heldUntil !== held) return
          heldUntil = undefined
          arm()
        },
        // Stopped meanwhile.
        () => undefined,
      )
      heldUntil = held
    },
    stop() {
      isStopped = true
      cancel()
      stopping.abort()
    },
  }
}
