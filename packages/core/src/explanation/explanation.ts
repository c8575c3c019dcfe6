import type { IndicatorStatus } from '@tiphys/contract/evaluation.ts'
import type { SeriesPoint } from '../evaluation/series.ts'
import type { SliProblemKind } from '../evaluation/sli-value.ts'

/**
 * Why an evaluation ended as it did, as data: what the CLI, the UI, a pull request and an HTML report show, and what is stored beside
 * the verdict. JSON throughout; what does not exist is null. Together with the `evaluation` object it holds everything that the
 * verdict was computed from (`recompute.ts`). Stored ones of version 1 become this one in `complete-explanation.ts`.
 */
export type Explanation = {
  readonly version: typeof EXPLANATION_VERSION
  /** `none`: no verdict; somebody has to look, nothing was measured. */
  readonly verdict: Verdict
  /** The verdict and its reason in one sentence, to stand first. */
  readonly sentence: string
  /** What to do about it, where there is no verdict. */
  readonly advice: string | null
  readonly subject: Subject
  readonly window: ExplainedWindow | null
  readonly score: ExplainedScore | null
  /** What took points or vetoed: vetoes first, then what cost most. Empty where nothing was lost. */
  readonly causes: readonly ExplainedCause[]
  /** In the order of slo.yaml. */
  readonly objectives: readonly ExplainedObjective[]
  readonly baseline: ExplainedHistory | null
  /** The smallest change of measured values with which it would have passed; null for a pass, and where there is none. */
  readonly counterfactual: Counterfactual | null
  /** What a provider said that called its own answer a failure; null: none did. */
  readonly providerFailure: string | null
  /** Indicators that were sent and that no objective names. */
  readonly additionalSlis: readonly string[]
  readonly notes: readonly string[]
}

export const EXPLANATION_VERSION = 2

export type Verdict = 'pass' | 'warning' | 'fail' | 'none'

export type Subject = {
  readonly project: string | null
  readonly stage: string | null
  readonly service: string | null
  readonly version: string | null
}

export type ExplainedWindow = {
  readonly start: string
  readonly end: string
  readonly durationMs: number
}

export type ExplainedScore = {
  /** Percent. */
  readonly value: number
  readonly needed: number
  /** From here on a warning; null: there is no warning band. */
  readonly warning: number | null
  readonly points: number
  readonly maximumPoints: number
}

export type ExplainedCause = {
  /** Its index in `objectives`. */
  readonly objective: number
  readonly sli: string
  readonly name: string
  /** A key indicator that failed: it decides alone, whatever the score. */
  readonly veto: boolean
  /** Of the percentage. */
  readonly lostScore: number
  /** `error_rate was 1.84 %, above its limit of 1 %`: a sentence without its end. */
  readonly text: string
}

export type ExplainedObjective = {
  readonly sli: string
  /** Display name, else the sli. */
  readonly name: string
  /** What judged it. Others than `criteria` may come; then its sets are empty and `reason` says what they found. */
  readonly judge: string
  readonly status: IndicatorStatus
  readonly keySli: boolean
  readonly points: number
  readonly weight: number
  /** How many points of the percentage this objective cost. */
  readonly lostScore: number
  readonly measurement: Measurement
  readonly unit: string | null
  /** null: the file names no pass criteria, so it is reported only. */
  readonly pass: readonly ExplainedSet[] | null
  readonly warning: readonly ExplainedSet[] | null
  /** How far it is from passing, or from not passing; null where it is reported only, or nothing passes. */
  readonly margin: ExplainedMargin | null
  readonly baseline: ExplainedBaseline | null
  /** One line: the arithmetic, or why there is none. */
  readonly reason: string
  readonly provider: string | null
  /** As sent, with everything filled in. */
  readonly query: string | null
  /** Where a person can look at the same numbers. Somebody else's text: see `web-link.ts` before it is made a link. */
  readonly link: string | null
  readonly series: ExplainedSeries | null
  /** What the provider had to say about its own answer. */
  readonly remarks: readonly string[]
}

export type Measurement =
  | { readonly kind: 'measured'; readonly value: number; readonly text: string }
  | {
      /** `missing`: nothing was sent about it, or no more than that it failed. */
      readonly kind: SliProblemKind | 'missing'
      /** `SliProblemCode`, or one that a later version knows. */
      readonly problem: string | null
      readonly message: string
    }

/** All criteria of a set must hold. */
export type ExplainedSet = {
  readonly satisfied: boolean
  readonly criteria: readonly ExplainedCriterion[]
}

export type ExplainedCriterion = {
  /** As written in slo.yaml. */
  readonly criterion: string
  readonly satisfied: boolean
  /** The number it came to; null where there was nothing to compare with, so that it holds. */
  readonly target: number | null
  /** `312 ms > 300 ms = 250 ms × 1.2, average of 3 runs`; empty without a measurement. */
  readonly arithmetic: string
  /** `300 ms (250 ms × 1.2, average of 3 runs)`. */
  readonly limit: string
}

/** The bounds of the pass criteria that lie nearest. */
export type ExplainedMargin = {
  /** `passes at ≤ 300 ms; 12 ms over`, `passes at ≤ 300 ms; 50 ms to spare`. */
  readonly text: string
  /** null: open to that side. */
  readonly low: ExplainedBound | null
  readonly high: ExplainedBound | null
  /** To the nearest bound: positive inside, negative outside; null without a value or without bounds. */
  readonly distance: number | null
}

export type ExplainedBound = { readonly limit: number; readonly inclusive: boolean }

export type ExplainedBaseline = {
  readonly value: number
  /** Change against it in percent; null where it is 0 or nothing was measured. */
  readonly changePercent: number | null
  /** `average of 3 runs`, `the previous run`, `p90 of 5 runs`. */
  readonly of: string
  readonly runs: readonly { readonly id: string; readonly value: number }[]
}

export type ExplainedSeries = {
  /** Oldest first, milliseconds since 1970. */
  readonly points: readonly SeriesPoint[]
  /** How they became the one value that was judged: `avg`, `max`, … */
  readonly of: string
}

export type ExplainedHistory = {
  readonly compareWith: string
  readonly includeResultWithScore: string
  readonly aggregateFunction: string
  /** Evaluations that were compared with, newest first. */
  readonly evaluations: readonly ComparedRun[]
  /** Evaluations that were looked at and do not count, newest first. */
  readonly leftOut: readonly LeftOutRun[]
  /** What was answered otherwise than slo.yaml says. */
  readonly notes: readonly string[]
}

/** An earlier evaluation, as far as it is known. */
export type ExplainedRun = {
  /** Of its `evaluation.finished` event. */
  readonly id: string
  readonly result: string
  /** Of its `evaluation.triggered` event: what the API calls it by. */
  readonly triggeredId: string | null
  readonly context: string | null
  /** When it ended, milliseconds since 1970. */
  readonly timeMs: number | null
  readonly version: string | null
}

export type ComparedRun = ExplainedRun & {
  /** Somebody made it the reference, so that it alone is compared with. */
  readonly pinned: { readonly by: string; readonly reason: string } | null
}

export type LeftOutRun = ExplainedRun & {
  /** `LeftOutReason`, or one that a later version knows. */
  readonly reason: string
  /** `invalidated by ann: wrong load profile`: a sentence without its end. */
  readonly text: string
}

export type Counterfactual = {
  readonly sentence: string
  readonly score: number
  readonly changes: readonly CounterfactualChange[]
}

export type CounterfactualChange = {
  readonly sli: string
  readonly name: string
  /** null: it had no value. */
  readonly from: number | null
  readonly to: number
  /** Which side of `to` is as good: `at most 300 ms`. */
  readonly text: string
}
