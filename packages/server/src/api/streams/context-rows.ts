import type { Store, StoredEvent } from '../../ports/store.ts'
import { isWanted, type StreamScope } from './stream-scope.ts'

/** Rows of one look through the index: what a query hands back at most. */
const QUERY_ROWS = 1_000
/** Rows that lie side by side are read together, so many at most. */
const READ_ROWS = 200
/** A context with more rows than this is walked through in the log: its positions alone would be a burden. */
const MAX_INDEXED_ROWS = 20_000

/**
 * The rows of a context after one position and up to another, oldest first, without walking through the log. Only their positions are
 * held in memory. Undefined: there are too many of them.
 */
export async function contextRows(
  store: Pick<Store, 'query' | 'readLog'>,
  scope: StreamScope & { readonly context: string },
  span: { readonly after: number; readonly upTo: number },
): Promise<AsyncIterable<readonly StoredEvent[]> | undefined> {
  const positions = await positionsOf(store, scope, span)
  return positions === undefined ? undefined : rowsAt(store, scope, positions)
}

/** Newest rows come first and new ones shift the pages, so a row may be met twice and none is missed. */
async function positionsOf(
  store: Pick<Store, 'query'>,
  scope: StreamScope & { readonly context: string },
  { after, upTo }: { readonly after: number; readonly upTo: number },
): Promise<readonly number[] | undefined> {
  const { context, projectId } = scope
  const found = new Set<number>()
  for (let offset = 0; offset <= MAX_INDEXED_ROWS; offset += QUERY_ROWS) {
    const query = { projectId, context, keptnOnly: scope.keptnOnly, offset, limit: QUERY_ROWS }
    const { events } = await store.query(query)
    for (const { position } of events) {
      if (position > after && position <= upTo) found.add(position)
    }
    const oldest = events.at(-1)
    if (events.length < QUERY_ROWS || oldest === undefined || oldest.position <= after) {
      return [...found].sort((left, right) => left - right)
    }
  }
  return undefined
}

async function* rowsAt(
  store: Pick<Store, 'readLog'>,
  scope: StreamScope,
  positions: readonly number[],
): AsyncIterable<readonly StoredEvent[]> {
  for (const { first, last } of neighbours(positions)) {
    const rows = await store.readLog(first - 1, last - first + 1)
    // What was deleted meanwhile is not there; then the page holds rows that were not asked for.
    const wanted = rows.filter((row) => row.position <= last && isWanted(row, scope))
    if (wanted.length > 0) yield wanted
  }
}

/** Positions in order as stretches of the log. A run writes several rows at once, so a stretch mostly holds some. */
export function neighbours(
  positions: readonly number[],
): readonly { readonly first: number; readonly last: number }[] {
  const stretches: { first: number; last: number }[] = []
  for (const position of positions) {
    const current = stretches.at(-1)
    const joins = current !== undefined && position === current.last + 1
    if (joins && position - current.first < READ_ROWS) current.last = position
    else stretches.push({ first: position, last: position })
  }
  return stretches
}
