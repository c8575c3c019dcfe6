import type { Evaluation } from '@tiphys/contract/evaluation.ts'
import { StoredExplanation } from '@tiphys/contract/explanation.ts'
import type { EvaluationOutcome } from '@tiphys/core/evaluation/evaluation.ts'
import { toEvaluation } from '@tiphys/core/evaluation/wire.ts'
import { completeExplanation } from '@tiphys/core/explanation/complete-explanation.ts'
import type { Explanation } from '@tiphys/core/explanation/explanation.ts'
import { recompute, reexplain } from '@tiphys/core/explanation/recompute.ts'
import { readSlo } from './slo-text.ts'

/** The report that was stored with an evaluation, as one of today; undefined when there is none, or it is not one of ours. */
export function readExplanation(stored: unknown): Explanation | undefined {
  const parsed = StoredExplanation.safeParse(stored)
  return parsed.success ? completeExplanation(parsed.data) : undefined
}

/** What is stored with `evaluation.finished`, as it was read. */
export type StoredVerdict = { readonly evaluation: Evaluation; readonly explanation: Explanation }

export type Recomputation =
  /** `evaluation` and `explanation` as they come out today. */
  | ({ readonly code: 'recomputed'; readonly outcome: EvaluationOutcome } & StoredVerdict)
  /** It ended before anything was judged: there is nothing to compute. */
  | { readonly code: 'not-judged' }

/** A verdict again, from what is stored with it and nothing else: no event, no provider, no earlier evaluation is asked. */
export function recomputeStored(stored: StoredVerdict): Recomputation {
  const { evaluation, explanation } = stored
  // Without a history nothing was evaluated: no slo.yaml, no window, no provider, or one that failed as a whole.
  if (explanation.baseline === null) return { code: 'not-judged' }
  const text = Buffer.from(evaluation.sloFileContent, 'base64').toString()
  const read = readSlo({ file: 'slo.yaml', text })
  if (!read.ok) return { code: 'not-judged' }
  const report = { slo: read.slo, evaluation, explanation }
  const outcome = recompute(report)
  const window = { start: evaluation.timeStart, end: evaluation.timeEnd }
  const { sloFileContent } = evaluation
  return {
    code: 'recomputed',
    outcome,
    evaluation: toEvaluation(outcome, { window, sloFileContent }),
    explanation: reexplain(report, outcome),
  }
}

/**
 * Where a verdict, computed again from its report, differs from what is stored; undefined where it is the same to the last number and
 * word. The stored one is as JSON left it.
 */
export function recomputeDifference(stored: {
  readonly evaluation: Evaluation
  readonly explanation: unknown
}): string | undefined {
  const explanation = readExplanation(stored.explanation)
  if (explanation === undefined) return 'there is no report of ours'
  const { evaluation } = stored
  const again = recomputeStored({ evaluation, explanation })
  if (again.code === 'not-judged') {
    const isEmpty = evaluation.indicatorResults === null && evaluation.score === 0
    return isEmpty ? undefined : 'it has results, and nothing that they were judged by'
  }
  return (
    differenceAt('evaluation', asJson(evaluation), asJson(again.evaluation)) ??
    differenceAt('explanation', asJson(explanation), asJson(again.explanation))
  )
}

function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/** The first place where two JSON values differ, as a path with both values. */
function differenceAt(path: string, stored: unknown, again: unknown): string | undefined {
  if (isContainer(stored) && isContainer(again)) {
    for (const key of new Set([...Object.keys(stored), ...Object.keys(again)])) {
      const difference = differenceAt(`${path}.${key}`, stored[key], again[key])
      if (difference !== undefined) return difference
    }
    return undefined
  }
  if (Object.is(stored, again)) return undefined
  return `${path} is ${JSON.stringify(stored)}, and comes out as ${JSON.stringify(again)}`
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
