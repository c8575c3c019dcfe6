import type { SeriesPoint } from './series.ts'
import type { SliProblemCode } from './sli-value.ts'

export type PrometheusValue =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly problem: SliProblemCode; readonly message: string }

/**
 * The one number in the answer to an instant query. It must be a vector of exactly one sample with a finite value; the messages for
 * the three ways to miss that are Keptn's (facts/keptn-v1.md 4.7).
 */
export function prometheusValue(resultType: string, result: readonly unknown[]): PrometheusValue {
  if (resultType !== 'vector') {
    const message = `query did not return a vector but a ${resultType}; vector(…) or sum(…) make one of it`
    return { ok: false, problem: 'several-values', message }
  }
  const [sample, second] = result
  if (sample === undefined) {
    return { ok: false, problem: 'no-data', message: 'query did not return any values' }
  }
  if (second !== undefined) {
    return { ok: false, problem: 'several-values', message: 'query did return multiple values' }
  }
  const value = sampleValue(sample)
  if (!Number.isFinite(value)) {
    return { ok: false, problem: 'not-a-number', message: 'query did not return valid values' }
  }
  return { ok: true, value }
}

/** `{ metric, value: [seconds, "0.25"] }`; NaN and infinities are written `NaN`, `+Inf`, `-Inf`. */
function sampleValue(sample: unknown): number {
  const pair = (sample as { value?: unknown } | null)?.value
  const text: unknown = Array.isArray(pair) ? pair[1] : undefined
  return typeof text === 'string' && text.trim() !== '' ? numberOf(text) : Number.NaN
}

function numberOf(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)
}

export type PrometheusSeries =
  | { readonly ok: true; readonly points: readonly SeriesPoint[] }
  | { readonly ok: false; readonly problem: SliProblemCode; readonly message: string }

const MS_PER_SECOND = 1000

/** The one series in the answer to a range query, without its NaNs: a rate of nothing is no measurement. */
export function prometheusSeries(result: readonly unknown[]): PrometheusSeries {
  const [series, second] = result
  if (series === undefined) {
    return { ok: false, problem: 'no-data', message: 'query did not return any values' }
  }
  if (second !== undefined) {
    const message = `query did return ${result.length} series; sum(…) or avg(…) make one of them`
    return { ok: false, problem: 'several-values', message }
  }
  const samples: unknown = (series as { values?: unknown }).values
  const points = (Array.isArray(samples) ? samples : []).flatMap((sample): SeriesPoint[] => {
    const value = sampleValue({ value: sample })
    const seconds: unknown = Array.isArray(sample) ? sample[0] : undefined
    if (typeof seconds !== 'number' || Number.isNaN(value)) return []
    return [[Math.round(seconds * MS_PER_SECOND), value]]
  })
  return { ok: true, points }
}
