import type { IndicatorValue } from '@tiphys/contract/evaluation.ts'
import { criteriaOf } from '../evaluation/criterion.ts'
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
  const { objectives } = outcome
  if (objectives === null || outcome.result === 'pass') return undefined
  // Vetoes have to go whatever they earn; after that the largest gain first needs the fewest indicators.
  const candidates = candidatesOf(objectives).toSorted(byWorth)
  const verdictAfter = (count: number) => verdictOf(slo, applied(objectives, candidates, count))
  if (verdictAfter(0).passes || !verdictAfter(candidates.length).passes) return undefined
  // Nothing passes before the last veto is gone, and each one after that only adds points: the first count that passes is found by halving.
  let fails = 0
  let passes = candidates.length
  while (passes - fails > 1) {
    const middle = Math.floor((fails + passes) / 2)
    if (verdictAfter(middle).passes) passes = middle
    else fails = middle
  }
  const changes = candidates.slice(0, passes).map(({ value }) => value)
  return { changes, score: verdictAfter(passes).score }
}

type Candidate = {
  readonly value: NeededValue
  /** The objectives that use the indicator, as they would be with this value. */
  readonly after: readonly Indexed[]
  readonly gain: number
  readonly liftsVeto: boolean
  /** Of the measured value, relative to it. */
  readonly distance: number
}

type Indexed = { readonly index: number; readonly outcome: ObjectiveOutcome }

function byWorth(left: Candidate, right: Candidate): number {
  return (
    Number(right.liftsVeto) - Number(left.liftsVeto) ||
    right.gain - left.gain ||
    left.distance - right.distance
  )
}

function applied(
  outcomes: readonly ObjectiveOutcome[],
  candidates: readonly Candidate[],
  count: number,
): readonly ObjectiveOutcome[] {
  const changed = [...outcomes]
  for (const { after } of candidates.slice(0, count)) {
    for (const { index, outcome } of after) changed[index] = outcome
  }
  return changed
}

/** For each indicator that loses points or vetoes: its best value, over all objectives that use it. */
function candidatesOf(outcomes: readonly ObjectiveOutcome[]): readonly Candidate[] {
  const groups = new Map<string, Indexed[]>()
  const losing = new Set<string>()
  outcomes.forEach((outcome, index) => {
    const { sli } = outcome.objective
    const group = groups.get(sli)
    if (group === undefined) groups.set(sli, [{ index, outcome }])
    else group.push({ index, outcome })
    if (outcome.status === 'fail' || outcome.status === 'warning') losing.add(sli)
  })
  return [...losing].flatMap((sli) => {
    const group = groups.get(sli) ?? []
    const options = group
      .flatMap(({ outcome }) => neededValues(outcome))
      .map((value) => candidate(group, value))
      .filter((option) => option.gain > 0 || option.liftsVeto)
    const [best] = options.toSorted(byWorth)
    return best === undefined ? [] : [best]
  })
}

function candidate(group: readonly Indexed[], value: NeededValue): Candidate {
  const after = group.map(({ index, outcome }) => ({ index, outcome: withValue(outcome, value) }))
  const from = value.from ?? 0
  return {
    value,
    after,
    gain: pointsOf(after) - pointsOf(group),
    liftsVeto: hasVeto(group) && !hasVeto(after),
    distance: Math.abs(value.to - from) / Math.max(Math.abs(from), Number.MIN_VALUE),
  }
}

function hasVeto(group: readonly Indexed[]): boolean {
  return group.some(({ outcome }) => outcome.keyFailure !== undefined)
}

function pointsOf(group: readonly Indexed[]): number {
  return group.reduce((sum, { outcome }) => sum + outcome.score, 0)
}

/** The values nearest to the measured one that satisfy a set of pass criteria. */
function neededValues(outcome: ObjectiveOutcome): NeededValue[] {
  const { sli } = outcome.objective
  const from = outcome.value?.success === true ? outcome.value.value : null
  return (outcome.objective.pass ?? []).flatMap((set) => {
    const range = intersection(criteriaOf(set), outcome.baseline.value)
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

function withValue({ objective, baseline }: ObjectiveOutcome, { sli, to }: NeededValue) {
  const value: IndicatorValue = { metric: sli, value: to, success: true, message: '' }
  return evaluateObjective(objective, value, baseline)
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
