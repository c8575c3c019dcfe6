import type { IndicatorStatus, IndicatorValue, Target } from '@tiphys/contract/evaluation.ts'
import type { SloObjective } from '../slo/slo.ts'
import type { Baseline } from './baseline.ts'
import { type Criterion, compare, parseCriterion, relativeTarget } from './criterion.ts'

/** What became of one objective (facts/keptn-v1.md 3.5). */
export type ObjectiveOutcome = {
  readonly objective: SloObjective
  readonly status: IndicatorStatus
  /** Points reached, of `objective.weight`. */
  readonly score: number
  /** null: reported only, and nothing was sent. */
  readonly value: IndicatorValue | null
  readonly baseline: Baseline
  readonly passTargets: readonly Target[]
  /** null: evaluated, and the file names no warning criteria. */
  readonly warningTargets: readonly Target[] | null
  /** Why this key indicator vetoes the evaluation; undefined when it does not. */
  readonly keyFailure: string | undefined
}

export const NO_VALUE_MESSAGE = 'no value received from SLI provider'
/** Keptn prints the score of a failed objective, which is always this. */
const KEY_FAILURE_MESSAGE = 'failed evaluation with score 0.000000'
const WARNING_SHARE = 0.5

/** Criteria are known to parse: `lintSlo` ran before. */
export function evaluateObjective(
  objective: SloObjective,
  value: IndicatorValue | undefined,
  baseline: Baseline,
): ObjectiveOutcome {
  const common = { objective, baseline, keyFailure: undefined }
  if (objective.pass === null || objective.pass.length === 0) {
    return {
      ...common,
      status: 'info',
      score: 0,
      value: value ?? null,
      passTargets: [],
      warningTargets: unmeasuredTargets(objective.warning, baseline),
    }
  }
  if (value === undefined || !value.success) {
    const missing = value ?? {
      metric: objective.sli,
      value: 0,
      success: false,
      message: NO_VALUE_MESSAGE,
    }
    return {
      ...common,
      status: 'fail',
      score: 0,
      value: { ...missing, comparedValue: 0 },
      passTargets: unmeasuredTargets(objective.pass, baseline),
      warningTargets: unmeasuredTargets(objective.warning, baseline),
      keyFailure: objective.keySli ? (missing.message ?? '') : undefined,
    }
  }
  return judgeMeasured(objective, value, baseline)
}

function judgeMeasured(
  objective: SloObjective,
  value: IndicatorValue,
  baseline: Baseline,
): ObjectiveOutcome {
  const pass = judgeSets(objective.pass ?? [], value.value, baseline.value)
  const hasWarning = objective.warning !== null && objective.warning.length > 0
  const warning = judgeSets(objective.warning ?? [], value.value, baseline.value)
  const common = {
    objective,
    baseline,
    value: { ...value, comparedValue: baseline.value ?? 0 },
    passTargets: pass.targets,
    warningTargets: hasWarning ? warning.targets : null,
    keyFailure: undefined,
  }
  if (pass.satisfied) return { ...common, status: 'pass', score: objective.weight }
  if (hasWarning && warning.satisfied) {
    return { ...common, status: 'warning', score: WARNING_SHARE * objective.weight }
  }
  const keyFailure = objective.keySli ? KEY_FAILURE_MESSAGE : undefined
  return { ...common, status: 'fail', score: 0, keyFailure }
}

/** OR over sets, AND within one. Every criterion is judged and reported, also after the answer is known. */
export function judgeSets(
  sets: readonly (readonly string[])[],
  measured: number,
  baseline: number | undefined,
): { readonly satisfied: boolean; readonly targets: readonly Target[] } {
  const targets: Target[] = []
  let satisfied = false
  for (const set of sets) {
    let holds = true
    for (const text of set) {
      const target = judgeCriterion(text, measured, baseline)
      targets.push(target)
      if (target.violated) holds = false
    }
    satisfied ||= holds
  }
  return { satisfied, targets }
}

export function judgeCriterion(
  text: string,
  measured: number,
  baseline: number | undefined,
): Target {
  const parsed = parseCriterion(text)
  if (!parsed.ok) return { criteria: text, targetValue: 0, violated: true }
  const { criterion } = parsed
  const target = targetOf(criterion, baseline)
  // The first evaluation has nothing to be compared with, so a relative criterion holds and its target stays 0.
  if (target === undefined) return { criteria: text, targetValue: 0, violated: false }
  return {
    criteria: text,
    targetValue: target,
    violated: !compare(measured, criterion.operator, target),
  }
}

/** Undefined: a relative criterion without a baseline. */
export function targetOf(criterion: Criterion, baseline: number | undefined): number | undefined {
  if (!criterion.relative) return criterion.value
  return baseline === undefined ? undefined : relativeTarget(criterion, baseline)
}

/** Without a value every criterion counts as violated; a relative one shows the bare baseline, as in Keptn. */
function unmeasuredTargets(
  sets: readonly (readonly string[])[] | null,
  baseline: Baseline,
): readonly Target[] {
  return (sets ?? []).flat().flatMap((text) => {
    const parsed = parseCriterion(text)
    if (!parsed.ok) return []
    const targetValue = parsed.criterion.relative ? (baseline.value ?? 0) : parsed.criterion.value
    return [{ criteria: text, targetValue, violated: true }]
  })
}
