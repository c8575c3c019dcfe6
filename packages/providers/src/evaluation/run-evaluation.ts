import type { PreviousEvaluation } from '@tiphys/core/evaluation/baseline.ts'
import { evaluate } from '@tiphys/core/evaluation/evaluation.ts'
import {
  type SliDetail,
  type SliValue,
  toIndicatorValue,
} from '@tiphys/core/evaluation/sli-value.ts'
import { toEvaluation } from '@tiphys/core/evaluation/wire.ts'
import { explain } from '@tiphys/core/explanation/explain.ts'
import type { SloComparison } from '@tiphys/core/slo/slo.ts'
import { hasValues, type ToldAnswer } from '../sli/remote-sli.ts'
import { askProviders, type ProvidedValues, type ProviderSources } from './ask-providers.ts'
import {
  type EvaluationAnswer,
  type EvaluationTask,
  endedAnswer,
  type PreparedEvaluation,
  prepareEvaluation,
  unexpectedError,
} from './prepare-evaluation.ts'

export type EvaluationRun = EvaluationTask &
  ProviderSources & {
    /** Newest first, also those that do not count; asked for only when there is something to judge. */
    readonly previousEvaluations: (wish: HistoryWish) => Promise<readonly PreviousEvaluation[]>
  }

/** How far back it has to go. */
export type HistoryWish = {
  readonly comparison: SloComparison
  /** Of this run. */
  readonly labels: Readonly<Record<string, string>>
}

/**
 * One whole evaluation, from the event's data to the payload of `evaluation.finished`. Never throws for what users or providers do wrong:
 * that is in the answer, with the reason. Throws when `signal` aborts.
 */
export async function runEvaluation(run: EvaluationRun): Promise<EvaluationAnswer> {
  const preparation = prepareEvaluation(run)
  if (preparation.code === 'ended') return preparation.answer
  const { prepared } = preparation
  const asked = await askProviders(prepared, run)
  if (asked.code === 'nobody') return endedAnswer('none', unexpectedError(asked.message), prepared)
  const { comparison } = prepared.slo
  const previous = await run.previousEvaluations({ comparison, labels: run.labels })
  return finishEvaluation(prepared, asked, previous)
}

/** From values to verdict, payload and report (facts/keptn-v1.md 3.2 to 3.7). */
export function finishEvaluation(
  prepared: PreparedEvaluation,
  provided: ProvidedValues,
  previous: readonly PreviousEvaluation[],
): EvaluationAnswer {
  const { values, told } = provided
  const refusal = refusalOf(prepared, told)
  if (refusal !== undefined) return endedAnswer('none', refusal, prepared)
  const failed = told.find(({ status, result }) => hasValues(status) && result === 'fail')
  const { slo, window, sloFileContent, subject, notes } = prepared
  const outcome = evaluate({
    slo,
    labels: prepared.scope.labels,
    values: values.map(toIndicatorValue),
    previous,
    ...(failed && { providerFailure: failed.message }),
  })
  return {
    status: outcome.status,
    result: outcome.result,
    message: outcome.message,
    evaluation: toEvaluation(outcome, { window, sloFileContent }),
    explanation: explain({ slo, outcome, subject, window, notes, details: detailsOf(values) }),
  }
}

/** Providers outside that failed as a whole, where they were the only ones: then there is nothing to judge, in Keptn's words. */
function refusalOf(
  { providers }: PreparedEvaluation,
  told: readonly ToldAnswer[],
): string | undefined {
  const failed = told.filter(({ status }) => !hasValues(status))
  const owners = new Set(providers.values())
  if (owners.size === 0 || failed.length < owners.size) return undefined
  if (failed.every(({ status }) => status === 'aborted')) {
    return 'evaluation performed by lighthouse was aborted'
  }
  return unexpectedError(failed.map(({ message }) => message).join('; '))
}

function detailsOf(values: readonly SliValue[]): Readonly<Record<string, SliDetail>> {
  return Object.fromEntries(values.map((value) => [value.metric, value.detail]))
}
