/**
 * Counts what is in flight (comparisons, operations, rollouts, notifications), so that tests can wait for
 * "nothing happens any more" instead of sleeping. Waiting for the next poll or resync is not in flight.
 */
export class Activity {
  readonly #running = new Map<symbol, string>()
  #waiters: (() => void)[] = []
  #parked = 0

  /** Marks something as in flight. The returned function ends it; calling it twice is harmless. */
  begin(name: string): () => void {
    const token = Symbol(name)
    this.#running.set(token, name)
    return () => {
      if (this.#running.delete(token)) this.#wakeIfIdle()
    }
  }

  /** Something in flight waits for the world outside (a sync window): it does not count until resumed. */
  park(): () => void {
    this.#parked += 1
    this.#wakeIfIdle()
    return () => {
      this.#parked -= 1
    }
  }

  async during<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const end = this.begin(name)
    try {
      return await work()
    } finally {
      end()
    }
  }

  /** What is in flight now, for messages. */
  names(): string[] {
    return [...this.#running.values()].sort()
  }

  /** Resolves when nothing was in flight for one turn of the event loop. */
  async settled(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#isIdle()) return
      await new Promise<void>((resolve) => this.#waiters.push(resolve))
    }
  }

  #isIdle(): boolean {
    return this.#running.size <= this.#parked
  }

  #wakeIfIdle(): void {
    if (!this.#isIdle()) return
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }
}
