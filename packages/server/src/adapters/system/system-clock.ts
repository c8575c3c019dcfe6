import type { Clock } from '../../ports/clock.ts'

/**
 * No timer is armed for longer. setTimeout cannot hold more than 2^31 ms (24.8 days; it would fire at once), and a machine that was
 * suspended, or whose clock was set, is noticed within a minute.
 */
const LONGEST_TIMER_MS = 60_000

/** The time of this machine. */
export function createSystemClock(): Clock {
  const nowMs = () => Date.now()
  return {
    nowMs,
    sleep,
    at: (dueMs, callback) => whenReached(nowMs, dueMs, callback),
  }
}

/** Measured on the monotonic clock: a length of time does not change because somebody sets the clock. */
function sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const monotonicMs = () => performance.now()
    const cancel = whenReached(monotonicMs, monotonicMs() + durationMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    function onAbort() {
      cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** A timer may fire a little early, so the time is looked at again before anybody is called. */
function whenReached(timeMs: () => number, dueMs: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout
  function arm() {
    const remainingMs = Math.max(0, dueMs - timeMs())
    timer = setTimeout(check, Math.min(Math.ceil(remainingMs), LONGEST_TIMER_MS))
  }
  function check() {
    if (timeMs() < dueMs) arm()
    else callback()
  }
  arm()
  return () => clearTimeout(timer)
}
