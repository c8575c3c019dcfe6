import { join } from 'node:path'
import type { Git } from './adapters/git/git-command.ts'
import { createOutboxReader } from './adapters/sqlite/outbox-standing.ts'
import type { Authenticate } from './api/authenticate.ts'
import type { ObservationPart } from './api/observe-requests.ts'
import type { Engine } from './engine/engine.ts'
import type { EffectHandler } from './engine/outbox.ts'
import type { TaskExecutor } from './executors/executor.ts'
import type { Intake } from './intake/intake.ts'
import { createDeliveryMetrics } from './observation/delivery-metrics.ts'
import { createHistory, rootRunOf } from './observation/history.ts'
import { DEFAULT_METRIC_LIMITS } from './observation/metric-limits.ts'
import { observedArgoCd, observedGit } from './observation/observed-calls.ts'
import { observedAuthenticate, observedIntake } from './observation/observed-intake.ts'
import { observedLog } from './observation/observed-log.ts'
import { observedProjections, observedStore } from './observation/observed-store.ts'
import { observedEffects, observedExecutor } from './observation/observed-work.ts'
import { createProcessMetrics } from './observation/process-metrics.ts'
import { createPrometheusMeter, METRICS_CONTENT_TYPE } from './observation/prometheus-meter.ts'
import { createRowCounter } from './observation/row-counter.ts'
import { type Collector, createScrape } from './observation/scrape.ts'
import { collectStorage, type StorageParts } from './observation/storage-metrics.ts'
import { startTraceFeed } from './observation/traces/trace-feed.ts'
import { collectWaiting } from './observation/waiting-metrics.ts'
import type { ArgoCd } from './ports/argocd.ts'
import type { Clock } from './ports/clock.ts'
import type { Documents } from './ports/documents.ts'
import type { Log } from './ports/log.ts'
import type { Meter } from './ports/meter.ts'
import type { Projections } from './ports/projections.ts'
import type { Store } from './ports/store.ts'
import type { Projects } from './projects/projects.ts'
import { DATABASE_FILE } from './rebuild-projections.ts'
import { createMask } from './security/mask.ts'
import type { ServerSettings } from './settings/load-settings.ts'

/**
 * How the server watches itself: each part of it is wrapped where the composition root hands it on, so that no part has to know. What
 * has something of its own to count takes `meter`.
 */
export type Observation = {
  readonly meter: Meter
  /** Counts lines, and says of a line about a run which run that is. */
  readonly log: Log
  readonly api: ObservationPart
  data<Data extends { readonly store: Store; readonly projections: Projections }>(data: Data): Data
  argocd(clients: ReadonlyMap<string, ArgoCd>): ReadonlyMap<string, ArgoCd>
  git(git: Git): Git
  executors(executors: readonly TaskExecutor[]): TaskExecutor[]
  effects(
    handlers: Readonly<Record<string, EffectHandler>>,
  ): Readonly<Record<string, EffectHandler>>
  intake(intake: Intake): Intake
  authenticate(authenticate: Authenticate): Authenticate
  /** Once the engine runs: its open runs are known, its gauges can be read, ended runs become traces. Answers with what ends that. */
  start(parts: ObservedParts): () => Promise<void>
  close(): void
}

export type ObservedParts = {
  readonly engine: Engine
  readonly projects: Projects
  readonly store: Store
  readonly documents: Documents
  readonly projections: Projections
}

export type ObservationParts = {
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly log: Log
  /** What must not leave, in traces as in logs. */
  readonly secrets: () => readonly string[]
}

export function composeObservation(parts: ObservationParts): Observation {
  const { settings, clock } = parts
  const meter = createPrometheusMeter(settings.metricLimits ?? DEFAULT_METRIC_LIMITS)
  const processMetrics = createProcessMetrics(meter)
  const tracesOn = settings.traces !== undefined
  const late: { projections?: Projections; folded?: () => number } = {}
  const log: Log = observedLog(parts.log, meter, {
    tracesOn,
    factsOf: (runId) => counter.factsOf(runId),
  })
  const delivery = createDeliveryMetrics({
    meter,
    history: createHistory(() => late.projections),
    onProblem: (error) => log.warn({ error }, 'delivery figures of the past could not be read'),
  })
  const counter = createRowCounter({ meter, delivery, log })
  const collectors: Collector[] = [{ name: 'process', collect: processMetrics.collect }]
  return {
    meter,
    log,
    api: {
      meter,
      page: createScrape({ meter, log, collectors: () => collectors }),
      contentType: METRICS_CONTENT_TYPE,
      isPublic: settings.metricsPublic === true,
    },
    data(data) {
      const store = observedStore({
        store: data.store,
        meter,
        onCommitted: counter.committed,
        onProblem: (error) => log.error({ error }, 'rows could not be counted'),
      })
      const projections = observedProjections(data.projections, store)
      late.projections = projections
      late.folded = projections.foldedPosition
      return { ...data, store, projections }
    },
    argocd: (clients) =>
      new Map([...clients].map(([name, client]) => [name, observedArgoCd(client, meter)])),
    git: (git) => observedGit(git, meter),
    executors: (executors) => executors.map((one) => observedExecutor(one, meter, log)),
    effects: (handlers) => observedEffects(handlers, meter),
    intake: (intake) => observedIntake(intake, { meter, log, keepsTraceparent: tracesOn }),
    authenticate: (authenticate) => observedAuthenticate(authenticate, meter),
    start(observed) {
      const { engine, projects } = observed
      for (const { projectId } of projects.list()) counter.adopt(engine.openRunsOf(projectId))
      const outbox = createOutboxReader(join(settings.dataDir, DATABASE_FILE))
      const foldedPosition = () => late.folded?.() ?? 0
      collectors.push(
        storageCollector({ ...parts, meter, foldedPosition, outbox: outbox.standing }, observed),
        {
          name: 'waiting',
          async collect() {
            await collectWaiting({ engine, projects, meter }, clock.nowMs())
            counter.keepOnly((runId) => engine.openRun(runId) !== undefined)
          },
        },
      )
      const endTraces = startTraces({ ...parts, log, meter }, observed)
      return async () => {
        await endTraces()
        outbox.close()
        await delivery.settled()
      }
    },
    close: processMetrics.close,
  }
}

type StorageObservation = ObservationParts &
  Pick<StorageParts, 'meter' | 'foldedPosition' | 'outbox'>

function storageCollector(
  { settings, clock, meter, foldedPosition, outbox }: StorageObservation,
  { store }: ObservedParts,
): Collector {
  const { dataDir } = settings
  const storage = { dataDir, store, foldedPosition, outbox, meter }
  return { name: 'storage', collect: () => collectStorage(storage, clock.nowMs()) }
}

/** Answers with what ends it; without a collector nothing is started, and nothing of it loaded. */
function startTraces(
  { settings, clock, log, meter, secrets }: ObservationParts & { readonly meter: Meter },
  { store, documents, projections }: ObservedParts,
): () => Promise<void> {
  const { traces } = settings
  if (traces === undefined) return () => Promise.resolve()
  const feed = startTraceFeed({
    store,
    documents,
    clock,
    log,
    meter,
    sender: async () => {
      const { createOtlpSender } = await import('./observation/traces/otlp-sender.ts')
      return await createOtlpSender(traces)
    },
    catchUp: () => projections.catchUp(),
    rootOf: (projectId, context) => rootRunOf(projections, projectId, context),
    mask: createMask(secrets),
  })
  log.info({ url: traces.url }, 'traces are exported')
  return () => feed.close()
}
