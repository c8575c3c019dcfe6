import type { SeriesPoint } from '@tiphys/core/evaluation/series.ts'
import { z } from 'zod'
import { unlike } from '../sli/http-sli.ts'
import { failure, NO_DATA, type SliReading } from '../sli/reading.ts'

const MS_PER_SECOND = 1000
const MAX_NAMED = 3

/** Infinity, too: Graphite writes it as 1e9999. */
const AnyNumber = z.custom<number>((value) => typeof value === 'number')

/** `format=json`: value and Unix seconds; null where nothing was measured. */
const Answer = z.array(
  z.looseObject({
    target: z.string(),
    datapoints: z.array(z.tuple([AnyNumber.nullable(), z.number()])),
  }),
)

/** What `/render` answered. A metric that nobody ever sent is an empty list. */
export function readGraphite(body: unknown): SliReading {
  const answer = Answer.safeParse(body)
  if (!answer.success) return unlike('Graphite', body)
  const [series, second] = answer.data
  if (series === undefined) return { ...NO_DATA, message: 'no series matches the target' }
  if (second !== undefined) {
    const names = answer.data.slice(0, MAX_NAMED).map(({ target }) => target)
    const more = answer.data.length > MAX_NAMED ? ', …' : ''
    const message = `query did return ${answer.data.length} series (${names.join(', ')}${more}); sumSeries(…) or averageSeries(…) make one of them`
    return failure('several-values', message)
  }
  const points = series.datapoints.flatMap(([value, timeS]): SeriesPoint[] =>
    value === null ? [] : [[timeS * MS_PER_SECOND, value]],
  )
  if (points.length === 0) {
    return { ...NO_DATA, message: `${series.target} has no points in the window` }
  }
  return { kind: 'series', points }
}

const TRACEBACK = 'Traceback (most recent call last)'
const JsonError = z.union([
  z.looseObject({ error: z.string() }).transform(({ error }) => error),
  z.looseObject({ message: z.string() }).transform(({ message }) => message),
])

/** Graphite's own words: a sentence, or the page of an exception, whose last line says what it was. */
export function complaintOf(body: unknown): string | undefined {
  if (typeof body !== 'string') {
    const error = JsonError.safeParse(body)
    return error.success ? error.data : undefined
  }
  if (body.includes(TRACEBACK)) {
    const lines = plainText(body)
      .split('\n')
      .map((line) => line.trim())
    return lines.findLast((line) => line !== '')
  }
  // A page of somebody else's.
  return body.trim() === '' || body.trimStart().startsWith('<') ? undefined : plainText(body)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#x27;': "'",
  '&#39;': "'",
  '&amp;': '&',
}

function plainText(html: string): string {
  return html
    .replaceAll(/<\/?[a-z][^>]*>/gi, '')
    .replaceAll(/&(?:lt|gt|quot|amp|#x27|#39);/g, (entity) => ENTITIES[entity] ?? entity)
}
