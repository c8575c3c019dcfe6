import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { AGGREGATE_FUNCTIONS, toAggregateFunction } from '../evaluation/aggregate.ts'
import type { Slo, SloComparison } from './slo.ts'
import { type SloFinding, warning } from './slo-finding.ts'

const COMPARE_WITH = ['single_result', 'several_results']
const INCLUDE = ['all', 'pass', 'pass_or_warn']
/** What is compared with when `compare_with` is missing, and when the number is. */
const USUAL_NUMBER = 3

export function lintComparison({ comparison }: Slo): SloFinding[] {
  const findings: SloFinding[] = []
  const { aggregateFunction, compareWith, includeResultWithScore } = comparison
  if (toAggregateFunction(aggregateFunction) === undefined) {
    const meant = didYouMean(aggregateFunction, AGGREGATE_FUNCTIONS)
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`
    findings.push({
      severity: 'error',
      code: 'aggregate-unknown',
      path: ['comparison', 'aggregate_function'],
      message: `aggregate_function ${aggregateFunction} is not known; it is one of ${AGGREGATE_FUNCTIONS.join(', ')}${hint}`,
    })
  }
  if (compareWith !== '' && !COMPARE_WITH.includes(compareWith)) {
    const effect = 'three earlier evaluations are compared with'
    findings.push(unknownWord('compare_with', compareWith, COMPARE_WITH, effect))
  }
  if (!INCLUDE.includes(includeResultWithScore.toLowerCase())) {
    const effect = 'evaluations of every result are compared with'
    findings.push(unknownWord('include_result_with_score', includeResultWithScore, INCLUDE, effect))
  }
  return [...findings, ...lintNumber(comparison)]
}

function lintNumber({ compareWith, numberOfComparisonResults: number }: SloComparison) {
  const path = ['comparison', 'number_of_comparison_results']
  if (compareWith === 'single_result' && number > 1) {
    const message = `number_of_comparison_results ${number} has no effect with compare_with single_result: one evaluation is compared with`
    return [warning('comparison-ignored', path, message)]
  }
  if (compareWith === 'several_results' && number === 1) {
    const message =
      'compare_with several_results and number_of_comparison_results 1 contradict each other: one evaluation is compared with'
    return [warning('comparison-ignored', path, message)]
  }
  if (!COMPARE_WITH.includes(compareWith) && number !== USUAL_NUMBER) {
    const message = `number_of_comparison_results ${number} has no effect without compare_with several_results: three evaluations are compared with`
    return [warning('comparison-ignored', path, message)]
  }
  return []
}

function unknownWord(
  key: string,
  written: string,
  known: readonly string[],
  effect: string,
): SloFinding {
  const meant = didYouMean(written, known)
  const hint = meant === undefined ? `it is one of ${known.join(', ')}` : `did you mean ${meant}?`
  const message = `${key} ${written} is not known, so ${effect}; ${hint}`
  return warning('comparison-unknown', ['comparison', key], message)
}
