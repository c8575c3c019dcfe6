import type { SloComparison } from '../slo/slo.ts'
import { type AggregateFunction, aggregate } from './aggregate.ts'

/** An earlier evaluation of the same project, stage and service. */
export type PreviousEvaluation = {
  /** Id of its `evaluation.finished` event. */
  readonly id: string
  /** Its overall result; filters look at this, never at the status of a single indicator. */
  readonly result: string
  /** Somebody sent `evaluation.invalidated` for it. */
  readonly invalidated?: boolean
  readonly values: readonly PreviousValue[]
}

export type PreviousValue = {
  readonly metric: string
  readonly value: number
  readonly success: boolean
}

/** What one indicator is compared with. */
export type Baseline = {
  readonly aggregateFunction: AggregateFunction
  /** Evaluations that gave a value, newest first. */
  readonly runs: readonly { readonly id: string; readonly value: number }[]
  /** Evaluations that were looked at for this. */
  readonly considered: number
  /** Undefined: nothing to compare with, so relative criteria hold. */
  readonly value: number | undefined
}

/** compare_with is neither of the two words. */
const DEFAULT_HISTORY = 3

/**
 * Which earlier evaluations count, newest first (facts/keptn-v1.md 3.3): filter by overall result first, then take as many as
 * the file says. An evaluation without a usable value still takes its place, as in Keptn.
 */
export function selectBaseline(
  newestFirst: readonly PreviousEvaluation[],
  comparison: SloComparison,
): readonly PreviousEvaluation[] {
  const results = includedResults(comparison.includeResultWithScore)
  return newestFirst
    .filter((evaluation) => evaluation.invalidated !== true)
    .filter((evaluation) => results === undefined || results.includes(evaluation.result))
    .slice(0, historyLimit(comparison))
}

export function historyLimit(comparison: SloComparison): number {
  if (comparison.compareWith === 'single_result') return 1
  if (comparison.compareWith === 'several_results') return comparison.numberOfComparisonResults
  return DEFAULT_HISTORY
}

/** Undefined: every result. */
function includedResults(include: string): readonly string[] | undefined {
  switch (include.toLowerCase()) {
    case 'pass':
      return ['pass']
    case 'pass_or_warn':
      return ['pass', 'warning']
    default:
      return undefined
  }
}

/** One value per evaluation, also where an evaluation lists the indicator twice (an SLI used in two objectives). */
export function baselineOf(
  sli: string,
  selected: readonly PreviousEvaluation[],
  aggregateFunction: AggregateFunction,
): Baseline {
  const runs = selected.flatMap((evaluation) => {
    const found = evaluation.values.find((value) => value.metric === sli && value.success)
    return found === undefined ? [] : [{ id: evaluation.id, value: found.value }]
  })
  return {
    aggregateFunction,
    runs,
    considered: selected.length,
    value: aggregate(
      aggregateFunction,
      runs.map((run) => run.value),
    ),
  }
}
