import type { Clock } from '../../src/ports/clock.ts'

export type VirtualClock = Clock & {
  /** Moves to the next timer and fires it; false when there is none up to the limit, and then stands at the limit. */
  step(limitMs: number): boolean
  /** Time jumps without firing anything in between. */
  jump(byMs: number): void
  pendingTimers(): number
}

type Timer = { readonly dueMs: number; readonly order: number; readonly fire: () => void }

export function virtualClock(startMs: number): VirtualClock {
  let nowMs = startMs
  let order = 0
  const timers = new Set<Timer>()
  const at = (dueMs: number, fire: () => void) => {
    const timer = { dueMs, order: order++, fire }
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  return {
    nowMs: () => nowMs,
    at,
    sleep(durationMs, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason)
          return
        }
        const onAbort = () => {
          cancel()
          reject(signal?.reason)
        }
        const cancel = at(nowMs + durationMs, () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        })
        signal?.addEventListener('abort', onAbort, { once: true })
      })
    },
    step(limitMs) {
      const [first] = [...timers].sort(
        (left, right) => left.dueMs - right.dueMs || left.order - right.order,
      )
      if (first === undefined || first.dueMs > limitMs) {
        nowMs = Math.max(nowMs, limitMs)
        return false
      }
      timers.delete(first)
      nowMs = Math.max(nowMs, first.dueMs)
      first.fire()
      return true
    },
    jump(byMs) {
      nowMs += byMs
    },
    pendingTimers: () => timers.size,
  }
}
