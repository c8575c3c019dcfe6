import type { SeriesPoint } from '@tiphys/core/evaluation/series.ts'
import { failure, NO_DATA, type SliReading } from './reading.ts'

/** Rows of one answer, as stores that speak some SQL give them. Cells are what JSON has. */
export type Table = {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
}

export type TableWish = {
  /** The column that holds the values; unset: the only one that holds numbers. */
  readonly column?: string | undefined
  /** The column that holds the times, where the answer has one. */
  readonly time?: string | undefined
  /** Several rows without times, or of several groups, become one value. */
  readonly isAggregated: boolean
}

const MAX_NAMED = 3

/** One row is a number, rows with times are a series; anything else needs `aggregate`, or is refused. */
export function readTable(table: Table, wish: TableWish): SliReading {
  const { columns, rows } = table
  if (rows.length === 0) return NO_DATA
  const timeIndex = wish.time === undefined ? -1 : columns.indexOf(wish.time)
  const found = valueColumn(table, wish, timeIndex)
  if (typeof found !== 'number') return found
  const values = rows.map((row) => numberOf(row[found]))
  if (values.every((value) => value === undefined)) return NO_DATA
  const [only] = values
  if (rows.length === 1 && !wish.isAggregated) {
    return only === undefined ? NO_DATA : { kind: 'scalar', value: only }
  }
  if (timeIndex < 0) return readRows(values, wish)
  const groups = groupsOf(table, found, timeIndex)
  if (groups.length > 1) {
    const message = `query did return ${groups.length} series (${groups.slice(0, MAX_NAMED).join('; ')}); one is expected`
    return failure('several-values', message)
  }
  const times = rows.map((row) => row[timeIndex])
  if (!wish.isAggregated && new Set(times).size < times.length) {
    const message = `query did return several rows for one ${wish.time}; one series is expected, or aggregate: avg (or last, max, …) makes one value of all`
    return failure('several-values', message)
  }
  return readSeries(values, times)
}

function readRows(values: readonly (number | undefined)[], wish: TableWish): SliReading {
  if (!wish.isAggregated) {
    const message = `query did return ${values.length} rows; aggregate: avg (or last, max, …) makes one value of them`
    return failure('several-values', message)
  }
  const points = values.flatMap((value, index): SeriesPoint[] =>
    value === undefined ? [] : [[index, value]],
  )
  return { kind: 'series', points }
}

function readSeries(
  values: readonly (number | undefined)[],
  times: readonly unknown[],
): SliReading {
  const points: SeriesPoint[] = []
  for (const [index, value] of values.entries()) {
    if (value === undefined) continue
    const timeMs = timeOf(times[index])
    if (timeMs === undefined) {
      const message = `the answer has a time that is none: ${JSON.stringify(times[index])}`
      return failure('provider-failed', message)
    }
    points.push([timeMs, value])
  }
  return { kind: 'series', points: points.toSorted(([left], [right]) => left - right) }
}

/** Its place, or why there is no telling which one it is. */
function valueColumn(
  { columns, rows }: Table,
  { column }: TableWish,
  timeIndex: number,
): number | SliReading {
  if (column !== undefined) {
    const index = columns.indexOf(column)
    if (index < 0) {
      const message = `the answer has no column ${column}; there are ${columns.join(', ')}`
      return failure('query-refused', message)
    }
    const odd = rows.map((row) => row[index]).find((cell) => !isEmpty(cell) && !isNumeric(cell))
    if (odd === undefined) return index
    const message = `column ${column} holds ${JSON.stringify(odd)}, which is no number`
    return failure('not-a-number', message)
  }
  const places = columns.map((_, index) => index).filter((index) => index !== timeIndex)
  const filled = places.filter((index) => rows.some((row) => !isEmpty(row[index])))
  if (filled.length === 0) return NO_DATA
  const numeric = filled.filter((index) =>
    rows.every((row) => isEmpty(row[index]) || isNumeric(row[index])),
  )
  const [only, second] = numeric
  const names = (indexes: readonly number[]) => indexes.map((index) => columns[index]).join(', ')
  if (only === undefined) {
    return failure('not-a-number', `no column holds numbers: there are ${names(filled)}`)
  }
  if (second === undefined) return only
  const message = `several columns hold numbers (${names(numeric)}); with: { column: … } names the one that counts`
  return failure('several-values', message)
}

/** What the other columns of text say about each row: rows that differ in them are of several series. */
function groupsOf(
  { columns, rows }: Table,
  valueIndex: number,
  timeIndex: number,
): readonly string[] {
  const others = columns
    .map((name, index) => ({ name, index }))
    .filter(({ index }) => index !== valueIndex && index !== timeIndex)
    .filter(({ index }) => rows.some((row) => typeof row[index] === 'string'))
  const keys = rows.map((row) =>
    others.map(({ name, index }) => `${name}=${String(row[index] ?? '')}`).join(', '),
  )
  return [...new Set(keys)]
}

function isEmpty(cell: unknown): boolean {
  return cell === null || cell === undefined || cell === ''
}

function isNumeric(cell: unknown): boolean {
  return typeof cell === 'number' || numberWords(cell) !== undefined
}

function numberOf(cell: unknown): number | undefined {
  return typeof cell === 'number' ? cell : numberWords(cell)
}

/** JSON has no word for these; stores write them as text. */
function numberWords(cell: unknown): number | undefined {
  if (cell === 'NaN') return Number.NaN
  if (cell === 'Infinity' || cell === '+Inf' || cell === 'inf') return Number.POSITIVE_INFINITY
  if (cell === '-Infinity' || cell === '-Inf' || cell === '-inf') return Number.NEGATIVE_INFINITY
  return undefined
}

/** A time without a zone is UTC for every store that writes one. */
const HAS_ZONE = /(?:Z|[+-]\d\d:?\d\d)$/i

/** RFC 3339, or milliseconds since 1970. */
function timeOf(cell: unknown): number | undefined {
  if (typeof cell === 'number') return cell
  return typeof cell === 'string' ? timeOfText(cell) : undefined
}

/** RFC 3339, perhaps without its zone. */
export function timeOfText(text: string): number | undefined {
  const timeMs = Date.parse(HAS_ZONE.test(text) ? text : `${text.replace(' ', 'T')}Z`)
  return Number.isNaN(timeMs) ? undefined : timeMs
}
