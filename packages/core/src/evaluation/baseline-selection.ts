import type { SloComparison } from '../slo/slo.ts'
import type { EvaluationOrigin, PreviousEvaluation, Unfit } from './baseline.ts'

/** Which earlier evaluations count, and why the others do not. */
export type BaselineSelection = {
  /** Newest first; the pinned reference alone where there is one that counts. */
  readonly compared: readonly PreviousEvaluation[]
  /** Newest first, at most `MAX_LEFT_OUT`. */
  readonly leftOut: readonly LeftOut[]
  /** No older one could change anything. */
  readonly isFull: boolean
  /** What was answered otherwise than slo.yaml says, a sentence each. */
  readonly notes: readonly string[]
}

/** An earlier evaluation that was looked at and does not count. */
export type LeftOut = EvaluationOrigin & {
  /** Id of its `evaluation.finished` event. */
  readonly id: string
  readonly reason: LeftOutReason
  /** `invalidated by ann: wrong load profile`: part of a sentence, without its end. */
  readonly text: string
  readonly result: string
}

export type LeftOutReason =
  | Unfit['code']
  /** There is a pinned reference, and this is not it. */
  | 'not-pinned'
  /** `include_result_with_score` leaves its result out. */
  | 'result'
  /** Its labels are not those that `comparison` wants. */
  | 'labels'
  /** Enough newer ones count. */
  | 'older'

/** Whoever asks why one is missing asks for a recent one; a report is stored with every verdict. */
export const MAX_LEFT_OUT = 20

/** compare_with is neither of the two words. */
const DEFAULT_HISTORY = 3

type Labels = Readonly<Record<string, string>>
type Reason = Pick<LeftOut, 'reason' | 'text'>

/**
 * Which earlier evaluations count, newest first (facts/keptn-v1.md 3.3): filter by overall result and labels first, then take as many
 * as the file says. An evaluation without a usable value still takes its place, as in Keptn. A pinned reference answers alone,
 * whatever its result; where it does not count itself, the newest are compared with, and a note says so (docs/adr/0009).
 */
export function selectBaseline(
  newestFirst: readonly PreviousEvaluation[],
  comparison: SloComparison,
  labels: Labels = {},
): BaselineSelection {
  const { reference, notes } = referenceOf(newestFirst, comparison, labels)
  const limit = historyLimit(comparison)
  const results = includedResults(comparison.includeResultWithScore)
  const compared: PreviousEvaluation[] = []
  const leftOut: LeftOut[] = []
  for (const evaluation of newestFirst) {
    const reason = reference
      ? reasonBesideReference(evaluation, reference)
      : (reasonOf(evaluation, comparison, results, labels) ??
        (compared.length < limit ? undefined : older(limit)))
    if (reason === undefined) compared.push(evaluation)
    else if (leftOut.length < MAX_LEFT_OUT) leftOut.push(leaveOut(evaluation, reason))
    else if (reference === undefined && compared.length >= limit) break
  }
  const isFull = reference !== undefined || compared.length >= limit
  return { compared, leftOut, isFull, notes }
}

export function historyLimit(comparison: SloComparison): number {
  if (comparison.compareWith === 'single_result') return 1
  if (comparison.compareWith === 'several_results') return comparison.numberOfComparisonResults
  return DEFAULT_HISTORY
}

/** The pinned one, unless it was taken back or measured something else. */
function referenceOf(
  newestFirst: readonly PreviousEvaluation[],
  comparison: SloComparison,
  labels: Labels,
): { readonly reference: PreviousEvaluation | undefined; readonly notes: readonly string[] } {
  const pinned = newestFirst.find((evaluation) => evaluation.pinned !== undefined)
  if (pinned?.pinned === undefined) return { reference: undefined, notes: [] }
  const name = `the pinned reference (${whoAndWhy('pinned', pinned.pinned)})`
  const reason = unfitReason(pinned) ?? labelReason(pinned, comparison, labels)
  if (reason === undefined) {
    const notes = [
      `${name} alone is compared with; compare_with and include_result_with_score do not apply`,
    ]
    return { reference: pinned, notes }
  }
  const notes = [
    `${name} does not count: ${reason.text}; the newest evaluations are compared with instead`,
  ]
  return { reference: undefined, notes }
}

function reasonBesideReference(
  evaluation: PreviousEvaluation,
  reference: PreviousEvaluation,
): Reason | undefined {
  if (evaluation === reference) return undefined
  const text = 'not the pinned reference'
  return unfitReason(evaluation) ?? { reason: 'not-pinned', text }
}

function reasonOf(
  evaluation: PreviousEvaluation,
  comparison: SloComparison,
  results: readonly string[] | undefined,
  labels: Labels,
): Reason | undefined {
  const { result } = evaluation
  const unfit = unfitReason(evaluation)
  if (unfit !== undefined) return unfit
  if (results !== undefined && !results.includes(result)) {
    const { includeResultWithScore } = comparison
    const text = `its result was ${result || 'not told'}; include_result_with_score is ${includeResultWithScore}`
    return { reason: 'result', text }
  }
  return labelReason(evaluation, comparison, labels)
}

function unfitReason({ unfit }: PreviousEvaluation): Reason | undefined {
  return unfit && { reason: unfit.code, text: unfitText(unfit) }
}

/** Part of a sentence: `invalidated by ann: wrong load profile`. */
export function unfitText(unfit: Unfit): string {
  switch (unfit.code) {
    case 'invalidated':
      return whoAndWhy('invalidated', unfit)
    case 'untrusted':
      return `told by ${unfit.by === '' ? 'somebody' : unfit.by}, to whom the task was not left`
    case 'without-values':
      return 'it ended before anything was evaluated'
    case 'deleted':
      return 'it was deleted'
  }
}

/** The first label that differs. One that neither has does not differ. */
function labelReason(
  { labels: theirs = {} }: PreviousEvaluation,
  comparison: SloComparison,
  ours: Labels,
): Reason | undefined {
  for (const [name, wanted] of Object.entries(comparison.labels)) {
    const found = labelAt(theirs, name)
    if (found === wanted) continue
    const text = `label ${name} is ${found ?? 'not set'}; comparison.labels wants ${wanted}`
    return { reason: 'labels', text }
  }
  for (const name of comparison.sameLabels) {
    const [there, here] = [labelAt(theirs, name), labelAt(ours, name)]
    if (there === here) continue
    const text = `label ${name} is ${there ?? 'not set'} there and ${here ?? 'not set'} here`
    return { reason: 'labels', text }
  }
  return undefined
}

function labelAt(labels: Labels, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined
}

function older(limit: number): Reason {
  const text = limit === 1 ? 'older than the one that counts' : `older than the ${limit} that count`
  return { reason: 'older', text }
}

/** `pinned by ann: the release before the rewrite`, as far as it is known. */
function whoAndWhy(
  what: string,
  { by, reason }: { readonly by: string; readonly reason: string },
): string {
  return `${what}${by === '' ? '' : ` by ${by}`}${reason === '' ? '' : `: ${reason}`}`
}

function leaveOut(evaluation: PreviousEvaluation, reason: Reason): LeftOut {
  const { values: _values, unfit: _unfit, pinned: _pinned, ...origin } = evaluation
  return { ...origin, ...reason }
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
