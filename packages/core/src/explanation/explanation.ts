import type { IndicatorStatus } from '@tiphys/contract/evaluation.ts'
import type { SliProblemCode, SliProblemKind } from '../evaluation/sli-value.ts'

/**
 * Why an evaluation ended as it did, as data: what the CLI, the UI, a pull request and an HTML report show, and what is stored beside
 * the verdict. JSON throughout; what does not exist is null.
 */
export type Explanation = {
  readonly version: 1
  /** `none`: no verdict; somebody has to look, nothing was measured. */
  readonly verdict: Verdict
  /** The verdict and its reason in one sentence, to stand first. */
  readonly sentence: string
  /** What to do about it, where there is no verdict. */
  readonly advice: string | null
  readonly subject: Subject
  readonly window: ExplainedWindow | null
  readonly score: ExplainedScore | null
  readonly objectives: readonly ExplainedObjective[]
  readonly baseline: ExplainedHistory | null
  /** The smallest change of measured values with which it would have passed; null for a pass, and where there is none. */
  readonly counterfactual: Counterfactual | null
  readonly notes: readonly string[]
}

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

export type ExplainedObjective = {
  readonly sli: string
  /** Display name, else the sli. */
  readonly name: string
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
  readonly baseline: ExplainedBaseline | null
  /** One line: the arithmetic, or why there is none. */
  readonly reason: string
  readonly provider: string | null
  readonly query: string | null
  readonly link: string | null
}

export type Measurement =
  | { readonly kind: 'measured'; readonly value: number; readonly text: string }
  | {
      /** `missing`: nothing was sent about it, or no more than that it failed. */
      readonly kind: SliProblemKind | 'missing'
      readonly problem: SliProblemCode | null
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

export type ExplainedBaseline = {
  readonly value: number
  /** Change against it in percent; null where it is 0 or nothing was measured. */
  readonly changePercent: number | null
  /** `average of 3 runs`, `the previous run`, `p90 of 5 runs`. */
  readonly of: string
  readonly runs: readonly { readonly id: string; readonly value: number }[]
}

export type ExplainedHistory = {
  readonly compareWith: string
  readonly includeResultWithScore: string
  readonly aggregateFunction: string
  /** Evaluations that were looked at, newest first. */
  readonly evaluations: readonly { readonly id: string; readonly result: string }[]
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
