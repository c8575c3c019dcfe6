import { assert } from '@tiphys/core/assert.ts'
import type { EventQuery } from '../../ports/store.ts'

/** A total is counted to here (or to the end of the page, where that is further): nobody pages through more by hand. */
export const COUNT_BOUND = 1_000
/** Rows one query may hand back; every caller pages by less. */
export const MAX_QUERY_ROWS = 1_000

/** How many matches are looked for: the page, one more that says whether there is a next page, and the bounded total. */
export function matchesWanted(query: Pick<EventQuery, 'offset' | 'limit'>): number {
  assert(query.offset >= 0, `the offset of a query is not negative, but ${query.offset}`)
  assert(
    query.limit >= 0 && query.limit <= MAX_QUERY_ROWS,
    `the limit of a query is 0 to ${MAX_QUERY_ROWS}, but ${query.limit}`,
  )
  return Math.max(COUNT_BOUND, query.offset + query.limit + 1)
}
