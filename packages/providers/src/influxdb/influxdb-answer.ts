import { z } from 'zod'
import { oneLine, unlike } from '../sli/http-sli.ts'
import { failure, NO_DATA, type SliReading } from '../sli/reading.ts'
import { readTable, type Table } from '../sli/table-reading.ts'
import { cell, type FluxTable } from './flux-csv.ts'

const TITLE = 'InfluxDB'

export type InfluxWish = { readonly column?: string | undefined; readonly isAggregated: boolean }

const Series = z.looseObject({
  name: z.string().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  columns: z.array(z.string()),
  values: z.array(z.array(z.unknown())).optional(),
  /** More rows than `max-row-limit` lets out. */
  partial: z.boolean().optional(),
})
type Series = z.infer<typeof Series>

const Result = z.looseObject({
  series: z.array(Series).optional(),
  error: z.string().optional(),
  partial: z.boolean().optional(),
  messages: z.array(z.looseObject({ text: z.string() })).optional(),
})

/** `/query`, in version 1 and 2. */
const InfluxqlAnswer = z.looseObject({ results: z.array(Result) })
/** `/api/v3/query_*` with `format: json`. */
const RowsAnswer = z.array(z.record(z.string(), z.unknown()))

/** What InfluxQL answered: an error of one statement has status 200. */
export function readInfluxql(body: unknown, wish: InfluxWish): SliReading {
  const refused = errorOf(body)
  if (refused !== undefined) return failure('query-refused', oneLine(refused))
  const answer = InfluxqlAnswer.safeParse(body)
  if (!answer.success) return unlike(TITLE, body)
  const [result, second] = answer.data.results
  if (result === undefined) return unlike(TITLE, body)
  if (second !== undefined) return failure('several-values', 'the query has several statements')
  if (result.error !== undefined) return failure('query-refused', oneLine(result.error))
  const [series, another] = result.series ?? []
  if (series === undefined) return NO_DATA
  if (another !== undefined) return several((result.series ?? []).map(nameOf))
  const table: Table = { columns: series.columns, rows: series.values ?? [] }
  if (result.partial === true || series.partial === true) {
    const message = `the answer is cut at ${table.rows.length} rows, more than which the server does not let out; GROUP BY time(…) makes fewer of them`
    return failure('several-values', message)
  }
  const remarks = (result.messages ?? []).map(({ text }) => oneLine(text))
  return withRemarks(readTable(table, { ...wish, time: 'time' }), remarks)
}

/** What version 3 answered: one object for each row. */
export function readRows(body: unknown, wish: InfluxWish): SliReading {
  const answer = RowsAnswer.safeParse(body)
  // Its reference shows the form of version 1 for InfluxQL, its servers answer with rows.
  if (!answer.success) return readInfluxql(body, wish)
  const columns = [...new Set(answer.data.flatMap((row) => Object.keys(row)))]
  const rows = answer.data.map((row) => columns.map((name) => row[name] ?? null))
  return readTable({ columns, rows }, { ...wish, time: 'time' })
}

/** What Flux answered: several tables are several series, and an error may come after some of them. */
export function readFlux(tables: readonly FluxTable[], wish: InfluxWish): SliReading {
  for (const { columns, rows } of tables) {
    const error = rows.map((row) => cell(columns, row, 'error')).find((text) => text)
    const isError = columns.includes('reference') && error !== undefined
    if (isError) return failure('query-refused', oneLine(error))
  }
  const [table, second] = tables
  if (table === undefined) return NO_DATA
  if (second !== undefined) return several(tables.map(labelsOf))
  const column = wish.column ?? '_value'
  if (!table.columns.includes(column)) {
    const there = table.columns.filter((name) => name !== '').join(', ')
    return failure('query-refused', `the answer has no column ${column}; there are ${there}`)
  }
  // Whoever brought rows of several tags into one table meant them as one series.
  const columns = ['_time', column].filter((name) => table.columns.includes(name))
  const rows = table.rows.map((row) =>
    columns.map((name) => numberIn(name, cell(table.columns, row, name) ?? '')),
  )
  return readTable({ columns, rows }, { ...wish, column, time: '_time' })
}

/** InfluxDB's own words: `error` in 1 and 3, `message` in 2. */
export function complaintOf(body: unknown): string | undefined {
  if (typeof body === 'string') return textOf(body)
  const parsed = z.looseObject({ message: z.string() }).safeParse(body)
  return errorOf(body) ?? (parsed.success ? parsed.data.message : undefined)
}

function errorOf(body: unknown): string | undefined {
  const parsed = z.looseObject({ error: z.string() }).safeParse(body)
  return parsed.success ? parsed.data.error : undefined
}

/** Version 3 says some things as plain text; pages of proxies are somebody else's words. */
function textOf(text: string): string | undefined {
  const isOwn = text.trim() !== '' && !text.trimStart().startsWith('<')
  return isOwn ? text : undefined
}

const MAX_NAMED = 3

function several(names: readonly string[]): SliReading {
  const some = names.slice(0, MAX_NAMED).join('; ')
  return failure('several-values', `query did return ${names.length} series (${some})`)
}

function nameOf({ name, tags }: Series): string {
  const pairs = Object.entries(tags ?? {}).map(([key, value]) => `${key}=${value}`)
  return [name ?? '', ...pairs].filter((text) => text !== '').join(' ')
}

/** By what a table differs: its columns of tags. Those of Flux itself begin with `_`, but for measurement and field. */
function labelsOf({ columns, rows }: FluxTable): string {
  const [first = []] = rows
  return columns
    .map((name, index) => ({ name, value: first[index] ?? '' }))
    .filter(({ name }) => name !== '' && name !== 'result' && name !== 'table')
    .filter(({ name }) => !name.startsWith('_') || name === '_measurement' || name === '_field')
    .map(({ name, value }) => `${name}=${value}`)
    .join(' ')
}

/** CSV has no types; what is no number stays text, and is told as it is. */
function numberIn(column: string, text: string): unknown {
  const number = Number(text)
  return column === '_time' || text.trim() === '' || Number.isNaN(number) ? text : number
}

function withRemarks(reading: SliReading, remarks: readonly string[]): SliReading {
  return reading.kind === 'problem' || remarks.length === 0 ? reading : { ...reading, remarks }
}
