import type { StoredToken } from './token-store.ts'

/** More tokens than a server has in use; beyond it the longest known is looked up again. */
const MOST_CACHED = 1_000

/**
 * Tokens that were looked up, by SHA-256, so that a request costs no look-up on disk. The process owns its documents, so whoever changes one
 * says so here; only tokens that exist are kept, so that guesses take no room.
 */
export type TokenCache = {
  /** Answers from memory, or looks up and keeps what was found unless a change came in between. */
  find(
    sha256: string,
    lookUp: () => Promise<StoredToken | undefined>,
  ): Promise<StoredToken | undefined>
  /** Runs a change of tokens: what is known before it counts no more, nor what was looked up while it ran. */
  during<T>(change: () => Promise<T>): Promise<T>
}

export function createTokenCache(): TokenCache {
  const tokens = new Map<string, StoredToken>()
  let generation = 0

  function forget(): void {
    generation += 1
    tokens.clear()
  }

  return {
    async find(sha256, lookUp) {
      const known = tokens.get(sha256)
      if (known !== undefined) return known
      const before = generation
      const found = await lookUp()
      if (found === undefined || before !== generation) return found
      const [oldest] = tokens.size < MOST_CACHED ? [] : tokens.keys()
      if (oldest !== undefined) tokens.delete(oldest)
      tokens.set(sha256, found)
      return found
    },
    async during(change) {
      forget()
      try {
        return await change()
      } finally {
        forget()
      }
    },
  }
}
