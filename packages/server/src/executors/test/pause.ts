/** Waiting in real time, cut short when a signal aborts; one listener for all waits of a load test instead of one for each. */
export interface Pause {
  /** Resolves after so many ms, or at once when the signal aborts. Whole ms: finer than the timers of the runtime makes no sense. */
  wait(durationMs: number): Promise<void>
  /** Lets answers be read before the next request is sent. */
  yield(): Promise<void>
  dispose(): void
}

/**
 * A load test measures real sockets, so it waits in real time (not on the server's clock, which may jump or be virtual), by the
 * same steady clock as its latencies.
 */
export function createPause(signal: AbortSignal): Pause {
  const wakes = new Set<() => void>()

  function wakeAll(): void {
    for (const wake of wakes) wake()
  }
  signal.addEventListener('abort', wakeAll)

  return {
    wait: (durationMs) => {
      if (signal.aborted || durationMs <= 0) return Promise.resolve()
      return new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer)
          wakes.delete(wake)
          resolve()
        }
        const timer = setTimeout(wake, durationMs)
        wakes.add(wake)
      })
    },
    yield: () => new Promise((resolve) => setImmediate(resolve)),
    dispose: () => signal.removeEventListener('abort', wakeAll),
  }
}
