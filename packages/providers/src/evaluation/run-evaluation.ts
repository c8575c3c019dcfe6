import { CONNECTION_KINDS } from '@tiphys/contract/connections/connections.ts'
import type { IndicatorValue } from '@tiphys/contract/evaluation.ts'
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
import { PROMETHEUS_PROVIDER } from '../prometheus/prometheus-provider.ts'
import { fetchValues, nobodyAsked, type ProviderQuestions } from '../sli/fetch-values.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import {
  type EvaluationAnswer,
  type EvaluationTask,
  endedAnswer,
  type PreparedEvaluation,
  prepareEvaluation,
  unexpectedError,
} from './prepare-evaluation.ts'

export type EvaluationRun = EvaluationTask & {
  /** Undefined for a name that is not built in here. */
  readonly provider: (name: string) => SliProvider | undefined
  /** Newest first, also those that do not count; asked for only when there is something to judge. */
  readonly previousEvaluations: (wish: HistoryWish) => Promise<readonly PreviousEvaluation[]>
  readonly signal?: AbortSignal
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
  const found = providersFor(prepared, run)
  if (!found.ok) return endedAnswer('none', unexpectedError(found.message), prepared)
  const { window, scope } = prepared
  const common = { window, scope, ...(run.signal && { signal: run.signal }) }
  const answers = await fetchValues(found.questions, common)
  const values = [...prepared.providers.keys()].map(
    (indicator) => answers.get(indicator) ?? nobodyAsked(indicator, Object.keys(prepared.queries)),
  )
  const { comparison } = prepared.slo
  const previous = await run.previousEvaluations({ comparison, labels: run.labels })
  return finishEvaluation(prepared, { code: 'measured', values }, previous)
}

type FoundProviders =
  | { readonly ok: true; readonly questions: readonly ProviderQuestions[] }
  | { readonly ok: false; readonly message: string }

/** Which adapters answer for which indicators; one that is missing ends the evaluation, since half of it would be judged as all of it. */
function providersFor(prepared: PreparedEvaluation, run: EvaluationRun): FoundProviders {
  const questions: ProviderQuestions[] = []
  for (const name of new Set(prepared.providers.values())) {
    if (name === null) continue
    const provider = run.provider(name)
    if (provider === undefined) return { ok: false, message: missing(name, run.project) }
    const indicators = [...prepared.providers].flatMap(([indicator, owner]) =>
      owner === name ? [indicator] : [],
    )
    questions.push({ provider, indicators, queries: prepared.queries[name] ?? {} })
  }
  return { ok: true, questions }
}

/** A provider that is built in and not connected is the operator's to mend, and nobody else's. */
function missing(provider: string, project: string): string {
  if (provider === PROMETHEUS_PROVIDER) {
    return `no Prometheus is connected for project ${project}: the server's tiphys.yaml needs it under providers.prometheus`
  }
  return Object.hasOwn(CONNECTION_KINDS, provider)
    ? `no connection ${provider} for project ${project}: the server's tiphys.yaml needs it under providers.${provider}`
    : `SLI provider ${provider} is not connected, and nobody answers for it`
}

/** What came of asking for values: measured here, or told by a provider outside with `get-sli.finished`. */
export type ProvidedValues =
  | { readonly code: 'measured'; readonly values: readonly SliValue[] }
  | {
      readonly code: 'told'
      readonly status?: string
      readonly result?: string
      readonly message?: string
      readonly values: readonly IndicatorValue[]
    }

/** From values to verdict, payload and report (facts/keptn-v1.md 3.2 to 3.7). */
export function finishEvaluation(
  prepared: PreparedEvaluation,
  provided: ProvidedValues,
  previous: readonly PreviousEvaluation[],
): EvaluationAnswer {
  if (provided.code === 'told' && provided.status === 'aborted') {
    return endedAnswer('none', 'evaluation performed by lighthouse was aborted', prepared)
  }
  if (provided.code === 'told' && provided.status === 'errored') {
    return endedAnswer('none', unexpectedError(provided.message ?? ''), prepared)
  }
  const isFailure = provided.code === 'told' && provided.result === 'fail'
  const { slo, window, sloFileContent, subject, notes } = prepared
  const outcome = evaluate({
    slo,
    labels: prepared.scope.labels,
    values: provided.code === 'told' ? provided.values : provided.values.map(toIndicatorValue),
    previous,
    ...(isFailure && { providerFailure: provided.message ?? '' }),
  })
  return {
    status: outcome.status,
    result: outcome.result,
    message: outcome.message,
    evaluation: toEvaluation(outcome, { window, sloFileContent }),
    explanation: explain({ slo, outcome, subject, window, notes, details: detailsOf(provided) }),
  }
}

function detailsOf(provided: ProvidedValues): Readonly<Record<string, SliDetail>> {
  if (provided.code === 'told') return {}
  return Object.fromEntries(provided.values.map((value) => [value.metric, value.detail]))
}
