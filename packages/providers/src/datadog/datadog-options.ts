import { PLAIN } from '@tiphys/core/evaluation/query-language.ts'
import { z } from 'zod'
import type { Asked } from '../sli/http-sli.ts'
import { failure, type SliFailure } from '../sli/reading.ts'
import { readOptions } from '../sli/with-options.ts'

/** What the indicator's own query is called in a formula. */
export const MAIN_QUERY = 'query'

const QUERY_NAME = /^[A-Za-z][A-Za-z0-9_]*$/

/** `with:` of an indicator in `datadog/sli.yaml`. */
const DatadogOptions = z.strictObject({
  /** v2 where one of the others is given, else v1. */
  api: z.enum(['v1', 'v2']).optional(),
  /** Further queries by name; the indicator's own is called `query`. */
  queries: z.record(z.string(), z.string().min(1)).optional(),
  /** Of the queries, by their names: `errors / query * 100`. */
  formula: z.string().min(1).optional(),
  /** Datadog makes one number of each query's window, before the formula, instead of a series. */
  aggregator: z
    .enum(['avg', 'min', 'max', 'sum', 'last', 'mean', 'percentile', 'l2norm', 'area'])
    .optional(),
})
export type DatadogOptions = z.infer<typeof DatadogOptions>

/** The options with their placeholders filled in, or why they are none. */
export function datadogOptions(asked: Asked): DatadogOptions | SliFailure {
  const read = readOptions(DatadogOptions, asked, { queries: PLAIN, formula: PLAIN })
  if ('kind' in read) return read
  const { api, queries, formula, aggregator } = read.value
  const isV2 = queries !== undefined || formula !== undefined || aggregator !== undefined
  if (api === 'v1' && isV2) {
    return failure('query-refused', 'with: queries, formula and aggregator need api: v2')
  }
  if (queries !== undefined && formula === undefined) {
    const message = 'with: several queries need a formula, which makes one value of them'
    return failure('query-refused', message)
  }
  for (const name of Object.keys(queries ?? {})) {
    if (QUERY_NAME.test(name) && name !== MAIN_QUERY) continue
    const message = `with.queries: ${JSON.stringify(name)} cannot be a name: letters, digits and _, and not ${MAIN_QUERY}, which is the indicator's own`
    return failure('query-refused', message)
  }
  if (aggregator !== undefined && asked.sli.aggregate !== undefined) {
    const message =
      'with.aggregator lets Datadog make one number of the window, aggregate makes it here: only one of them can be'
    return failure('query-refused', message)
  }
  return { ...read.value, api: isV2 ? 'v2' : (api ?? 'v1') }
}
