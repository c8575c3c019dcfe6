import type { KeptnEvent } from '@tiphys/contract/event.ts'
import { AUTHORIZED_ANNOTATION, membershipOf } from '@tiphys/core/deployment/kubernetes-names.ts'
import type { ArgocdPart } from '../api/native/server.ts'
import type { Engine } from '../engine/engine.ts'
import type { EffectHandler } from '../engine/outbox.ts'
import { createDeploymentExecutor } from '../executors/deployment/deployment.ts'
import type { ArgocdSliParts } from '../executors/evaluation/argocd-provider.ts'
import type { TaskExecutor, TaskJob } from '../executors/executor.ts'
import { createReleaseExecutor } from '../executors/release/release.ts'
import { createRollbackExecutor } from '../executors/rollback/rollback.ts'
import type { ArgoCd, ArgoCdInstances } from '../ports/argocd.ts'
import type { Clock } from '../ports/clock.ts'
import type { DesiredState } from '../ports/desired-state.ts'
import type { Documents } from '../ports/documents.ts'
import type { Log } from '../ports/log.ts'
import type { Projections } from '../ports/projections.ts'
import type { NewEffect, Store, StoredEvent } from '../ports/store.ts'
import { createDeployments } from '../projections/deployments.ts'
import type { Projects } from '../projects/projects.ts'
import type { ServerSettings } from '../settings/load-settings.ts'
import { ARGOCD_ANNOTATE, createAnnotator } from './annotate.ts'
import { checkInstance } from './check-instance.ts'
import { createEngineDoor } from './engine-door.ts'
import { createHealthHistory } from './health-history.ts'
import { createHintOf } from './intake.ts'
import { ARGOCD_NOTIFICATION } from './notification.ts'
import { type ArgocdObserver, observeArgocd } from './observe-argocd.ts'
import { createTrustedHosts } from './trusted-hosts.ts'
import { startVerdictFeed, type VerdictFeed } from './verdict-feed.ts'
import { createWakeUps, type WakeUps } from './wake-ups.ts'

export type ArgocdParts = {
  readonly settings: ServerSettings
  /** By the name that argocd.yaml calls them. */
  readonly clients: ReadonlyMap<string, ArgoCd>
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly documents: Documents
  readonly projections: Projections
  readonly projects: Projects
  readonly desiredState: DesiredState
}

/** Everything about Argo CD that the composition root plugs into the engine, the intake and the API. */
export type ComposedArgocd = {
  readonly executors: readonly TaskExecutor[]
  readonly trustedHosts: (job: TaskJob) => Promise<readonly string[]>
  /** For Argo CD as a provider of figures. */
  readonly sli: Omit<ArgocdSliParts, 'clock'>
  readonly effectHandlers: Readonly<Record<string, EffectHandler>>
  readonly hintOf: (event: KeptnEvent, clientId: string, projectId: string) => NewEffect | undefined
  readonly onCommitted: (rows: readonly StoredEvent[]) => void
  readonly status: ArgocdPart
  /** Once the engine runs: the reconcilers look around. */
  start(parts: { readonly engine: Engine; readonly newId: (nowMs: number) => string }): void
  close(): Promise<void>
}

export function composeArgocd(parts: ArgocdParts): ComposedArgocd {
  const { settings, clients, clock, log, projections, desiredState } = parts
  const argocd: ArgoCdInstances = {
    names: () => [...clients.keys()],
    get: (instance) => clients.get(instance),
  }
  const wakeUps = new Map<string, WakeUps>(
    [...clients].map(([name, client]) => [name, createWakeUps({ argocd: client, clock, log })]),
  )
  const powers = {
    argocd,
    wakeUps: (instance: string) => {
      const found = wakeUps.get(instance)
      if (found === undefined) throw new Error(`no Argo CD is connected as ${instance}`)
      return found
    },
    desiredState,
    clock,
    log,
  }
  const deployments = createDeployments(projections)
  let observer: ArgocdObserver | undefined
  let verdicts: VerdictFeed | undefined
  return {
    executors: [
      createDeploymentExecutor(powers),
      createRollbackExecutor({ ...powers, deployments, projections }),
      createReleaseExecutor({ deployments }),
    ],
    trustedHosts: createTrustedHosts(argocd),
    sli: {
      argocd,
      urlOf: (instance) => settings.argocd.find(({ name }) => name === instance)?.url,
      seenHealth: (instance, application) =>
        createHealthHistory(parts.documents, instance, clock).of(application),
    },
    effectHandlers: {
      [ARGOCD_NOTIFICATION]: (effect, signal) =>
        observer?.handler(effect, signal) ??
        Promise.resolve({ code: 'again', reason: 'the server is starting' }),
      [ARGOCD_ANNOTATE]: createAnnotator({ argocd, log }),
    },
    hintOf: createHintOf(() => clients.size > 0),
    onCommitted: () => {},
    status: statusOf(settings, clients),
    start({ engine }) {
      observer = observeArgocd({
        ...parts,
        deployments,
        wakeUps: powers.wakeUps,
        door: createEngineDoor({ engine, clock }),
        isKnownRun: async (projectId, runId) => (await engine.run(projectId, runId)) !== undefined,
        periodMs: settings.reconcileEveryMs,
      })
      const { publicUrl } = settings
      const link = publicUrl === undefined ? {} : { publicUrl }
      verdicts = startVerdictFeed({ ...parts, ...link, deployments, engine })
    },
    async close() {
      await observer?.close()
      await verdicts?.close()
      await Promise.all([...wakeUps.values()].map((one) => one.close()))
    },
  }
}

function statusOf(settings: ServerSettings, clients: ReadonlyMap<string, ArgoCd>): ArgocdPart {
  return {
    instances: () =>
      Promise.all(
        settings.argocd.map(async ({ name, url }) => {
          const client = clients.get(name)
          if (client === undefined) return { name, url, reachable: false }
          return { name, url, ...(await checkInstance(client)) }
        }),
      ),
    async applications(instance) {
      const chosen = [...clients].filter(([name]) => instance === undefined || name === instance)
      const lists = await Promise.all(chosen.map(([name, client]) => applicationsOf(name, client)))
      return lists.flat()
    },
  }
}

async function applicationsOf(instance: string, client: ArgoCd) {
  const answer = await client.list()
  if (answer.code !== 'ok') return []
  return answer.value.map(({ metadata, status }) => ({
    instance,
    name: metadata.name,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    ...membershipOf(metadata),
    authorized: (metadata.annotations?.[AUTHORIZED_ANNOTATION] ?? '')
      .split(',')
      .flatMap((one) => one.trim() || []),
    ...(status?.sync?.status ? { sync: status.sync.status } : {}),
    ...(status?.health?.status ? { health: status.health.status } : {}),
  }))
}
