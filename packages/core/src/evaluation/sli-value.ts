import type { IndicatorValue } from '@tiphys/contract/evaluation.ts'
import type { SliSeries } from './series.ts'

/**
 * Why an indicator has no usable value. Three kinds are told apart in every report: there was nothing to measure, what was measured is
 * no number to judge, or the source of the value failed.
 */
export type SliProblemCode =
  | 'no-data'
  | 'not-a-number'
  | 'several-values'
  | 'unknown-indicator'
  | 'query-refused'
  | 'query-unsafe'
  | 'auth-refused'
  | 'unreachable'
  | 'provider-failed'

export type SliProblemKind = 'no-data' | 'bad-value' | 'provider-error'

/** What a provider says about one indicator: the wire's value, and what a report shows beside it. */
export type SliValue = IndicatorValue & {
  readonly message: string
  readonly detail: SliDetail
}

export type SliDetail = {
  readonly provider: string
  /** As sent, with everything filled in. */
  readonly query?: string
  /** Only where the provider knows it: `ms`, `%`, `/s`. */
  readonly unit?: string
  /** Where a person can look at the same numbers. */
  readonly link?: string
  /** What the value was made of, where more than one number was read. */
  readonly series?: SliSeries
  /** What the provider had to say about its own answer: that it is partial, say. */
  readonly remarks?: readonly string[]
  /** Set exactly when there is no value. */
  readonly problem?: SliProblemCode
}

const KINDS: Readonly<Record<SliProblemCode, SliProblemKind>> = {
  'no-data': 'no-data',
  'not-a-number': 'bad-value',
  'several-values': 'bad-value',
  'unknown-indicator': 'provider-error',
  'query-refused': 'provider-error',
  'query-unsafe': 'provider-error',
  'auth-refused': 'provider-error',
  unreachable: 'provider-error',
  'provider-failed': 'provider-error',
}

export function problemKind(code: SliProblemCode): SliProblemKind {
  return KINDS[code]
}

export function measured(metric: string, value: number, detail: SliDetail): SliValue {
  return { metric, value, success: true, message: '', detail }
}

export function unmeasured(
  metric: string,
  problem: SliProblemCode,
  message: string,
  detail: Omit<SliDetail, 'problem'>,
): SliValue {
  return { metric, value: 0, success: false, message, detail: { ...detail, problem } }
}

/** Without what only reports need: as it goes onto the wire. */
export function toIndicatorValue({ metric, value, success, message }: SliValue): IndicatorValue {
  return { metric, value, success, message }
}
