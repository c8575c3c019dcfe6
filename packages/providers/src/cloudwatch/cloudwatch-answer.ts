import type { SeriesAggregate } from '@tiphys/contract/sli.ts'
import type { SeriesPoint } from '@tiphys/core/evaluation/series.ts'
import { z } from 'zod'
import { oneLine, unlike } from '../sli/http-sli.ts'
import { failure, NO_DATA, type SliReading } from '../sli/reading.ts'

/** In the JSON protocol NaN and the infinities are texts. */
const Value = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)])
const Message = z.looseObject({ Code: z.string().optional(), Value: z.string().optional() })
const Result = z.looseObject({
  Id: z.string().optional(),
  Label: z.string().optional(),
  /** Seconds since 1970. */
  Timestamps: z.array(z.number()).default([]),
  Values: z.array(Value).default([]),
  StatusCode: z.string().optional(),
  Messages: z.array(Message).nullish(),
})
type Result = z.infer<typeof Result>
const Answer = z.looseObject({
  MetricDataResults: z.array(Result),
  Messages: z.array(Message).nullish(),
  NextToken: z.string().nullish(),
})

const MS_PER_SECOND = 1000
const MAX_LABELS = 3

/** Where the rest of an answer is asked for. */
export function nextToken(page: unknown): string | undefined {
  return Answer.safeParse(page).data?.NextToken || undefined
}

/** Pages of one answer as a single one: points of the same metric come after each other, the last status counts. */
export function joinPages(pages: readonly unknown[]): unknown {
  const read = pages.map((page) => Answer.safeParse(page))
  // A page that cannot be read is read on its own, and refused there.
  const unread = read.findIndex(({ success }) => !success)
  if (unread >= 0) return pages[unread]
  const answers = read.flatMap(({ data }) => (data === undefined ? [] : [data]))
  const joined = new Map<string, Result>()
  for (const { MetricDataResults } of answers) {
    const seen = new Map<string, number>()
    for (const result of MetricDataResults) {
      const name = JSON.stringify([result.Id, result.Label])
      const place = (seen.get(name) ?? 0) + 1
      seen.set(name, place)
      const key = `${name} ${place}`
      const before = joined.get(key)
      joined.set(key, before === undefined ? result : after(before, result))
    }
  }
  return {
    MetricDataResults: [...joined.values()],
    Messages: answers.flatMap(({ Messages }) => Messages ?? []),
  }
}

function after(before: Result, result: Result): Result {
  return {
    ...result,
    Timestamps: [...before.Timestamps, ...result.Timestamps],
    Values: [...before.Values, ...result.Values],
    Messages: [...(before.Messages ?? []), ...(result.Messages ?? [])],
  }
}

/** The one metric of an answer. */
export function readMetricData(body: unknown, usual: SeriesAggregate): SliReading {
  const answer = Answer.safeParse(body)
  if (!answer.success) return unlike('CloudWatch', body)
  const { MetricDataResults: results, Messages: general } = answer.data
  const [result] = results
  const remarks = [...(general ?? []), ...(result?.Messages ?? [])].map(wordsOf)
  if (result === undefined) return { ...NO_DATA, message: because(NO_DATA.message, remarks) }
  if (results.length > 1) {
    const labels = results.slice(0, MAX_LABELS).map(({ Id, Label }) => Label ?? Id ?? '?')
    const more = results.length > MAX_LABELS ? ', …' : ''
    const message = `query did return ${results.length} metrics (${labels.join(', ')}${more}); SUM(…), AVG(…) or more dimensions make one of them`
    return failure('several-values', message)
  }
  if (result.StatusCode === 'Forbidden') {
    return failure('auth-refused', because('CloudWatch may not show this metric', remarks))
  }
  if (result.StatusCode === 'InternalError') {
    return failure('provider-failed', because('CloudWatch failed inside (InternalError)', remarks))
  }
  return readPoints(result, usual, remarks)
}

function readPoints(
  { Timestamps, Values, StatusCode }: Result,
  usual: SeriesAggregate,
  said: readonly string[],
): SliReading {
  if (Timestamps.length !== Values.length) {
    const message = `CloudWatch sent ${Timestamps.length} times for ${Values.length} values`
    return failure('provider-failed', message)
  }
  if (Values.length === 0) return { ...NO_DATA, message: because(NO_DATA.message, said) }
  const remarks =
    StatusCode === 'PartialData' ? ['the answer is partial (PartialData)', ...said] : said
  const points = Values.map((value, index): SeriesPoint => {
    return [Math.round((Timestamps[index] ?? 0) * MS_PER_SECOND), value]
  }).toSorted(([left], [right]) => left - right)
  return { kind: 'series', points, usual, remarks }
}

function wordsOf({ Code, Value: text }: z.infer<typeof Message>): string {
  return oneLine([Code, text].filter(Boolean).join(': '))
}

function because(message: string, remarks: readonly string[]): string {
  return remarks.length === 0 ? message : `${message}: ${remarks.join('; ')}`
}
