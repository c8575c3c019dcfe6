import type { Evaluation, IndicatorResult } from '@tiphys/contract/evaluation.ts'
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
