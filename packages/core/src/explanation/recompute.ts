import type { Evaluation, IndicatorValue } from '@tiphys/contract/evaluation.ts'
import type { EvaluationOrigin, PreviousEvaluation, PreviousValue } from '../evaluation/baseline.ts'
import type { LeftOut } from '../evaluation/baseline-selection.ts'
import {
  type ChosenRuns,
  type EvaluationOutcome,
  evaluateAgainst,
} from '../evaluation/evaluation.ts'
import type { SliDetail, SliProblemCode } from '../evaluation/sli-value.ts'
import type { Slo } from '../slo/slo.ts'
import { explain } from './explain.ts'
import type {
  ExplainedHistory,
  ExplainedObjective,
  ExplainedRun,
  Explanation,
} from './explanation.ts'

/** What `evaluation.finished` stores, with the slo.yaml of `evaluation.sloFileContent` as it reads today. */
export type StoredReport = {
  readonly slo: Slo
  readonly evaluation: Pick<Evaluation, 'indicatorResults'>
  readonly explanation: Explanation
}

/**
 * The verdict again, from nothing but its report: the measured values of `indicatorResults`, the values of the runs compared with, and
 * what a provider said of its own answer. Reports of version 1 do not tell the last; their score is the same, their result may differ.
 */
export function recompute({ slo, evaluation, explanation }: StoredReport): EvaluationOutcome {
  const { providerFailure } = explanation
  return evaluateAgainst(
    {
      slo,
      values: measuredValues(evaluation, explanation),
      ...(providerFailure !== null && { providerFailure }),
    },
    selectionOf(explanation),
  )
}

/** The whole report again. It is the stored one, word for word, where the words have not changed since. */
export function reexplain(report: StoredReport, outcome: EvaluationOutcome): Explanation {
  const { slo, explanation } = report
  const { subject, window, notes, objectives } = explanation
  return explain({
    slo,
    outcome,
    subject,
    window: window === null ? undefined : { ...window, startMs: 0, endMs: window.durationMs },
    details: Object.fromEntries(objectives.flatMap(detailOf)),
    notes,
  })
}

export function measuredValues(
  { indicatorResults }: StoredReport['evaluation'],
  { additionalSlis, objectives }: Explanation,
): readonly IndicatorValue[] {
  const results = indicatorResults ?? []
  // An indicator that nobody sent is null where it is reported only, and filled in where it is judged.
  const unsent = new Set(
    results.flatMap(({ value }, index) => (value === null ? [objectives[index]?.sli] : [])),
  )
  // The first of a name counts; one that is reported only stands there as it was sent, others with what they were compared with.
  const asSentFirst = [
    ...results.filter(({ status }) => status === 'info'),
    ...results.filter(({ status }) => status !== 'info'),
  ]
  const values = asSentFirst.flatMap(({ value }) =>
    value === null || unsent.has(value.metric) ? [] : [value],
  )
  // Only their names were kept: no objective reads their values.
  const additional = additionalSlis.map((metric) => ({ metric, value: 0, success: false }))
  return [...values, ...additional]
}

/** What it was compared with, and what was left out. */
export function selectionOf({ baseline, objectives }: Explanation): ChosenRuns {
  if (baseline === null) return { compared: [], leftOut: [], notes: [] }
  const values = comparedValues(baseline, objectives)
  const compared = baseline.evaluations.map(
    (run, index): PreviousEvaluation => ({
      ...originOf(run),
      id: run.id,
      result: run.result,
      ...(run.pinned !== null && { pinned: run.pinned }),
      values: values[index] ?? [],
    }),
  )
  const leftOut = baseline.leftOut.map((run) => ({
    ...originOf(run),
    id: run.id,
    result: run.result,
    // Any word that a report of ours can hold is one of them.
    reason: run.reason as LeftOut['reason'],
    text: run.text,
  }))
  return { compared, leftOut, notes: baseline.notes }
}

/** The values of each evaluation that was compared with; each objective lists those of its own indicator, in the same order. */
function comparedValues(
  { evaluations }: ExplainedHistory,
  objectives: readonly ExplainedObjective[],
): readonly (readonly PreviousValue[])[] {
  const values: PreviousValue[][] = evaluations.map(() => [])
  for (const { sli, baseline } of objectives) {
    let next = 0
    for (const run of baseline?.runs ?? []) {
      const found = evaluations.findIndex(({ id }, index) => index >= next && id === run.id)
      if (found < 0) continue
      values[found]?.push({ metric: sli, value: run.value, success: true })
      next = found + 1
    }
  }
  return values
}

function originOf({ triggeredId, context, timeMs, version }: ExplainedRun): EvaluationOrigin {
  return {
    ...(triggeredId !== null && { triggeredId }),
    ...(context !== null && { context }),
    ...(timeMs !== null && { timeMs }),
    ...(version !== null && { version }),
  }
}

function detailOf(objective: ExplainedObjective): [string, SliDetail][] {
  const { sli, provider, query, unit, link, series, remarks, measurement } = objective
  if (provider === null) return []
  const problem = measurement.kind === 'measured' ? null : measurement.problem
  const detail = {
    provider,
    ...(query !== null && { query }),
    ...(unit !== null && { unit }),
    ...(link !== null && { link }),
    // A series is written down with a word of `SeriesAggregate`, a problem with one of `SliProblemCode`.
    ...(series !== null && { series: series as SliDetail['series'] }),
    ...(remarks.length > 0 && { remarks }),
    ...(problem !== null && { problem: problem as SliProblemCode }),
  }
  return [[sli, detail as SliDetail]]
}
