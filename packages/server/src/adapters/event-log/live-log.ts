import { setImmediate as nextTurn } from 'node:timers/promises'
import type { StoredEvent } from '../../ports/store.ts'
import { createSubscription, type Subscription } from './subscription.ts'

/**
 * `tail` for every adapter that hands over its rows after each commit.
 *
 *   backfill ──short page──▶ cutover ──nothing missed──▶ live
 *      ▲                                                  │
 *      └───────────── fell behind ◀───────────────────────┘
 *
 * backfill reads pages; cutover first subscribes and then reads what was committed meanwhile, so nothing is missed, and
 * drops from the subscription what it has read, so nothing comes twice; live hands on what is published.
 */
export type LiveLog = {
  /** Rows that were just committed, in order of position. */
  publish(rows: readonly StoredEvent[]): void
  tail(afterPosition: number, signal: AbortSignal): AsyncIterable<readonly StoredEvent[]>
  /** Ends every reader that is there now. */
  close(): void
}

export type LiveLogParts = {
  readonly readLog: (afterPosition: number, limit: number) => Promise<StoredEvent[]>
  /** A reader that has not taken this many rows goes back to reading from disk. */
  readonly maxBehind?: number
}

/** About 10 MB of ordinary events per reader that has stopped reading. */
export const DEFAULT_MAX_BEHIND = 10_000
/** Rows of one page of backfill: below a millisecond or two of parsing. */
const PAGE_ROWS = 200

export function createLiveLog(parts: LiveLogParts): LiveLog {
  const maxBehind = parts.maxBehind ?? DEFAULT_MAX_BEHIND
  const subscriptions = new Set<Subscription>()
  let closing = new AbortController()

  async function* tail(afterPosition: number, signal: AbortSignal) {
    const ended = AbortSignal.any([signal, closing.signal])
    let position = afterPosition
    while (!ended.aborted) {
      for await (const page of pages(parts, position, ended)) {
        position = lastPosition(page, position)
        yield page
      }
      const subscription = createSubscription(maxBehind)
      subscriptions.add(subscription)
      try {
        for await (const page of pages(parts, position, ended)) {
          position = lastPosition(page, position)
          yield page
        }
        for await (const published of liveRows(subscription, ended)) {
          const fresh = published.filter((row) => row.position > position)
          if (fresh.length === 0) continue
          position = lastPosition(fresh, position)
          yield fresh
        }
      } finally {
        subscriptions.delete(subscription)
      }
    }
  }

  return {
    publish(rows) {
      for (const subscription of subscriptions) subscription.push(rows)
    },
    tail,
    close() {
      closing.abort()
      closing = new AbortController()
    },
  }
}

/** Pages from disk until one is not full; other work gets its turn between full ones. */
async function* pages(parts: LiveLogParts, afterPosition: number, ended: AbortSignal) {
  let position = afterPosition
  while (!ended.aborted) {
    const page = await parts.readLog(position, PAGE_ROWS)
    if (page.length > 0 && !ended.aborted) yield page
    if (page.length < PAGE_ROWS) return
    position = lastPosition(page, position)
    await nextTurn()
  }
}

/** Returns when the reader fell behind or all is over. */
async function* liveRows(subscription: Subscription, ended: AbortSignal) {
  for (;;) {
    await subscription.wait(ended)
    const rows = subscription.take()
    if (ended.aborted || rows === 'behind') return
    yield rows
  }
}

function lastPosition(rows: readonly StoredEvent[], before: number): number {
  return rows.at(-1)?.position ?? before
}
