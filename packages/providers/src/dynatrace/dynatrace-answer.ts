import type { SeriesPoint } from '@tiphys/core/evaluation/series.ts'
import { z } from 'zod'
import { oneLine, unlike } from '../sli/http-sli.ts'
import { failure, NO_DATA, type SliFailure, type SliReading } from '../sli/reading.ts'
import type { Conversion, DynatraceQuery } from './dynatrace-query.ts'

const MAX_NAMED = 3
const MAX_REMARKS = 5
/** Of what one query may read. */
const ALL = 1

const Warnings = z.array(z.string()).nullish()
const Tuple = z.looseObject({
  dimensions: z.array(z.string().nullable()).nullish(),
  timestamps: z.array(z.number()),
  values: z.array(z.number().nullable()),
})
/** `GET /api/v2/metrics/query`: for each metric its tuples of dimensions. */
const Metrics = z.looseObject({
  warnings: Warnings,
  result: z.array(
    z.looseObject({
      warnings: Warnings,
      dataPointCountRatio: z.number().nullish(),
      dimensionCountRatio: z.number().nullish(),
      data: z.array(Tuple),
    }),
  ),
})
type Metrics = z.infer<typeof Metrics>

/** `GET /api/v2/slo/{id}`. */
const Slo = z.looseObject({
  evaluatedPercentage: z.number(),
  /** `NONE` where there is none, also with status 200. */
  error: z.string().nullish(),
  status: z.string().nullish(),
})
/** `GET /api/v2/problems` and `/api/v2/securityProblems`. */
const Count = z.looseObject({ totalCount: z.number(), warnings: Warnings })
const Failure = z.looseObject({
  error: z.looseObject({
    message: z.string(),
    constraintViolations: z
      .array(z.looseObject({ path: z.string().nullish(), message: z.string() }))
      .nullish(),
  }),
})

/** What Dynatrace answered; `isSeries` where the points are to be reduced here. */
export function readDynatrace(query: DynatraceQuery, body: unknown, isSeries: boolean): SliReading {
  const words = complaintOf(body)
  if (words !== undefined) return failure('query-refused', `Dynatrace refused the query: ${words}`)
  if (query.kind === 'slo') {
    const slo = Slo.safeParse(body)
    return slo.success ? readSlo(slo.data) : unlike('Dynatrace', body)
  }
  if (query.kind === 'count') {
    const count = Count.safeParse(body)
    if (!count.success) return unlike('Dynatrace', body)
    const { totalCount, warnings } = count.data
    return { kind: 'scalar', value: totalCount, remarks: bounded(warnings ?? []) }
  }
  const metrics = Metrics.safeParse(body)
  if (!metrics.success) return unlike('Dynatrace', body)
  return readMetrics(metrics.data, query.conversion, isSeries)
}

/** Dynatrace's own words, with each parameter that it does not like. */
export function complaintOf(body: unknown): string | undefined {
  const failed = Failure.safeParse(body)
  if (!failed.success) return undefined
  const { message, constraintViolations } = failed.data.error
  const violations = (constraintViolations ?? []).map((one) =>
    one.path ? `${one.path}: ${one.message}` : one.message,
  )
  return oneLine([message, ...violations].join(' '))
}

function readSlo({ evaluatedPercentage, error, status }: z.infer<typeof Slo>): SliReading {
  if (error && error !== 'NONE') {
    return failure('provider-failed', `Dynatrace could not evaluate the SLO: ${oneLine(error)}`)
  }
  if (status === 'DISABLED') return { ...NO_DATA, message: 'the SLO is disabled in Dynatrace' }
  // What Dynatrace says of an SLO that nothing was measured for.
  if (evaluatedPercentage < 0) {
    return { ...NO_DATA, message: 'the SLO has no value in this window' }
  }
  return { kind: 'scalar', value: evaluatedPercentage, unit: '%' }
}

function readMetrics(
  answer: Metrics,
  conversion: Conversion | undefined,
  isSeries: boolean,
): SliReading {
  const remarks = remarksOf(answer)
  const tuples = answer.result.flatMap(({ data }) => data)
  const [tuple, second] = tuples
  if (tuple === undefined) return noData(remarks)
  if (second !== undefined) return several(tuples)
  const { divisor, unit } = conversion ?? { divisor: 1, unit: undefined }
  const points = tuple.timestamps.flatMap((timeMs, index): SeriesPoint[] => {
    const value = tuple.values[index]
    return typeof value === 'number' ? [[timeMs, value / divisor]] : []
  })
  const [first] = points
  if (first === undefined) return noData(remarks)
  if (isSeries) return { kind: 'series', points, unit, remarks }
  if (points.length > 1) {
    const message = `query did return ${points.length} points over time; aggregate: avg (or last, max, …) makes one value of them`
    return failure('several-values', message)
  }
  return { kind: 'scalar', value: first[1], unit, remarks }
}

/** Warnings often say why there is nothing: a tag or an entity type that is not there. */
function noData(remarks: readonly string[]): SliFailure {
  if (remarks.length === 0) return NO_DATA
  return { ...NO_DATA, message: oneLine(`${NO_DATA.message}: ${remarks.join(' ')}`) }
}

function several(tuples: Metrics['result'][number]['data']): SliFailure {
  const names = tuples.map(({ dimensions }) => (dimensions ?? []).map(String).join(','))
  const shown = names.filter((name) => name !== '').slice(0, MAX_NAMED)
  const more = shown.length < names.length ? '; …' : ''
  const which = shown.length === 0 ? '' : ` (${shown.join('; ')}${more})`
  const message = `query did return ${tuples.length} series${which}; :splitBy() in the metric selector makes one of them`
  return failure('several-values', message)
}

function remarksOf({ warnings, result }: Metrics): readonly string[] {
  const said = [...(warnings ?? []), ...result.flatMap((one) => one.warnings ?? [])]
  const isCut = result.some(
    ({ dataPointCountRatio, dimensionCountRatio }) =>
      (dataPointCountRatio ?? 0) >= ALL || (dimensionCountRatio ?? 0) >= ALL,
  )
  const cut =
    'the query reaches the limit of what Dynatrace reads for one: the value may be of a part'
  return bounded([...(isCut ? [cut] : []), ...said])
}

function bounded(remarks: readonly string[]): readonly string[] {
  return [...new Set(remarks.map(oneLine))].slice(0, MAX_REMARKS)
}
