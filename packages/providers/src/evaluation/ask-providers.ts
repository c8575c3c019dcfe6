import { CONNECTION_KINDS } from '@tiphys/contract/connections/connections.ts'
import type { SliValue } from '@tiphys/core/evaluation/sli-value.ts'
import { toGetSli } from '@tiphys/core/evaluation/wire.ts'
import { fetchValues, nobodyAsked, type ProviderQuestions } from '../sli/fetch-values.ts'
import { type RemoteReply, type RemoteSli, type ToldAnswer, toldValues } from '../sli/remote-sli.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import type { EvaluationTask, PreparedEvaluation } from './prepare-evaluation.ts'

/** Who can be asked. */
export type ProviderSources = {
  /** Undefined for a name that is not built in here. */
  readonly provider: (name: string) => SliProvider | undefined
  /** Somebody outside who may answer for such a name; undefined where nobody ever would. */
  readonly remote?: (name: string) => RemoteSli | undefined
  readonly signal?: AbortSignal
}

type Asking = ProviderSources & Pick<EvaluationTask, 'project' | 'data'>

/** What came of asking for values: measured here, or told by providers outside. */
export type ProvidedValues = {
  /** One for each indicator, in the order of the file, then those that were sent besides. */
  readonly values: readonly SliValue[]
  /** What each provider outside said of its answer as a whole. */
  readonly told: readonly ToldAnswer[]
}

export type AskedProviders =
  | ({ readonly code: 'provided' } & ProvidedValues)
  /** A provider is not there: half of an evaluation would be judged as all of it. */
  | { readonly code: 'nobody'; readonly message: string }

/** Asks each provider for its indicators: those that are built in here, and those outside, side by side. A connection wins over somebody outside. */
export async function askProviders(
  prepared: PreparedEvaluation,
  run: Asking,
): Promise<AskedProviders> {
  const found = findProviders(prepared, run)
  if (!found.ok) return { code: 'nobody', message: found.message }
  const { window, scope } = prepared
  const common = { window, scope, ...(run.signal && { signal: run.signal }) }
  const [answers, replies] = await Promise.all([
    fetchValues(found.questions, common),
    Promise.all(found.remotes.map((asked) => askRemote(prepared, run, asked))),
  ])
  const told = new Map(replies.map(({ provider, values }) => [provider, byMetric(values)]))
  const nobody = Object.keys(prepared.queries)
  const values = [...prepared.providers].map(([indicator, owner]) => {
    const value = told.get(owner ?? '')?.get(indicator) ?? answers.get(indicator)
    return value ?? nobodyAsked(indicator, nobody)
  })
  const besides = replies
    .flatMap((reply) => reply.values)
    .filter(({ metric }) => !prepared.providers.has(metric))
  return {
    code: 'provided',
    values: [...values, ...besides],
    told: replies.map(({ provider, reply }) => ({ provider, ...reply })),
  }
}

function byMetric(values: readonly SliValue[]): ReadonlyMap<string, SliValue> {
  return new Map(values.map((value) => [value.metric, value]))
}

type AskedRemote = {
  readonly name: string
  readonly remote: RemoteSli
  readonly indicators: readonly string[]
}

type FoundProviders =
  | {
      readonly ok: true
      readonly questions: readonly ProviderQuestions[]
      readonly remotes: readonly AskedRemote[]
    }
  | { readonly ok: false; readonly message: string }

/** Who answers for which indicators. */
function findProviders(prepared: PreparedEvaluation, run: Asking): FoundProviders {
  const questions: ProviderQuestions[] = []
  const remotes: AskedRemote[] = []
  for (const name of new Set(prepared.providers.values())) {
    if (name === null) continue
    const indicators = [...prepared.providers].flatMap(([indicator, owner]) =>
      owner === name ? [indicator] : [],
    )
    const provider = run.provider(name)
    const remote = provider === undefined ? run.remote?.(name) : undefined
    if (provider !== undefined) {
      questions.push({ provider, indicators, queries: prepared.queries[name] ?? {} })
    } else if (remote !== undefined) {
      remotes.push({ name, remote, indicators })
    } else {
      return { ok: false, message: missing(name, run.project) }
    }
  }
  return { ok: true, questions, remotes }
}

type AnsweredRemote = {
  readonly provider: string
  readonly reply: RemoteReply
  readonly values: readonly SliValue[]
}

async function askRemote(
  { slo, window }: PreparedEvaluation,
  { data }: Asking,
  { name, remote, indicators }: AskedRemote,
): Promise<AnsweredRemote> {
  const deployment = data.deployment?.deploymentNames?.[0]
  const getSli = toGetSli(slo, name, window, indicators)
  const reply = await remote.ask({ getSli, ...(deployment ? { deployment } : {}) })
  return { provider: name, reply, values: toldValues(name, indicators, reply) }
}

/** A provider that is built in and not connected is the operator's to mend, and nobody else's. */
function missing(provider: string, project: string): string {
  if (provider === 'prometheus') {
    return `no Prometheus is connected for project ${project}: the server's tiphys.yaml needs it under providers.prometheus`
  }
  return Object.hasOwn(CONNECTION_KINDS, provider)
    ? `no connection ${provider} for project ${project}: the server's tiphys.yaml needs it under providers.${provider}`
    : `SLI provider ${provider} is not connected, and nobody answers for it`
}
