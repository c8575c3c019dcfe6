import type { Store, StoredEvent } from '../../ports/store.ts'
import { contextRows } from './context-rows.ts'
import { isWanted, type StreamScope } from './stream-scope.ts'

/**
 * What a reader of one project or one context gets after a position: every row once, in the order of the log, for ever.
 *
 *   backfill ─────────────────▶ cutover ──▶ live
 *   a context: by its index     where the   `store.tail`, which reads pages until it has
 *   up to the head as it was    index ends  caught up and then hands on what is committed
 *   a project: pages of the log
 *
 * The cutover has no seam: the head is read before the index is, and `tail` begins right behind that head.
 */
export async function* feed(
  store: Pick<Store, 'query' | 'readLog' | 'tail' | 'headPosition'>,
  scope: StreamScope,
  afterPosition: number,
  signal: AbortSignal,
): AsyncIterable<FeedPage> {
  let position = afterPosition
  const { context } = scope
  if (context !== undefined) {
    const head = await store.headPosition()
    const span = { after: position, upTo: head }
    const backfill = await contextRows(store, { ...scope, context }, span)
    if (backfill !== undefined) {
      for await (const rows of backfill) {
        if (signal.aborted) return
        const reached = rows.at(-1)?.position ?? position
        yield { rows, position: reached, scanned: rows.length, phase: 'backfill' }
      }
      position = Math.max(position, head)
    }
    yield { rows: [], position, scanned: 0, phase: 'cutover' }
  }
  for await (const rows of store.tail(position, signal)) {
    position = rows.at(-1)?.position ?? position
    const wanted = rows.filter((row) => isWanted(row, scope))
    yield { rows: wanted, position, scanned: rows.length, phase: 'live' }
  }
}

export type FeedPage = {
  /** Only what is wanted; often nothing. */
  readonly rows: readonly StoredEvent[]
  /** Everything up to here was handed on or is not wanted. */
  readonly position: number
  /** How many rows were looked at for it. */
  readonly scanned: number
  readonly phase: 'backfill' | 'cutover' | 'live'
}
