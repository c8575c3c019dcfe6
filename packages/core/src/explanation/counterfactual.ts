import type { IndicatorValue } from '@tiphys/contract/evaluation.ts'
import { parsedSet } from '../evaluation/criterion.ts'
import type { EvaluationOutcome } from '../evaluation/evaluation.ts'
import { type Interval, intersection } from '../evaluation/interval.ts'
import { evaluateObjective, type ObjectiveOutcome } from '../evaluation/objective.ts'
import { totalScore } from '../evaluation/score.ts'
import type { Slo } from '../slo/slo.ts'
import { nextDown, nextUp } from './next-number.ts'

/** A value that an indicator would have needed, and the bound it comes from. */
export type NeededValue = {
  readonly sli: string
  readonly from: number | null
  readonly to: number
  readonly bound: { readonly limit: number; readonly side: 'low' | 'high' | 'both' | 'any' }
  /** `to` is the limit itself, else the next number inside of it. */
  readonly inclusive: boolean
}

export type PassingChange = { readonly changes: readonly NeededValue[]; readonly score: number }

/**
 * The fewest indicators whose values would have to be different for a pass, each with the nearest value that does it. What is
 * answered was tried: the objectives are evaluated and scored again with these values. Undefined when no values pass.
 */
export function smallestPassingChange(
  slo: Slo,
  outcome: EvaluationOutcome,
): PassingChange | undefined {
  if (outcome.objectives === null || outcome.result === 'pass') return undefined
  let current = outcome.objectives
  const changes: NeededValue[] = []
  const candidates = candidatesOf(current)
  // Vetoes have to go whatever they earn; after that the largest gain first needs the fewest indicators.
  const ordered = candidates.toSorted(
    (left, right) =>
      Number(right.liftsVeto) - Number(left.liftsVeto) ||
      right.gain - left.gain ||
      left.distance - right.distance,
  )
  for (const candidate of ordered) {
    if (verdictOf(slo, current).passes) break
    current = withValue(current, candidate.value)
    changes.push(candidate.value)
  }
  const verdict = verdictOf(slo, current)
  return verdict.passes && changes.length > 0 ? { changes, score: verdict.score } : undefined
}

type Candidate = {
  readonly value: NeededValue
  readonly gain: number
  readonly liftsVeto: boolean
  /** Of the measured value, relative to it. */
  readonly distance: number
}

/** For each indicator that loses points or vetoes: its best value, over all objectives that use it. */
function candidatesOf(outcomes: readonly ObjectiveOutcome[]): readonly Candidate[] {
  const losing = new Set(
    outcomes
      .filter((outcome) => outcome.status === 'fail' || outcome.status === 'warning')
      .map((outcome) => outcome.objective.sli),
  )
  return [...losing].flatMap((sli) => {
    const group = outcomes.filter((outcome) => outcome.objective.sli === sli)
    const options = group
      .flatMap((outcome) => neededValues(outcome))
      .map((value) => candidate(group, value))
      .filter((option) => option.gain > 0 || option.liftsVeto)
    const [best] = options.toSorted(
      (left, right) =>
        Number(right.liftsVeto) - Number(left.liftsVeto) ||
        right.gain - left.gain ||
        left.distance - right.distance,
    )
    return best === undefined ? [] : [best]
  })
}

function candidate(group: readonly ObjectiveOutcome[], value: NeededValue): Candidate {
  const after = withValue(group, value)
  const vetoes = (outcomes: readonly ObjectiveOutcome[]) =>
    outcomes.some((outcome) => outcome.keyFailure !== undefined)
  const from = value.from ?? 0
  return {
    value,
    gain: pointsOf(after) - pointsOf(group),
    liftsVeto: vetoes(group) && !vetoes(after),
    distance: Math.abs(value.to - from) / Math.max(Math.abs(from), Number.MIN_VALUE),
  }
}

function pointsOf(outcomes: readonly ObjectiveOutcome[]): number {
  return outcomes.reduce((sum, outcome) => sum + outcome.score, 0)
}

/** The values nearest to the measured one that satisfy a set of pass criteria. */
function neededValues(outcome: ObjectiveOutcome): NeededValue[] {
  const { sli } = outcome.objective
  const from = outcome.value?.success === true ? outcome.value.value : null
  return (outcome.objective.pass ?? []).flatMap((set) => {
    const criteria = parsedSet(set).flatMap((one) => (one.ok ? [one.criterion] : []))
    const range = intersection(criteria, outcome.baseline.value)
    return range === undefined ? [] : edgesOf(range).map((edge) => ({ sli, from, ...edge }))
  })
}

type Edge = Omit<NeededValue, 'sli' | 'from'>

function edgesOf({ low, high }: Interval): Edge[] {
  if (low === undefined && high === undefined) {
    return [{ to: 0, inclusive: true, bound: { limit: 0, side: 'any' } }]
  }
  if (low !== undefined && high !== undefined && low.limit === high.limit) {
    return [{ to: low.limit, inclusive: true, bound: { limit: low.limit, side: 'both' } }]
  }
  const edges: Edge[] = []
  if (low !== undefined) {
    const to = low.inclusive ? low.limit : nextUp(low.limit)
    edges.push({ to, inclusive: low.inclusive, bound: { limit: low.limit, side: 'low' } })
  }
  if (high !== undefined) {
    const to = high.inclusive ? high.limit : nextDown(high.limit)
    edges.push({ to, inclusive: high.inclusive, bound: { limit: high.limit, side: 'high' } })
  }
  return edges
}

function withValue(
  outcomes: readonly ObjectiveOutcome[],
  { sli, to }: NeededValue,
): readonly ObjectiveOutcome[] {
  const value: IndicatorValue = { metric: sli, value: to, success: true, message: '' }
  return outcomes.map((outcome) =>
    outcome.objective.sli === sli
      ? evaluateObjective(outcome.objective, value, outcome.baseline)
      : outcome,
  )
}

function verdictOf(
  slo: Slo,
  outcomes: readonly ObjectiveOutcome[],
): { readonly passes: boolean; readonly score: number } {
  const veto = outcomes.find((outcome) => outcome.keyFailure !== undefined)
  const total = totalScore({
    indicators: outcomes.map((outcome) => ({
      score: outcome.score,
      passTargetCount: outcome.passTargets.length,
    })),
    maximumScore: outcomes
      .filter((outcome) => (outcome.objective.pass?.length ?? 0) > 0)
      .reduce((sum, outcome) => sum + outcome.objective.weight, 0),
    totalScore: slo.totalScore,
    keyFailure: veto && { name: veto.objective.sli, message: veto.keyFailure ?? '' },
  })
  return total.ok
    ? { passes: total.result === 'pass', score: total.score }
    : { passes: false, score: 0 }
}
