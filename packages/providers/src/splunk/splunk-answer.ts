import { z } from 'zod'
import { oneLine, unlike } from '../sli/http-sli.ts'
import { failure, NO_DATA, type SliReading } from '../sli/reading.ts'
import { readTable } from '../sli/table-reading.ts'

const Message = z.looseObject({ type: z.string(), text: z.string() })
const Messages = z.looseObject({ messages: z.array(Message) })
/** Without what every object has by name: `constructor` may be a field, too. */
const Row = z
  .record(z.string(), z.unknown())
  .transform((row): Readonly<Record<string, unknown>> => Object.assign(Object.create(null), row))
type Row = z.infer<typeof Row>
/** `output_mode=json` of a search that is done. */
const Answer = z.looseObject({
  preview: z.boolean().optional(),
  messages: z.array(Message).default([]),
  fields: z.array(z.looseObject({ name: z.string() })).optional(),
  results: z.array(Row),
})

const FAILURES: ReadonlySet<string> = new Set(['ERROR', 'FATAL'])
/** What is said to those who debug the search itself. */
const QUIET: ReadonlySet<string> = new Set(['DEBUG', 'INFO'])
/** How errors begin that a better query would cure. */
const QUERY_ERROR = /^(Error in '|Unknown search command|Unable to parse|Invalid|The argument)/
const TIME = '_time'
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i
/** Asked for at most so many rows; an answer with as many may be cut. */
export const MAX_ROWS = 10_000
const MAX_NAMED = 5

export type SplunkWish = { readonly field?: string | undefined; readonly isAggregated: boolean }

/** Splunk's own words for what is wrong. */
export function complaintOf(body: unknown): string | undefined {
  const messages = Messages.safeParse(body).data?.messages.filter(({ type }) => !QUIET.has(type))
  return messages?.length ? messages.map(({ text }) => text).join('; ') : undefined
}

/** One row with one number, or rows with times. */
export function readSplunk(body: unknown, wish: SplunkWish): SliReading {
  const answer = Answer.safeParse(body)
  if (!answer.success) return readFailure(body)
  const { results, messages, preview, fields } = answer.data
  const failed = messages.find(({ type }) => FAILURES.has(type))
  if (failed !== undefined) return failureOf(failed.text)
  const remarks = messages.filter(({ type }) => !QUIET.has(type)).map(({ text }) => oneLine(text))
  if (preview === true) remarks.push('the answer is a preview: the search was not done')
  if (results.length === 0) {
    if (remarks.length === 0) return NO_DATA
    return failure('no-data', `${NO_DATA.message}: ${remarks.join('; ')}`)
  }
  if (results.length >= MAX_ROWS) {
    const message = `query did return ${MAX_ROWS} rows or more; stats, or timechart with a longer span, make fewer of them`
    return failure('several-values', message)
  }
  const names = fields?.map(({ name }) => name) ?? [...new Set(results.flatMap(Object.keys))]
  const field = valueField(results, names, wish.field)
  return typeof field === 'string' ? readRows(results, names, { ...wish, field, remarks }) : field
}

/** Some answers say with 200 that nothing was searched. */
function readFailure(body: unknown): SliReading {
  const words = complaintOf(body)
  return words === undefined ? unlike('Splunk', body) : failureOf(words)
}

function failureOf(words: string): SliReading {
  const problem = QUERY_ERROR.test(words) ? 'query-refused' : 'provider-failed'
  return failure(problem, `Splunk answers: ${oneLine(words)}`)
}

/** The field that holds the value: the one that is named, or the only one with numbers. Splunk's own begin with `_`. */
function valueField(
  rows: readonly Row[],
  names: readonly string[],
  wished: string | undefined,
): string | SliReading {
  if (wished !== undefined) {
    const given = rows.map((row) => row[wished]).filter((value) => !isEmpty(value))
    const odd = given.find((value) => !isNumber(value))
    if (odd !== undefined) {
      const message = `field ${wished} holds ${oneLine(JSON.stringify(odd))}, which is no number`
      return failure('not-a-number', message)
    }
    if (given.length > 0) return wished
    const message = `no result has the field ${wished}; there are ${named(names)}`
    return names.includes(wished) ? NO_DATA : failure('query-refused', message)
  }
  const filled = names.filter(
    (name) => !name.startsWith('_') && rows.some((row) => !isEmpty(row[name])),
  )
  if (filled.length === 0) return NO_DATA
  const numeric = filled.filter((name) =>
    rows.every((row) => isEmpty(row[name]) || isNumber(row[name])),
  )
  const [only, second] = numeric
  if (only === undefined) {
    return failure('not-a-number', `no field holds numbers: there are ${named(filled)}`)
  }
  if (second === undefined) return only
  const message = `several fields hold numbers (${named(numeric)}); with: { field: … } names the one that counts`
  return failure('several-values', message)
}

type Chosen = {
  readonly field: string
  readonly isAggregated: boolean
  readonly remarks: readonly string[]
}

function readRows(
  rows: readonly Row[],
  names: readonly string[],
  { field, isAggregated, remarks }: Chosen,
): SliReading {
  const hasTimes = rows.every((row) => typeof row[TIME] === 'string')
  const times = rows.map((row) => row[TIME])
  if (hasTimes && new Set(times).size < times.length && !isAggregated) {
    const message = `query did return several rows for one ${TIME}; one series is expected`
    return failure('several-values', message)
  }
  // Texts tell series apart; other numbers of the same row do not.
  const groups = names.filter(
    (name) =>
      name !== field &&
      !name.startsWith('_') &&
      rows.some((row) => !isEmpty(row[name]) && !isNumber(row[name])),
  )
  const table = {
    columns: [field, TIME, ...groups],
    rows: rows.map((row) => [
      numberOf(row[field]),
      row[TIME],
      ...groups.map((name) => JSON.stringify(row[name] ?? '')),
    ]),
  }
  const time = hasTimes ? TIME : undefined
  const reading = readTable(table, { column: field, time, isAggregated })
  return reading.kind === 'problem' ? reading : { ...reading, remarks }
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === ''
}

/** Results are texts, whatever they hold; several values of one field are a list. */
function isNumber(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && NUMBER.test(value.trim()))
}

function numberOf(value: unknown): number | undefined {
  return isEmpty(value) ? undefined : Number(value)
}

function named(names: readonly string[]): string {
  const more = names.length > MAX_NAMED ? ', …' : ''
  return `${names.slice(0, MAX_NAMED).join(', ')}${more}`
}
