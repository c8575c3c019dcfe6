import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { ARGOCD_PROVIDER } from '@tiphys/core/argocd-sli/indicators.ts'
import { TEST_RESULTS_PROVIDER } from '@tiphys/core/evaluation/test-results-value.ts'
import { createProviders } from '@tiphys/providers/connections/create-provider.ts'
import { connectionFor } from '@tiphys/providers/connections/resolve-connections.ts'
import { createGuardedHttp, type GuardedHttp } from '@tiphys/providers/http/guarded-http.ts'
import type { ConnectionShown, ProvidersPart } from './api/native/providers.ts'
import type { ServicePlace } from './argocd/mapped-application.ts'
import {
  type ArgocdSliParts,
  createArgocdProvider,
} from './executors/evaluation/argocd-provider.ts'
import type { EvaluationParts } from './executors/evaluation/evaluation-executor.ts'
import { type RemoteSliParts, remoteSli } from './executors/evaluation/remote-sli.ts'
import { tryIndicator } from './executors/evaluation/try-indicator.ts'
import type { Clock } from './ports/clock.ts'
import type { Store } from './ports/store.ts'
import type { ServerSettings } from './settings/load-settings.ts'
import { createRunResultsProvider } from './test-results/run-results-provider.ts'

export type ProviderParts = {
  readonly settings: ServerSettings
  readonly clock: Clock
  /** Where this server listens: no test and no query may reach it. */
  readonly ownPort: () => number
  readonly argocd: Omit<ArgocdSliParts, 'clock'>
  /** Who may answer what is asked of others. */
  readonly integrations: Omit<RemoteSliParts, 'clock'>
  /** Where results that were uploaded lie. */
  readonly store: Pick<Store, 'query'>
}

/** Who can be asked for values: what the operator connected, what needs no connection, and who answers from outside. */
export type ProviderRegistry = Pick<EvaluationParts, 'provider' | 'remote'> & {
  /** The client for what operators and users name. */
  readonly http: GuardedHttp
  /** For the API. */
  readonly part: ProvidersPart
}

export function composeProviders(parts: ProviderParts): ProviderRegistry {
  const { settings, clock, store, integrations } = parts
  const http = guardedHttp(parts)
  const argocd = { ...parts.argocd, clock }
  const connected = createProviders({ http, environment: process.env })

  function ofPlace(name: string, place: ServicePlace & { readonly deployed?: string | undefined }) {
    if (name === ARGOCD_PROVIDER) return createArgocdProvider(argocd, place)
    const connection = connectionFor(settings.providers, name, place.snapshot.project)
    return connection === undefined ? undefined : connected(connection)
  }

  return {
    http,
    provider: (name, job) =>
      name === TEST_RESULTS_PROVIDER
        ? createRunResultsProvider(store, job)
        : ofPlace(name, { ...placeOf(job), deployed: deployedBy(job.data) }),
    remote: (name, job) => remoteSli({ ...integrations, clock }, name, job),
    part: {
      connections: () => connectionsOf(settings),
      tryIndicator: (...asked) => tryIndicator({ ofPlace, clock }, ...asked),
    },
  }
}

function placeOf({ snapshot, stage, service }: ServicePlace): ServicePlace {
  return { snapshot, stage, service }
}

/** The application that the run deployed. It only chooses among those that argocd.yaml names. */
function deployedBy(data: JsonObject): string | undefined {
  const { deployment } = data
  const argocd = isObject(deployment) ? deployment['argocd'] : undefined
  const application = isObject(argocd) ? argocd['application'] : undefined
  return typeof application === 'string' ? application : undefined
}

function isObject(value: JsonObject[string] | undefined): value is JsonObject {
  return value !== undefined && isJsonObject(value)
}

function connectionsOf(settings: ServerSettings): readonly ConnectionShown[] {
  const metrics = settings.providers.map(({ connection, projects }): ConnectionShown => {
    const { url } = connection.settings as { readonly url?: unknown }
    const { name, kind } = connection
    return { name, kind, ...hostOf(url), ...(projects === undefined ? {} : { projects }) }
  })
  const argocd = settings.argocd.map(
    ({ name, url }): ConnectionShown => ({ name, kind: ARGOCD_PROVIDER, ...hostOf(url) }),
  )
  return [...metrics, ...argocd]
}

/** Host and port alone: paths and users of a URL may be somebody's secret. */
function hostOf(url: unknown): { readonly host?: string } {
  if (typeof url !== 'string' || !URL.canParse(url)) return {}
  return { host: new URL(url).host }
}

function guardedHttp({ settings, ownPort }: ProviderParts): GuardedHttp {
  return createGuardedHttp({
    allowLoopback: settings.allowLoopbackTargets,
    denyPrivate: settings.denyPrivate,
    ownListeners: () => [{ port: ownPort() }],
    ...kubernetesApi(process.env['KUBERNETES_SERVICE_HOST']),
  })
}

function kubernetesApi(host: string | undefined) {
  return host === undefined ? {} : { kubernetesApiHost: host }
}
