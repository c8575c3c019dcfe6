import { prometheusSeries, prometheusValue } from '@tiphys/core/evaluation/prometheus-answer.ts'
import { z } from 'zod'
import { unlike } from '../sli/http-sli.ts'
import { failure, type SliReading } from '../sli/reading.ts'

const Success = z.looseObject({
  status: z.literal('success'),
  data: z.looseObject({ resultType: z.string(), result: z.array(z.unknown()) }),
  /** Thanos: a store did not answer. Prometheus: what it doubts in the query. */
  warnings: z.array(z.string()).optional(),
  /** VictoriaMetrics: a node did not answer. */
  isPartial: z.boolean().optional(),
})
const Failure = z.looseObject({
  status: z.literal('error'),
  errorType: z.string(),
  error: z.string(),
})

/** Types of error that a better query would cure; the rest is the server's own trouble. */
const QUERY_ERRORS: ReadonlySet<string> = new Set(['bad_data', 'execution'])

/** What Prometheus, or whatever stands in front of it, answered to a query. */
export function readPrometheus(body: unknown): SliReading {
  const success = Success.safeParse(body)
  if (!success.success) return readFailure(body)
  const { data, warnings = [], isPartial } = success.data
  const remarks = [...warnings, ...(isPartial ? ['the answer is partial'] : [])]
  if (data.resultType === 'matrix') {
    const series = prometheusSeries(data.result)
    return series.ok
      ? { kind: 'series', points: series.points, remarks }
      : failure(series.problem, series.message)
  }
  const value = prometheusValue(data.resultType, data.result)
  return value.ok
    ? { kind: 'scalar', value: value.value, remarks }
    : failure(value.problem, value.message)
}

/** Some proxies answer 200 whatever happened. */
function readFailure(body: unknown): SliReading {
  const failed = Failure.safeParse(body)
  if (!failed.success) return unlike('Prometheus', body)
  const { errorType, error } = failed.data
  const problem = QUERY_ERRORS.has(errorType) ? 'query-refused' : 'provider-failed'
  return failure(problem, `${errorType}: ${error}`)
}

/** Prometheus' own words for what is wrong. */
export function complaintOf(body: unknown): string | undefined {
  const failed = Failure.safeParse(body)
  return failed.success ? `${failed.data.errorType}: ${failed.data.error}` : undefined
}
