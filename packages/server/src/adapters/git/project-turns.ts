import { createKeyedMutex } from '../../keyed-mutex.ts'

/**
 * One at a time works on the repository of a project, and nobody who waits for an answer waits for a look at its upstream: a look that
 * is under way ends, and one whose turn comes while others wait behind it does not begin.
 */
export type ProjectTurns = {
  change<T>(projectId: string, work: () => Promise<T>): Promise<T>
  /** Rejects with an AbortError when it made way; so does `work`, when its signal says so. */
  look<T>(projectId: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>
}

export function createProjectTurns(): ProjectTurns {
  const turns = createKeyedMutex()
  const looking = new Map<string, AbortController>()
  /** Changes that wait for their turn. */
  const waiting = new Map<string, number>()

  function count(projectId: string, difference: 1 | -1): void {
    const changes = (waiting.get(projectId) ?? 0) + difference
    if (changes === 0) waiting.delete(projectId)
    else waiting.set(projectId, changes)
  }

  return {
    change(projectId, work) {
      count(projectId, 1)
      looking.get(projectId)?.abort()
      return turns.run(projectId, () => {
        count(projectId, -1)
        return work()
      })
    },
    look: (projectId, work) =>
      turns.run(projectId, async () => {
        const look = new AbortController()
        if (waiting.has(projectId)) look.abort()
        look.signal.throwIfAborted()
        looking.set(projectId, look)
        try {
          return await work(look.signal)
        } finally {
          looking.delete(projectId)
        }
      }),
  }
}
