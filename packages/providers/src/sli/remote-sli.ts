import type { Result, Status } from '@tiphys/contract/event.ts'
import {
  GET_SLI,
  GetSliFinished,
  type GetSliTriggered,
  ToldIndicatorValue,
} from '@tiphys/contract/get-sli.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { measured, type SliValue, unmeasured } from '@tiphys/core/evaluation/sli-value.ts'

/** A provider outside, asked with Keptn's `get-sli.triggered` (facts/keptn-v1.md 3.2). */
export interface RemoteSli {
  /** Asks once, also across restarts, and resolves when it is over: answered, or not in time. Rejects when the evaluation is over. */
  ask(question: RemoteQuestion): Promise<RemoteReply>
}

export type RemoteQuestion = {
  readonly getSli: GetSliTriggered
  /** `data.deployment`: only where the event names one. */
  readonly deployment?: string
}

export type RemoteReply = {
  /** `unanswered`: nobody answered, or nobody finished, in time; the message says who. */
  readonly code: 'answered' | 'unanswered'
  /** Of all who answered: the worst. */
  readonly status: Status
  readonly result: Result
  readonly message: string
  /** The data of each `get-sli.finished`, in the order they came. */
  readonly answers: readonly JsonObject[]
}

/** What a provider outside said of its answer as a whole. */
export type ToldAnswer = Pick<RemoteReply, 'status' | 'result' | 'message'> & {
  readonly provider: string
}

/**
 * The values of one provider outside: one for each indicator it was asked for, and those it sent besides. Where several services answered,
 * the first that has a value for an indicator counts. An answer that came as errored or aborted has no values.
 */
export function toldValues(
  provider: string,
  indicators: readonly string[],
  reply: RemoteReply,
): readonly SliValue[] {
  const detail = { provider }
  if (!hasValues(reply.status)) {
    const problem = reply.code === 'unanswered' ? 'unreachable' : 'provider-failed'
    const message = reply.message || `SLI provider ${provider} answered ${reply.status}`
    return indicators.map((indicator) => unmeasured(indicator, problem, message, detail))
  }
  const told = reply.answers.flatMap((data) => readAnswer(provider, data))
  const best = new Map<string, SliValue>()
  for (const value of told) {
    if (best.get(value.metric)?.success !== true) {
      if (value.success || !best.has(value.metric)) best.set(value.metric, value)
    }
  }
  const asked = indicators.map((indicator) => {
    const message = `SLI provider ${provider} sent no value for ${indicator}`
    return best.get(indicator) ?? unmeasured(indicator, 'no-data', message, detail)
  })
  return [...asked, ...[...best.values()].filter(({ metric }) => !indicators.includes(metric))]
}

/** A provider that could not do its work told nothing, whatever it sent. */
export function hasValues(status: Status): boolean {
  return status !== 'errored' && status !== 'aborted'
}

function readAnswer(provider: string, data: JsonObject): readonly SliValue[] {
  const answer = GetSliFinished.safeParse(data[GET_SLI] ?? {})
  return (answer.data?.indicatorValues ?? []).flatMap((item) => readValue(provider, item))
}

function readValue(provider: string, item: unknown): readonly SliValue[] {
  const parsed = ToldIndicatorValue.safeParse(item)
  const detail = { provider }
  if (parsed.success) {
    const { metric, value, success, message } = parsed.data
    if (success && typeof value === 'number') {
      return [{ ...measured(metric, value, detail), message: message ?? '' }]
    }
    if (success) {
      const missing = `SLI provider ${provider} calls it a success and sent no value`
      return [unmeasured(metric, 'not-a-number', missing, detail)]
    }
    const reason = message || `SLI provider ${provider} has no value and does not say why`
    return [unmeasured(metric, 'provider-failed', reason, detail)]
  }
  const { metric } = (item ?? {}) as { readonly metric?: unknown }
  if (typeof metric !== 'string') return []
  const [issue] = parsed.error.issues
  const place = issue?.path.join('.') ?? ''
  const message = `SLI provider ${provider} sent something malformed: ${place}: ${issue?.message}`
  return [unmeasured(metric, 'provider-failed', message, detail)]
}
