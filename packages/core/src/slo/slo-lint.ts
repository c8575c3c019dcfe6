import { parsedSet } from '../evaluation/criterion.ts'
import { bySeverity } from '../lint/finding.ts'
import type { Slo } from './slo.ts'
import type { SloFinding } from './slo-finding.ts'
import { lintComparison } from './slo-lint-comparison.ts'
import { lintObjective, lintTexts } from './slo-lint-objective.ts'
import { lintPairs } from './slo-lint-pairs.ts'
import { lintTotalScore, lintWhole } from './slo-lint-whole.ts'

export type { SloFinding, SloFindingCode } from './slo-finding.ts'

/**
 * What is wrong or doubtful in an slo.yaml. Errors first, then in the order of the file. What is said to happen never or always is so for
 * every value and every earlier evaluation (slo-lint.property.test.ts asks the evaluation itself).
 */
export function lintSlo(slo: Slo): readonly SloFinding[] {
  return bySeverity([
    ...lintComparison(slo),
    ...slo.objectives.flatMap((objective) => lintObjective(objective)),
    ...lintPairs(slo.objectives),
    ...lintWhole(slo),
  ])
}

/** What makes an slo.yaml unusable, in the order of the file: the errors of `lintSlo`, for whoever evaluates it and wants no advice. */
export function sloErrors(slo: Slo): readonly SloFinding[] {
  return [
    ...lintComparison(slo),
    ...(hasReadableCriteria(slo) ? [] : slo.objectives.flatMap((one) => lintTexts(one))),
    ...lintTotalScore(slo),
  ].filter(({ severity }) => severity === 'error')
}

/** Whether there is anything to find: evaluations ask each time, and nearly always there is not. */
function hasReadableCriteria({ objectives }: Slo): boolean {
  return objectives.every((objective) =>
    [objective.pass, objective.warning].every((sets) =>
      (sets ?? []).every((set) => parsedSet(set).every((one) => one.ok)),
    ),
  )
}
