import type { PreviousEvaluation } from '../evaluation/baseline.ts'
import type { LeftOut } from '../evaluation/baseline-selection.ts'
import type { EvaluationOutcome } from '../evaluation/evaluation.ts'
import type { SliDetail } from '../evaluation/sli-value.ts'
import type { EvaluationWindow } from '../evaluation/window.ts'
import { parsePercentage, type Slo } from '../slo/slo.ts'
import { rankedCauses } from './causes.ts'
import { smallestPassingChange } from './counterfactual.ts'
import { counterfactualSentence, neededText } from './counterfactual-sentence.ts'
import { explainObjective } from './explain-objective.ts'
import {
  type ComparedRun,
  type Counterfactual,
  EXPLANATION_VERSION,
  type ExplainedHistory,
  type ExplainedObjective,
  type ExplainedRun,
  type ExplainedScore,
  type ExplainedWindow,
  type Explanation,
  type LeftOutRun,
  type Subject,
  type Verdict,
} from './explanation.ts'
import { adviceFor, verdictSentence } from './sentence.ts'

export type ExplainInput = {
  readonly slo: Slo
  readonly outcome: EvaluationOutcome
  readonly subject: Subject
  readonly window: ExplainableWindow | undefined
  /** By SLI, where the provider says more than the wire carries. */
  readonly details: Readonly<Record<string, SliDetail>>
  readonly notes: readonly string[]
}

type ExplainableWindow = Pick<EvaluationWindow, 'start' | 'end' | 'startMs' | 'endMs'>

/** The report of an evaluation. Pure, and nothing in it that the input does not hold. */
export function explain(input: ExplainInput): Explanation {
  const { outcome, slo, subject, details } = input
  const verdict: Verdict = outcome.status === 'errored' ? 'none' : outcome.result
  const objectives = (outcome.objectives ?? []).map((found) => {
    const { sli } = found.objective
    const detail = Object.hasOwn(details, sli) ? details[sli] : undefined
    return explainObjective(found, detail, outcome.maximumScore)
  })
  const score = explainScore(slo, outcome)
  const causes = rankedCauses(objectives)
  const { cause, message, additionalSlis } = outcome
  const said = { verdict, subject, objectives, causes, score, cause, message }
  return {
    version: EXPLANATION_VERSION,
    verdict,
    sentence: verdictSentence(said),
    advice: adviceFor(said),
    subject,
    window: explainWindow(input.window),
    score,
    causes,
    objectives,
    baseline: explainHistory(slo, outcome),
    counterfactual: verdict === 'none' ? null : explainChange(slo, outcome, objectives),
    providerFailure: outcome.providerFailure ?? null,
    additionalSlis,
    notes: input.notes,
  }
}

/** The report of an evaluation that ended before anything was measured or judged. */
export function explainEnd(input: {
  readonly verdict: Verdict
  readonly subject: Subject
  readonly window: ExplainableWindow | undefined
  readonly message: string
  readonly notes: readonly string[]
}): Explanation {
  const { verdict, subject, message, notes } = input
  const nothing = { objectives: [], causes: [], score: null } as const
  const said = { ...nothing, verdict, subject, cause: 'ended', message } as const
  return {
    ...nothing,
    version: EXPLANATION_VERSION,
    verdict,
    sentence: verdictSentence(said),
    advice: null,
    subject,
    window: explainWindow(input.window),
    baseline: null,
    counterfactual: null,
    providerFailure: null,
    additionalSlis: [],
    notes,
  }
}

function explainScore(slo: Slo, outcome: EvaluationOutcome): ExplainedScore | null {
  const needed = parsePercentage(slo.totalScore.pass)
  if (outcome.objectives === null || needed === undefined) return null
  return {
    value: outcome.score,
    needed,
    warning: parsePercentage(slo.totalScore.warning) ?? null,
    points: outcome.reachedScore,
    maximumPoints: outcome.maximumScore,
  }
}

function explainWindow(window: ExplainableWindow | undefined): ExplainedWindow | null {
  if (window === undefined) return null
  const { start, end, startMs, endMs } = window
  return { start, end, durationMs: endMs - startMs }
}

function explainHistory({ comparison }: Slo, outcome: EvaluationOutcome): ExplainedHistory {
  return {
    compareWith: comparison.compareWith,
    includeResultWithScore: comparison.includeResultWithScore,
    aggregateFunction: comparison.aggregateFunction,
    evaluations: outcome.compared.map(
      (run): ComparedRun => ({ ...explainRun(run), pinned: run.pinned ?? null }),
    ),
    leftOut: outcome.leftOut.map(
      (run): LeftOutRun => ({ ...explainRun(run), reason: run.reason, text: run.text }),
    ),
    notes: outcome.baselineNotes,
  }
}

function explainRun(run: PreviousEvaluation | LeftOut): ExplainedRun {
  return {
    id: run.id,
    result: run.result,
    triggeredId: run.triggeredId ?? null,
    context: run.context ?? null,
    timeMs: run.timeMs ?? null,
    version: run.version ?? null,
  }
}

function explainChange(
  slo: Slo,
  outcome: EvaluationOutcome,
  objectives: readonly ExplainedObjective[],
): Counterfactual | null {
  // A provider that calls its own answer a failure fails it whatever the values are.
  if (outcome.cause !== 'scored') return null
  const change = smallestPassingChange(slo, outcome)
  if (change === undefined) return null
  // Of several that use an indicator the first gives its name.
  const bySli = new Map(objectives.toReversed().map((objective) => [objective.sli, objective]))
  const changes = change.changes.map((needed) => {
    const objective = bySli.get(needed.sli)
    const text = neededText(needed, objective?.unit ?? null)
    const { sli, from, to } = needed
    return { sli, name: objective?.name ?? sli, from, to, text }
  })
  return { changes, score: change.score, sentence: counterfactualSentence(changes, change.score) }
}
