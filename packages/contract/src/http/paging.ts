import { z } from 'zod'

export const DEFAULT_PAGE_SIZE = 20
export const MAX_PAGE_SIZE = 100
/** No list is longer, and every store can count to it. */
const LAST_OFFSET = 1_000_000_000

/** A number in a query string; everything that is wrong with it has the one message. */
export function wholeNumber(minimum: number, maximum: number) {
  const range = maximum === LAST_OFFSET ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`
  const error = `must be a whole number ${range}`
  return z.coerce.number({ error }).int({ error }).min(minimum, { error }).max(maximum, { error })
}

/** `pageSize` and `nextPageKey` of a list; an empty key is the beginning, as clients send it for the first page. */
export const Paging = z.object({
  pageSize: wholeNumber(1, MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE),
  nextPageKey: wholeNumber(0, LAST_OFFSET).default(0),
})
export type Paging = z.infer<typeof Paging>

/**
 * Controller lists of Keptn took any page size: a larger one than we give is cut to it, and nextPageKey says where to go on.
 */
export const TolerantPaging = z.object({
  pageSize: wholeNumber(1, LAST_OFFSET)
    .default(DEFAULT_PAGE_SIZE)
    .transform((size) => Math.min(size, MAX_PAGE_SIZE)),
  nextPageKey: wholeNumber(0, LAST_OFFSET).default(0),
})

/** Projects, stages, services, resources and events: the key is text, "0" is the end (facts/keptn-v1.md 2.1). */
export const TextPage = z.object({
  nextPageKey: z.string(),
  pageSize: z.int(),
  totalCount: z.int(),
})

/** Sequences and executions: the key is a number, left out at the end. */
export const NumberPage = z.object({
  nextPageKey: z.int().optional(),
  pageSize: z.int(),
  totalCount: z.int(),
})
