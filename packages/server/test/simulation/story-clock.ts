import type { Clock } from '../../src/ports/clock.ts'

/**
 * Time without waiting. `nowMs` is the wall clock, which steps forwards and backwards when `set` says so; lengths of time (`sleep`) run on a
 * clock of their own that only goes forward, as on a real machine.
 */
export type StoryClock = Clock & {
  /** Moves to the next timer and fires it; false when there is none within that much time, which then has passed. */
  step(withinMs: number): boolean
  /** Something should have fired by now. */
  hasDue(): boolean
  /** Somebody, or the network, sets the wall clock. */
  set(byMs: number): void
  /** Time since the beginning of the story, whatever the wall clock says. */
  elapsedMs(): number
}

type Timer = {
  readonly due: { readonly wallMs: number } | { readonly elapsedMs: number }
  readonly order: number
  readonly fire: () => void
}

export function storyClock(startMs: number): StoryClock {
  let elapsedMs = 0
  let offsetMs = startMs
  let order = 0
  const timers = new Set<Timer>()
  function add(due: Timer['due'], fire: () => void): () => void {
    const timer = { due, order: order++, fire }
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  const momentOf = ({ due }: Timer) => ('wallMs' in due ? due.wallMs - offsetMs : due.elapsedMs)
  function earliest(): Timer | undefined {
    let first: Timer | undefined
    for (const timer of timers) {
      if (first === undefined || isBefore(timer, first)) first = timer
    }
    return first
  }
  const isBefore = (left: Timer, right: Timer) =>
    momentOf(left) < momentOf(right) ||
    (momentOf(left) === momentOf(right) && left.order < right.order)
  return {
    nowMs: () => elapsedMs + offsetMs,
    elapsedMs: () => elapsedMs,
    at: (dueMs, fire) => add({ wallMs: dueMs }, fire),
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
        const cancel = add({ elapsedMs: elapsedMs + durationMs }, () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        })
        signal?.addEventListener('abort', onAbort, { once: true })
      })
    },
    step(withinMs) {
      const first = earliest()
      if (first === undefined || momentOf(first) > elapsedMs + withinMs) {
        elapsedMs += withinMs
        return false
      }
      timers.delete(first)
      elapsedMs = Math.max(elapsedMs, momentOf(first))
      first.fire()
      return true
    },
    hasDue() {
      const first = earliest()
      return first !== undefined && momentOf(first) <= elapsedMs
    },
    set(byMs) {
      offsetMs += byMs
    },
  }
}

/** The clock as one process sees it: with the process its timers are gone. */
export function clockOfProcess(clock: Clock): { readonly clock: Clock; end(): void } {
  const cancels = new Set<() => void>()
  let isOver = false
  function at(dueMs: number, callback: () => void): () => void {
    if (isOver) return () => {}
    const cancel = clock.at(dueMs, () => {
      cancels.delete(cancel)
      if (!isOver) callback()
    })
    cancels.add(cancel)
    return () => {
      cancels.delete(cancel)
      cancel()
    }
  }
  return {
    clock: {
      nowMs: clock.nowMs,
      at,
      sleep: (durationMs, signal) =>
        isOver ? new Promise(() => {}) : clock.sleep(durationMs, signal).then(() => stillThere()),
    },
    end() {
      isOver = true
      for (const cancel of cancels) cancel()
    },
  }
  /** Whoever slept when the process died does not wake up. */
  function stillThere(): Promise<void> {
    return isOver ? new Promise(() => {}) : Promise.resolve()
  }
}
