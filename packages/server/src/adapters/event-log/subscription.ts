import type { StoredEvent } from '../../ports/store.ts'

/** The mailbox of one live reader. It holds a bounded number of rows: then it is emptied and the reader starts over from disk. */
export type Subscription = {
  push(rows: readonly StoredEvent[]): void
  /** Resolves when there is something to take, or the signal aborts. */
  wait(signal: AbortSignal): Promise<void>
  take(): readonly StoredEvent[] | 'behind'
}

export function createSubscription(maxRows: number): Subscription {
  let rows: StoredEvent[] = []
  let isBehind = false
  let wake: (() => void) | undefined

  return {
    push(published) {
      if (isBehind) return
      if (rows.length + published.length > maxRows) {
        rows = []
        isBehind = true
      } else {
        for (const row of published) rows.push(row)
      }
      wake?.()
    },
    wait(signal) {
      if (signal.aborted || isBehind || rows.length > 0) return Promise.resolve()
      return new Promise((resolve) => {
        const done = () => {
          signal.removeEventListener('abort', done)
          wake = undefined
          resolve()
        }
        wake = done
        signal.addEventListener('abort', done)
      })
    },
    take() {
      if (isBehind) return 'behind'
      const taken = rows
      rows = []
      return taken
    },
  }
}
