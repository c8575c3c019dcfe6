import type { SeriesAggregate } from '@tiphys/contract/sli.ts'
import type { SeriesPoint } from '@tiphys/core/evaluation/series.ts'
import { z } from 'zod'
import { oneLine, shown, unlike } from '../sli/http-sli.ts'
import { failure, NO_DATA, type SliReading } from '../sli/reading.ts'

/** As JSON of protocol buffers has it: INT64 as text, NaN and the infinities too. */
const Whole = z.union([
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
  z.number(),
])
const Double = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)])
const Value = z.union([
  z.strictObject({ int64Value: Whole }).transform(({ int64Value }) => int64Value),
  z.strictObject({ doubleValue: Double }).transform(({ doubleValue }) => doubleValue),
  z
    .strictObject({
      distributionValue: z.looseObject({ count: Whole.default(0), mean: Double.default(0) }),
    })
    // Of nothing there is no mean, though the API writes 0.
    .transform(({ distributionValue: { count, mean } }) => (count === 0 ? undefined : mean)),
])
const Point = z.looseObject({
  interval: z.looseObject({ endTime: z.string() }),
  value: z.unknown(),
})
const Series = z.looseObject({
  metric: z.looseObject({ type: z.string().optional() }).optional(),
  resource: z.looseObject({}).optional(),
  points: z.array(Point).default([]),
  unit: z.string().optional(),
})
type Series = z.infer<typeof Series>
const Status = z.looseObject({ message: z.string().optional() })
const Answer = z.looseObject({
  timeSeries: z.array(Series).optional(),
  nextPageToken: z.string().optional(),
  executionErrors: z.array(Status).optional(),
  unreachable: z.array(z.string()).optional(),
  unit: z.string().optional(),
})
const KNOWN: ReadonlySet<string> = new Set(Object.keys(Answer.shape))

const MAX_LABELS = 3

/** Where the rest of an answer is asked for. */
export function nextPageToken(page: unknown): string | undefined {
  return Answer.safeParse(page).data?.nextPageToken || undefined
}

/** Pages of one answer as a single one: a series that goes on has its points in all of them. */
export function joinPages(pages: readonly unknown[]): unknown {
  const read = pages.map((page) => Answer.safeParse(page))
  // A page that cannot be read is read on its own, and refused there.
  const unread = read.findIndex(({ success }) => !success)
  if (unread >= 0) return pages[unread]
  const answers = read.flatMap(({ data }) => (data === undefined ? [] : [data]))
  const joined = new Map<string, Series>()
  for (const series of answers.flatMap(({ timeSeries }) => timeSeries ?? [])) {
    const key = JSON.stringify([series.metric, series.resource])
    const before = joined.get(key)
    const points = [...(before?.points ?? []), ...series.points]
    joined.set(key, { ...series, points })
  }
  return {
    timeSeries: [...joined.values()],
    executionErrors: answers.flatMap(({ executionErrors }) => executionErrors ?? []),
    unreachable: answers.flatMap(({ unreachable }) => unreachable ?? []),
    ...(answers[0]?.unit === undefined ? {} : { unit: answers[0].unit }),
  }
}

/** The one series of an answer to `projects.timeSeries.list`. */
export function readTimeSeries(body: unknown, usual: SeriesAggregate): SliReading {
  const answer = Answer.safeParse(body)
  if (!answer.success || Object.keys(answer.data).some((key) => !KNOWN.has(key))) {
    return unlike('Google Cloud Monitoring', body)
  }
  const { timeSeries = [], executionErrors = [], unreachable = [], unit } = answer.data
  const remarks = [
    ...executionErrors.map(({ message }) => `the answer is partial: ${oneLine(message ?? '')}`),
    ...unreachable.map((place) => `the answer is partial: ${oneLine(place)} could not be reached`),
  ]
  const [series] = timeSeries
  if (series === undefined) {
    if (remarks.length === 0) return NO_DATA
    return failure('provider-failed', `${NO_DATA.message}: ${remarks.join('; ')}`)
  }
  if (timeSeries.length > 1) return severalSeries(timeSeries)
  return readPoints(series, { usual, remarks, unit: shortUnit(series.unit ?? unit) })
}

type Beside = {
  readonly usual: SeriesAggregate
  readonly remarks: readonly string[]
  readonly unit: string | undefined
}

function readPoints({ points: given }: Series, beside: Beside): SliReading {
  const points: SeriesPoint[] = []
  for (const { interval, value } of given) {
    const read = Value.safeParse(value)
    const timeMs = Date.parse(interval.endTime)
    if (!read.success || Number.isNaN(timeMs)) {
      const message = `a point is no number: ${shown(JSON.stringify(value) ?? '')}; ALIGN_FRACTION_TRUE or ALIGN_COUNT_TRUE make one of yes and no`
      return failure('not-a-number', message)
    }
    if (read.data !== undefined) points.push([timeMs, read.data])
  }
  if (points.length === 0) return NO_DATA
  const oldestFirst = points.toSorted(([left], [right]) => left - right)
  return { kind: 'series', points: oldestFirst, ...beside }
}

function severalSeries(series: readonly Series[]): SliReading {
  const labels = series.slice(0, MAX_LABELS).map(({ metric, resource }) => {
    return oneLine(JSON.stringify({ ...labelsOf(resource), ...labelsOf(metric) }))
  })
  const more = series.length > MAX_LABELS ? ', …' : ''
  const message = `query did return ${series.length} series (${labels.join(', ')}${more}); with.reducer makes one of them`
  return failure('several-values', message)
}

function labelsOf(part: Readonly<Record<string, unknown>> | undefined): object {
  const { labels } = part ?? {}
  return typeof labels === 'object' && labels !== null ? labels : {}
}

/** Of the Unified Code for Units of Measure: `By` are bytes, `1` is none, `{requests}` is a comment. */
function shortUnit(unit: string | undefined): string | undefined {
  if (unit === undefined || unit === '' || unit === '1') return undefined
  if (unit === 'By') return 'B'
  return /^\{[^{}]*\}$/.test(unit) ? unit.slice(1, -1) || undefined : unit
}
