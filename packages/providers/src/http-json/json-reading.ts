import type { SeriesPoint } from '@tiphys/core/evaluation/series.ts'
import { JSONPathEnvironment, type JSONPathQuery } from 'json-p3'
import { z } from 'zod'
import { shown } from '../sli/http-sli.ts'
import { MAX_DEPTH } from '../sli/json-answer.ts'
import { failure, NO_DATA, type SliReading } from '../sli/reading.ts'
import { timeOfText } from '../sli/table-reading.ts'

/** A JSONPath of RFC 9535, without `match` and `search`. */
export const JsonPath = z
  .string()
  .refine((text) => compiled(text) !== undefined, 'expected a JSONPath like $.data.p95')

/** They say how a request is carried and to whom, which is not for the file of a project: with them one request can be made to look like two. */
const NOT_GIVEN =
  /^(host|content-length|transfer-encoding|connection|upgrade|te|trailer|expect|keep-alive|proxy-.*)$/i
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/
const HeaderValue = z
  .string()
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, { error: 'expected a text of one line' })

/** `with:` of an indicator in `http-json/sli.yaml`. */
export const HttpJsonOptions = z.strictObject({
  /** Where the number stands, or the numbers of a series; the whole answer unless set. */
  value: JsonPath.default('$'),
  /** Where the times of a series stand: as many as values, in the same order; RFC 3339, or Unix seconds or milliseconds. */
  time: JsonPath.optional(),
  method: z.enum(['GET', 'POST']).optional(),
  /** Text, or JSON. Placeholders are filled in. */
  body: z.union([z.string(), z.record(z.string(), z.json())]).optional(),
  headers: z
    .record(z.string(), HeaderValue)
    .superRefine((headers, context) => {
      for (const name of Object.keys(headers)) {
        if (HEADER_NAME.test(name) && !NOT_GIVEN.test(name)) continue
        context.addIssue({ code: 'custom', path: [name], message: 'no header for an indicator' })
      }
    })
    .optional(),
})
export type HttpJsonOptions = z.infer<typeof HttpJsonOptions>

/** `..` goes as deep as an answer may be, which json-answer.ts says. */
const PATHS = new JSONPathEnvironment({ maxRecursionDepth: 2 * MAX_DEPTH })
// A regular expression and an answer that suits it can keep the whole process busy for hours.
for (const name of ['match', 'search']) PATHS.functionRegister.delete(name)

/** Undefined for a text that is no JSONPath. */
function compiled(path: string): JSONPathQuery | undefined {
  try {
    return PATHS.compile(path)
  } catch {
    return undefined
  }
}

/** One value is a number; several need `aggregate`, or they are refused like several series. */
export function readPath(
  body: unknown,
  options: Pick<HttpJsonOptions, 'value' | 'time'>,
  isAggregated: boolean,
): SliReading {
  const found = select(body, options.value)
  const values = found.length === 1 && Array.isArray(found[0]) ? found[0] : found
  if (values.length === 0 || values.every((one) => one === null)) {
    return { ...NO_DATA, message: `there is nothing at ${options.value}` }
  }
  const odd = values.find((one) => one !== null && numberOf(one) === undefined)
  if (odd !== undefined) {
    const message = `${options.value} is no number: ${shown(JSON.stringify(odd) ?? '')}`
    return failure('not-a-number', message)
  }
  if (options.time === undefined && !isAggregated && !Array.isArray(found[0])) {
    if (values.length === 1) return { kind: 'scalar', value: numberOf(values[0]) ?? Number.NaN }
  }
  if (values.length > 1 && !isAggregated) {
    const message = `${options.value} leads to ${values.length} values; aggregate: avg (or last, max, …) makes one of them`
    return failure('several-values', message)
  }
  return readSeries(body, values, options.time)
}

function readSeries(
  body: unknown,
  values: readonly unknown[],
  timePath: string | undefined,
): SliReading {
  const times = timePath === undefined ? undefined : flat(select(body, timePath)).map(timeOf)
  if (times !== undefined && times.length !== values.length) {
    const message = `${timePath} leads to ${times.length} times for ${values.length} values`
    return failure('provider-failed', message)
  }
  const points: SeriesPoint[] = []
  for (const [index, one] of values.entries()) {
    const value = numberOf(one)
    if (value === undefined) continue
    const timeMs = times === undefined ? index : times[index]
    if (timeMs === undefined) {
      return failure('provider-failed', `${timePath} leads to something that is no time`)
    }
    points.push([timeMs, value])
  }
  return { kind: 'series', points: points.toSorted(([left], [right]) => left - right) }
}

function select(body: unknown, path: string): readonly unknown[] {
  // What JSON.parse gives is what JSONPath reads; paths were checked.
  return (
    compiled(path)
      ?.query(body as never)
      .values() ?? []
  )
}

function flat(found: readonly unknown[]): readonly unknown[] {
  return found.length === 1 && Array.isArray(found[0]) ? found[0] : found
}

/** Numbers also as text, as many APIs write them. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isNaN(number) ? undefined : number
}

/** Unix times before this are in seconds: as milliseconds it is the year 1973. */
const SECONDS_BELOW = 100_000_000_000
const MS_PER_SECOND = 1000

function timeOf(value: unknown): number | undefined {
  const number = numberOf(value)
  if (number !== undefined) return number < SECONDS_BELOW ? number * MS_PER_SECOND : number
  return typeof value === 'string' ? timeOfText(value) : undefined
}
