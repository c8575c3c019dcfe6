import type { Evaluation, IndicatorResult } from '@tiphys/contract/evaluation.ts'
import type { GetSliTriggered } from '@tiphys/contract/get-sli.ts'
import type { PreviousEvaluationFile } from '@tiphys/contract/offline-gate.ts'
import type { Slo } from '../slo/slo.ts'
import type { PreviousEvaluation } from './baseline.ts'
import type { EvaluationOutcome } from './evaluation.ts'
import type { ObjectiveOutcome } from './objective.ts'
import type { EvaluationWindow } from './window.ts'

export type EvaluationFrame = {
  readonly window: Pick<EvaluationWindow, 'start' | 'end'> | undefined
  /** base64 of slo.yaml as it was read; empty when there was none. */
  readonly sloFileContent: string
}

/** The `evaluation` object of `evaluation.finished`, key by key as Keptn sends it (facts/keptn-v1.md 3.7). */
export function toEvaluation(outcome: EvaluationOutcome, frame: EvaluationFrame): Evaluation {
  return {
    timeStart: frame.window?.start ?? '',
    timeEnd: frame.window?.end ?? '',
    result: outcome.evaluatedResult,
    score: outcome.score,
    sloFileContent: frame.sloFileContent,
    indicatorResults: outcome.objectives?.map(toIndicatorResult) ?? null,
    comparedEvents: outcome.compared.map((evaluation) => evaluation.id),
  }
}

function toIndicatorResult(outcome: ObjectiveOutcome): IndicatorResult {
  const isJudged = outcome.status !== 'info' && outcome.value?.success === true
  return {
    score: outcome.score,
    value: outcome.value === null ? null : { comparedValue: 0, message: '', ...outcome.value },
    displayName: outcome.objective.displayName,
    passTargets: [...outcome.passTargets],
    warningTargets: outcome.warningTargets === null ? null : [...outcome.warningTargets],
    // Keptn leaves this false where there was nothing to judge.
    keySli: isJudged && outcome.objective.keySli,
    status: outcome.status,
  }
}

/** The object of an evaluation that ended before anything was evaluated. */
export function emptyEvaluation(result: 'pass' | 'fail', frame: EvaluationFrame): Evaluation {
  return {
    timeStart: frame.window?.start ?? '',
    timeEnd: frame.window?.end ?? '',
    result,
    score: 0,
    sloFileContent: frame.sloFileContent,
    indicatorResults: null,
  }
}

/** An earlier `evaluation` object, ours or Keptn's, as something to compare with. */
export function toPreviousEvaluation(
  id: string,
  result: string,
  evaluation: PreviousEvaluationFile,
): PreviousEvaluation {
  const values = (evaluation.indicatorResults ?? []).flatMap(({ value }) =>
    value === null || value === undefined
      ? []
      : [{ metric: value.metric, value: value.value ?? 0, success: value.success ?? false }],
  )
  return { id, result, values }
}

/** What a provider outside of this process is asked (facts/keptn-v1.md 3.2): for its own indicators, where others are asked too. */
export function toGetSli(
  slo: Slo,
  sliProvider: string,
  window: Pick<EvaluationWindow, 'start' | 'end'>,
  indicators: readonly string[],
): GetSliTriggered {
  return {
    sliProvider,
    start: window.start,
    end: window.end,
    indicators,
    customFilters: Object.entries(slo.filter).map(([key, value]) => ({ key, value })),
  }
}
