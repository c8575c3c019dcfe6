import type { IndicatorStatus } from '@tiphys/contract/evaluation.ts'
import type { ExplainedObjective, Explanation, Verdict } from './explanation.ts'
import { formatNumber } from './number-format.ts'

/** What is different between two reports about the same measured values. */
export type VerdictChange = {
  /** `the verdict is pass (100) instead of fail (33.33)`: a sentence without its end. */
  readonly sentence: string
  readonly verdict: { readonly from: Verdict; readonly to: Verdict }
  /** Percent; null where nothing was scored. */
  readonly score: { readonly from: number | null; readonly to: number | null }
  /** In the order of the new file, removed ones last. */
  readonly objectives: readonly ObjectiveChange[]
}

export type ObjectiveChange = {
  readonly sli: string
  readonly name: string
  /** `changed`: another status, other points, weight or criteria. */
  readonly change: 'same' | 'changed' | 'added' | 'removed'
  /** null: there was none. */
  readonly from: ObjectiveState | null
  readonly to: ObjectiveState | null
  /** `error_rate: pass instead of fail, 1 of 1 points instead of 0 of 1`. */
  readonly text: string
}

export type ObjectiveState = {
  readonly status: IndicatorStatus
  readonly points: number
  readonly weight: number
  /** The arithmetic, or why there is none. */
  readonly reason: string
}

export function changeOf(before: Explanation, after: Explanation): VerdictChange {
  const verdict = { from: before.verdict, to: after.verdict }
  const score = { from: before.score?.value ?? null, to: after.score?.value ?? null }
  return {
    sentence: sentenceOf(verdict, score),
    verdict,
    score,
    objectives: objectiveChanges(before.objectives, after.objectives),
  }
}

function sentenceOf(verdict: VerdictChange['verdict'], score: VerdictChange['score']): string {
  const [from, to] = [worded(verdict.from, score.from), worded(verdict.to, score.to)]
  return from === to ? `The verdict stays ${to}` : `The verdict is ${to} instead of ${from}`
}

function worded(verdict: Verdict, score: number | null): string {
  return score === null ? verdict : `${verdict} (${formatNumber(score)})`
}

/** The same indicator in two objectives: the first is compared with the first, the second with the second. */
function objectiveChanges(
  before: readonly ExplainedObjective[],
  after: readonly ExplainedObjective[],
): readonly ObjectiveChange[] {
  const left = new Map<string, ExplainedObjective[]>()
  for (const one of before) left.set(one.sli, [...(left.get(one.sli) ?? []), one])
  const changes = after.map((one) => changeBetween(left.get(one.sli)?.shift(), one))
  const removed = [...left.values()].flat().map((one) => changeBetween(one, undefined))
  return [...changes, ...removed]
}

function changeBetween(
  before: ExplainedObjective | undefined,
  after: ExplainedObjective | undefined,
): ObjectiveChange {
  const { sli = '', name = '' } = after ?? before ?? {}
  const [from, to] = [stateOf(before), stateOf(after)]
  const change = kindOf(from, to)
  return { sli, name, change, from, to, text: textOf(name, change, from, to) }
}

function stateOf(objective: ExplainedObjective | undefined): ObjectiveState | null {
  if (objective === undefined) return null
  const { status, points, weight, reason } = objective
  return { status, points, weight, reason }
}

function kindOf(from: ObjectiveState | null, to: ObjectiveState | null): ObjectiveChange['change'] {
  if (from === null) return 'added'
  if (to === null) return 'removed'
  const isSame =
    from.status === to.status &&
    from.points === to.points &&
    from.weight === to.weight &&
    from.reason === to.reason
  return isSame ? 'same' : 'changed'
}

function textOf(
  name: string,
  change: ObjectiveChange['change'],
  from: ObjectiveState | null,
  to: ObjectiveState | null,
): string {
  if (change === 'added') return `${name} is new: ${stateText(to)}`
  if (change === 'removed') return `${name} is gone: it was ${stateText(from)}`
  if (change === 'same') return `${name} stays ${stateText(to)}`
  const [before, after] = [stateText(from), stateText(to)]
  if (before === after) return `${name} stays ${after}, now because ${to?.reason ?? ''}`
  return `${name} is ${after} instead of ${before}: ${to?.reason ?? ''}`
}

/** `fail with 0 of 1`, `info`. */
function stateText(state: ObjectiveState | null): string {
  if (state === null || state.status === 'info') return 'info'
  return `${state.status} with ${formatNumber(state.points)} of ${formatNumber(state.weight)}`
}
