import { ESQL, withoutLiterals } from '@tiphys/core/evaluation/query-language.ts'
import { z } from 'zod'
import { readPath } from '../http-json/json-reading.ts'
import { oneLine, unlike } from '../sli/http-sli.ts'
import { failure, type SliReading } from '../sli/reading.ts'
import { readTable, type Table } from '../sli/table-reading.ts'
import type { ElasticsearchOptions } from './elasticsearch-options.ts'

const TITLE = 'Elasticsearch'

const Shards = z.looseObject({
  total: z.number(),
  failed: z.number(),
  failures: z
    .array(z.looseObject({ reason: z.looseObject({ reason: z.string().nullish() }).optional() }))
    .optional(),
})
const SearchAnswer = z.looseObject({
  timed_out: z.boolean(),
  _shards: Shards,
  hits: z.looseObject({
    total: z.looseObject({ value: z.number(), relation: z.string() }).optional(),
  }),
})

const Column = z.looseObject({ name: z.string(), type: z.string(), alias: z.string().nullish() })
const Rows = z.array(z.array(z.unknown()))
/** ES|QL, the SQL of Elasticsearch, the SQL of OpenSearch. */
const TableAnswer = z.union([
  z
    .looseObject({ columns: z.array(Column), values: Rows, is_partial: z.boolean().optional() })
    .transform(({ columns, values, is_partial }) => ({
      columns,
      rows: values,
      isPartial: is_partial ?? false,
      isCut: false,
    })),
  z
    .looseObject({ columns: z.array(Column), rows: Rows, cursor: z.string().optional() })
    .transform(({ columns, rows, cursor }) => ({
      columns,
      rows,
      isPartial: false,
      isCut: cursor !== undefined,
    })),
  z
    .looseObject({ schema: z.array(Column), datarows: Rows, cursor: z.string().optional() })
    .transform(({ schema, datarows, cursor }) => ({
      columns: schema,
      rows: datarows,
      isPartial: false,
      isCut: cursor !== undefined,
    })),
])
const DATE_TYPES: ReadonlySet<string> = new Set(['date', 'datetime', 'date_nanos', 'timestamp'])

/** What `_search` answered, at the place that the options name. */
export function readSearch(
  body: unknown,
  options: ElasticsearchOptions,
  isAggregated: boolean,
): SliReading {
  const answer = SearchAnswer.safeParse(body)
  if (!answer.success) return unlike(TITLE, body)
  const { timed_out, _shards, hits } = answer.data
  const why = _shards.failures?.[0]?.reason?.reason
  const remarks = [
    ...(timed_out ? ['the search timed out: the answer is partial'] : []),
    ...(_shards.failed > 0
      ? [
          `the answer is partial: ${_shards.failed} of ${_shards.total} shards failed${why ? `: ${oneLine(why)}` : ''}`,
        ]
      : []),
    ...(hits.total?.relation === 'gte' ? [`only ${hits.total.value} hits were counted`] : []),
  ]
  return withRemarks(readPath(body, options, isAggregated), remarks)
}

/** Rows that ES|QL lets out where the query has no LIMIT, and any statement at most ("LIMIT" in its reference, `size_limit` of OpenSearch). */
const [USUAL_ROWS, MAX_ROWS] = [1000, 10_000]

/** What a statement answered: columns and rows, in one of three forms. */
export function readStatement(
  body: unknown,
  { column, language }: ElasticsearchOptions,
  { text, isAggregated }: { readonly text: string; readonly isAggregated: boolean },
): SliReading {
  const answer = TableAnswer.safeParse(body)
  if (!answer.success) return unlike(TITLE, body)
  const { columns, rows, isPartial, isCut } = answer.data
  const isLimited = language !== 'esql' || /\blimit\b/i.test(withoutLiterals(text, ESQL))
  if (isCut || rows.length >= (isLimited ? MAX_ROWS : USUAL_ROWS)) {
    const message = `the answer is cut at ${rows.length} rows; an aggregation in the query, or a LIMIT, makes fewer of them`
    return failure('several-values', message)
  }
  const names = columns.map(({ name, alias }) => alias ?? name)
  const table: Table = { columns: names, rows }
  const time = names[columns.findIndex(({ type }) => DATE_TYPES.has(type.toLowerCase()))]
  const remarks = isPartial ? ['the answer is partial: some shards or clusters are missing'] : []
  return withRemarks(readTable(table, { column, time, isAggregated }), remarks)
}

const Cause = z.looseObject({ type: z.string().optional(), reason: z.string().nullish() })
const Failure = z.looseObject({
  error: z.union([
    z.string(),
    Cause.extend({
      root_cause: z.array(Cause).optional(),
      caused_by: z.unknown().optional(),
      /** OpenSearch's SQL. */
      details: z.string().optional(),
    }),
  ]),
})

/** The first cause, and what caused it: the reason of all is often no more than "all shards failed". */
export function complaintOf(body: unknown): string | undefined {
  const parsed = Failure.safeParse(body)
  if (!parsed.success) return undefined
  const { error } = parsed.data
  if (typeof error === 'string') return error
  const { type, reason } = error.root_cause?.[0] ?? error
  const said = [type, reason, error.details, deepest(error.caused_by)]
  return [...new Set(said.filter((text) => text))].join(': ') || undefined
}

const Chain = z.looseObject({ reason: z.string().nullish(), caused_by: z.unknown().optional() })

function deepest(cause: unknown): string | undefined {
  const parsed = Chain.safeParse(cause)
  if (!parsed.success) return undefined
  return deepest(parsed.data.caused_by) ?? parsed.data.reason ?? undefined
}

function withRemarks(reading: SliReading, remarks: readonly string[]): SliReading {
  return reading.kind === 'problem' || remarks.length === 0 ? reading : { ...reading, remarks }
}
