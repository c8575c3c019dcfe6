import type { FilePath } from '@tiphys/contract/problem.ts'
import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { AGGREGATE_FUNCTIONS, toAggregateFunction } from '../evaluation/aggregate.ts'
import { parsePercentage, type Slo } from './slo.ts'
import { lintObjective } from './slo-lint-objective.ts'

/** One thing to say about an slo.yaml. The caller turns `path` into line and column. */
export type SloFinding = {
  /** `error`: cannot be evaluated. `warning`: can, but hardly means what was wanted. */
  readonly severity: 'error' | 'warning'
  readonly code: SloFindingCode
  readonly path: FilePath
  /** One sentence that stands alone. */
  readonly message: string
}

export type SloFindingCode =
  | 'criterion-invalid'
  | 'aggregate-unknown'
  | 'total-score-invalid'
  | 'total-score-unreachable'
  | 'total-score-no-warning-band'
  | 'comparison-unknown'
  | 'comparison-ignored'
  | 'no-objectives'
  | 'nothing-scored'
  | 'sli-missing'
  | 'not-scored'
  | 'key-sli-without-effect'
  | 'key-sli-without-weight'
  | 'never-fails'
  | 'never-passes'
  | 'warning-without-effect'
  | 'holds-without-history'
  | 'negative-is-relative'

const COMPARE_WITH = ['single_result', 'several_results']
const INCLUDE = ['all', 'pass', 'pass_or_warn']
const PERCENT = 100

/** Errors first, then in the order of the file. */
export function lintSlo(slo: Slo): readonly SloFinding[] {
  const findings = [
    ...lintComparison(slo),
    ...slo.objectives.flatMap((objective) => lintObjective(objective)),
    ...lintWhole(slo),
    ...lintTotalScore(slo),
  ]
  return [
    ...findings.filter((finding) => finding.severity === 'error'),
    ...findings.filter((finding) => finding.severity === 'warning'),
  ]
}

function lintComparison({ comparison }: Slo): SloFinding[] {
  const findings: SloFinding[] = []
  if (toAggregateFunction(comparison.aggregateFunction) === undefined) {
    findings.push({
      severity: 'error',
      code: 'aggregate-unknown',
      path: ['comparison', 'aggregate_function'],
      message: `aggregate_function ${comparison.aggregateFunction} is not known; it is one of ${AGGREGATE_FUNCTIONS.join(', ')}`,
    })
  }
  if (comparison.compareWith !== '' && !COMPARE_WITH.includes(comparison.compareWith)) {
    const effect = 'three earlier evaluations are compared with'
    findings.push(unknownWord('compare_with', comparison.compareWith, COMPARE_WITH, effect))
  }
  if (!INCLUDE.includes(comparison.includeResultWithScore.toLowerCase())) {
    const effect = 'evaluations of every result are compared with'
    const written = comparison.includeResultWithScore
    findings.push(unknownWord('include_result_with_score', written, INCLUDE, effect))
  }
  if (comparison.compareWith === 'single_result' && comparison.numberOfComparisonResults > 1) {
    findings.push({
      severity: 'warning',
      code: 'comparison-ignored',
      path: ['comparison', 'number_of_comparison_results'],
      message: `number_of_comparison_results ${comparison.numberOfComparisonResults} has no effect with compare_with single_result: one evaluation is compared with`,
    })
  }
  return findings
}

function unknownWord(
  key: string,
  written: string,
  known: readonly string[],
  effect: string,
): SloFinding {
  const meant = didYouMean(written, known)
  const hint = meant === undefined ? `it is one of ${known.join(', ')}` : `did you mean ${meant}?`
  return {
    severity: 'warning',
    code: 'comparison-unknown',
    path: ['comparison', key],
    message: `${key} ${written} is not known, so ${effect}; ${hint}`,
  }
}

function lintWhole(slo: Slo): SloFinding[] {
  if (slo.objectives.length === 0) {
    const message = 'there are no objectives: every evaluation fails'
    return [{ severity: 'warning', code: 'no-objectives', path: ['objectives'], message }]
  }
  const isScored = slo.objectives.some(
    (objective) => (objective.pass?.length ?? 0) > 0 && objective.weight > 0,
  )
  if (isScored) return []
  const message = 'no objective has pass criteria and a weight: the score is always 100'
  return [{ severity: 'warning', code: 'nothing-scored', path: ['objectives'], message }]
}

function lintTotalScore({ totalScore }: Slo): SloFinding[] {
  const pass = parsePercentage(totalScore.pass)
  const warning = totalScore.warning === '' ? undefined : parsePercentage(totalScore.warning)
  const findings: SloFinding[] = []
  if (pass === undefined) findings.push(badPercentage('pass', totalScore.pass))
  if (totalScore.warning !== '' && warning === undefined) {
    findings.push(badPercentage('warning', totalScore.warning))
  }
  if (pass !== undefined && pass > PERCENT) {
    findings.push({
      severity: 'warning',
      code: 'total-score-unreachable',
      path: ['total_score', 'pass'],
      message: `total_score.pass ${totalScore.pass} can never be reached: a score is at most 100`,
    })
  }
  if (pass !== undefined && warning !== undefined && warning >= pass) {
    findings.push({
      severity: 'warning',
      code: 'total-score-no-warning-band',
      path: ['total_score', 'warning'],
      message: `total_score.warning ${totalScore.warning} is not below pass ${totalScore.pass}: no evaluation ever ends with a warning`,
    })
  }
  return findings
}

function badPercentage(key: 'pass' | 'warning', text: string): SloFinding {
  return {
    severity: 'error',
    code: 'total-score-invalid',
    path: ['total_score', key],
    message: `total_score.${key} ${JSON.stringify(text)} is not a percentage; write it like "90%"`,
  }
}
