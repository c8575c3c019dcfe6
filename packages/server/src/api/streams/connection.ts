import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Clock } from '../../ports/clock.ts'

/**
 * One client of a stream. It is never written to while it does not read: what waits for it in this process is at most what Node keeps before
 * it says "full" (64 KB) and the frames that filled it.
 */
export type Connection = {
  /** Hands over whole frames. False: the client is full; write again after `drained`. Does nothing after the end. */
  write(frames: string): boolean
  isFull(): boolean
  /** True when the client has taken what was written, false when it did not in time or is gone. */
  drained(limitMs: number): Promise<boolean>
  /** Ends the answer with a last word, if the client takes it soon. */
  end(frames: string): void
  /** Ends it at once. */
  cut(): void
  /** Aborts when it ended, from either side. */
  readonly ended: AbortSignal
}

/** A client that does not even take the last word is not waited for. */
const LAST_WORD_MS = 500

export function createConnection(
  raw: ServerResponse,
  clock: Pick<Clock, 'nowMs' | 'at'>,
): Connection {
  const over = new AbortController()
  const { signal } = over
  raw.on('close', () => over.abort())
  // A client that goes away in the middle of a write is gone, and no failure of ours.
  raw.on('error', () => over.abort())

  return {
    ended: signal,
    write: (frames) => signal.aborted || raw.write(frames),
    isFull: () => raw.writableNeedDrain,
    async drained(limitMs) {
      if (!signal.aborted && !raw.writableNeedDrain) return true
      const waiting = AbortSignal.any([signal, AbortSignal.timeout(limitMs)])
      try {
        await once(raw, 'drain', { signal: waiting })
        return true
      } catch {
        return false
      }
    },
    end(frames) {
      if (signal.aborted) return
      over.abort()
      raw.end(frames)
      const cancel = clock.at(clock.nowMs() + LAST_WORD_MS, () => raw.destroy())
      raw.on('close', cancel)
    },
    cut() {
      over.abort()
      raw.destroy()
    },
  }
}
