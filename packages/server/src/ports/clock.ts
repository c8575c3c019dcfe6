/** The only way to the time. The real one is in adapters/system; simulations have a virtual one. */
export interface Clock {
  /** Milliseconds since 1970, UTC. May jump; nothing may rely on it moving forwards. */
  nowMs(): number
  /** Resolves after that long; rejects with the signal's reason when it aborts. Leaves no timer behind. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>
  /** Calls back once at or after a moment; the answer cancels it. */
  at(dueMs: number, callback: () => void): () => void
}
