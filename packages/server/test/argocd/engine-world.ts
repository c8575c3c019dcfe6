import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { StageSettings } from '@tiphys/contract/project-yaml.ts'
import { Shipyard } from '@tiphys/contract/shipyard.ts'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import { createMemoryProjectionStorage } from '../../src/adapters/memory/memory-projection-storage.ts'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { createProjections } from '../../src/adapters/projections/projections.ts'
import { ARGOCD_ANNOTATE, createAnnotator } from '../../src/argocd/annotate.ts'
import { createEngineDoor } from '../../src/argocd/engine-door.ts'
import { createHintOf } from '../../src/argocd/intake.ts'
import { ARGOCD_NOTIFICATION } from '../../src/argocd/notification.ts'
import { type ArgocdObserver, observeArgocd } from '../../src/argocd/observe-argocd.ts'
import { startVerdictFeed } from '../../src/argocd/verdict-feed.ts'
import type { WakeUps } from '../../src/argocd/wake-ups.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { startEngine } from '../../src/engine/engine-loop.ts'
import { createOutbox } from '../../src/engine/outbox.ts'
import type { ProjectSnapshot } from '../../src/engine/project-snapshot.ts'
import { createDeploymentExecutor } from '../../src/executors/deployment/deployment.ts'
import type { TaskExecutor, TaskJob } from '../../src/executors/executor.ts'
import { createReleaseExecutor } from '../../src/executors/release/release.ts'
import { createRollbackExecutor } from '../../src/executors/rollback/rollback.ts'
import { TIPHYS } from '../../src/intake/actor.ts'
import type { StoredEvent } from '../../src/ports/store.ts'
import {
  createDeployments,
  type DeploymentDocument,
  deploymentsProjection,
} from '../../src/projections/deployments.ts'
import { evaluationsProjection } from '../../src/projections/evaluations.ts'
import { runsProjection } from '../../src/projections/runs.ts'
import { simulatedProjects } from '../simulation/simulated-project.ts'
import { eventually, openWorld, QUIET, type World, type WorldOptions } from './argocd-world.ts'

const PROJECT_ID = 'p-1'
const RECONCILE_MS = 300

const shipyardWith = (timeout: string) =>
  Shipyard.parse({
    apiVersion: 'spec.keptn.sh/0.2.3',
    spec: {
      stages: [
        {
          name: 'dev',
          sequences: [
            {
              name: 'delivery',
              tasks: [{ name: 'deployment', properties: { timeout } }, { name: 'evaluation' }],
            },
            { name: 'verify', tasks: [{ name: 'evaluation' }] },
            { name: 'judge', tasks: [{ name: 'evaluation' }] },
            {
              name: 'rollback',
              triggeredOn: ['delivery', 'verify'].map((name) => ({
                event: `dev.${name}.finished`,
                selector: { match: { result: 'fail' } },
              })),
              tasks: [{ name: 'rollback' }],
            },
          ],
        },
      ],
    },
  })

const DEAF: WakeUps = {
  watch: () => ({
    next: () => Promise.reject(new Error('nobody waits here')),
    close: () => undefined,
  }),
  onNews: () => () => undefined,
  isConnected: () => false,
  close: () => Promise.resolve(),
}

export type EngineWorldOptions = WorldOptions & {
  readonly stage?: StageSettings
  /** What the evaluation finds; default: fail when the tag that really answers has `bad` in it. */
  readonly evaluate?: (job: TaskJob) => Promise<'pass' | 'warning' | 'fail'>
  /** Whether the reconciler watches. */
  readonly observe?: boolean
  readonly periodMs?: number
  readonly deploymentTimeout?: string
  /** The watch stream says nothing. */
  readonly isDeaf?: boolean
}

/** A real engine, real executors and a simulated Argo CD; only the evaluation is told what to find. */
export async function openEngineWorld(options: EngineWorldOptions = {}) {
  const world = await openWorld(options)
  const { clock, powers } = world
  const store = createMemoryStore()
  const documents = createMemoryDocuments()
  const projections = createProjections({
    store,
    storage: createMemoryProjectionStorage(),
    projections: [runsProjection, evaluationsProjection, deploymentsProjection],
  })
  const deployments = createDeployments(projections)
  const snapshot: ProjectSnapshot = {
    ...world.snapshot,
    shipyard: shipyardWith(options.deploymentTimeout ?? '5m'),
    stageSettings: () => options.stage ?? {},
  }
  const projects = {
    ...simulatedProjects,
    find: (name: string) => (name === 'shop' ? simulatedProjects.byId(PROJECT_ID) : undefined),
    snapshot: () => Promise.resolve(snapshot),
    snapshotAt: () => Promise.resolve(snapshot),
  }
  const evaluation = evaluationExecutor(options.evaluate ?? ((job) => judgeByTag(world, job)))
  let engine: Engine
  let observer: ArgocdObserver | undefined
  const outbox = createOutbox({
    store,
    clock,
    log: QUIET,
    handlers: {
      [ARGOCD_NOTIFICATION]: (effect, signal) =>
        observer?.handler(effect, signal) ?? Promise.resolve({ code: 'again', reason: 'starting' }),
      [ARGOCD_ANNOTATE]: createAnnotator({ argocd: powers.argocd, log: QUIET }),
    },
  })
  const boot = () =>
    startEngine({
      store,
      clock,
      log: QUIET,
      projects,
      loadedSnapshot: () => snapshot,
      executors: [
        createDeploymentExecutor(powers),
        createRollbackExecutor({ ...powers, deployments, projections }),
        createReleaseExecutor({ deployments }),
        evaluation,
      ],
      isSubscribed: () => false,
      onEffects: () => outbox.wake(),
    })
  engine = await boot()
  const clients = new Map([['default', world.argocd]])
  const observe = () =>
    observeArgocd({
      clients,
      wakeUps: options.isDeaf ? () => DEAF : powers.wakeUps,
      door: createEngineDoor({ engine, clock }),
      isKnownRun: async (projectId, runId) => (await engine.run(projectId, runId)) !== undefined,
      projects,
      deployments,
      documents,
      desiredState: world.desiredState,
      clock,
      log: QUIET,
      periodMs: options.periodMs ?? RECONCILE_MS,
    })
  if (options.observe !== false) observer = observe()
  const feed = () =>
    startVerdictFeed({
      ...{ store, documents, projections, deployments, engine, projects, clock, log: QUIET },
      publicUrl: 'https://tiphys.example.com',
    })
  let verdicts = feed()

  let ids = 0
  const all = () => store.readLog(0, 100_000)
  const hintOf = createHintOf(() => true)
  const self = {
    ...world,
    store,
    documents,
    deployments,
    projections,
    engine: () => engine,
    observer: () => observer,
    log: all,
    /** Triggered runs, as `stage.sequence` in order. */
    runs: async () => (await all()).filter(isStart).map(({ event }) => nameOf(event)),
    ends: async () =>
      (await all()).filter(isEnd).map(({ event }) => {
        const { result, message } = event.data
        return `${nameOf(event)} ${result}: ${message}`
      }),
    /** The one message of a task of a name, newest first. */
    messages: async (task: string) =>
      (await all())
        .filter(({ event }) => event.type === `sh.keptn.event.${task}.finished`)
        .map(({ event }) => String(event.data['message'])),
    documentsOf: async (context: string): Promise<readonly DeploymentDocument[]> =>
      await deployments.ofContext({
        projectId: PROJECT_ID,
        context,
        stage: 'dev',
        service: 'carts',
      }),
    async trigger(sequence: string, image: string, context = `context-${ids}`): Promise<string> {
      const values = image === '' ? {} : { image }
      await self.submit(`dev.${sequence}.triggered`, { configurationChange: { values } }, context)
      return context
    },
    async submit(type: string, data: JsonObject, context: string, clientId = ''): Promise<void> {
      const event: KeptnEvent = {
        id: `e${ids++}`,
        type: `sh.keptn.event.${type}`,
        source: clientId === 'seed' ? 'argocd' : 'test',
        specversion: '1.0',
        time: '2026-01-01T00:00:00.000Z',
        shkeptncontext: context,
        data: { project: 'shop', stage: 'dev', service: 'carts', ...data },
      }
      const hint = clientId === '' ? undefined : hintOf(event, clientId, PROJECT_ID)
      await engine.submit({
        event,
        projectId: PROJECT_ID,
        actor: TIPHYS,
        ...(hint === undefined ? {} : { effects: [hint], inboxOnly: true }),
      })
      outbox.wake()
    },
    /** Until so many runs have ended. */
    untilEnded: (count: number) =>
      eventually(async () => (await all()).filter(isEnd).length >= count),
    async restart(): Promise<void> {
      await observer?.close()
      await verdicts.close()
      await engine.close()
      engine = await boot()
      verdicts = feed()
      if (options.observe !== false) observer = observe()
    },
    startObserving(): void {
      observer ??= observe()
    },
    async [Symbol.asyncDispose]() {
      await outbox.close()
      await observer?.close()
      await verdicts.close()
      await engine.close()
      await projections.close()
      await world[Symbol.asyncDispose]()
    },
  }
  return self
}

export type EngineWorld = Awaited<ReturnType<typeof openEngineWorld>>

function isStart({ meta }: StoredEvent): boolean {
  return meta?.['k'] === 'start'
}

function isEnd({ meta }: StoredEvent): boolean {
  return meta?.['k'] === 'end'
}

function nameOf(event: KeptnEvent): string {
  return event.type.split('.').slice(3, 5).join('.')
}

/** Asks what is really deployed which version it is. */
async function judgeByTag(world: World, _job: TaskJob): Promise<'pass' | 'warning' | 'fail'> {
  const answer = await fetch(new URL('/version', world.simulator.ingressUrl('carts')))
  const { version } = (await answer.json()) as { version: string }
  return version.includes('bad') ? 'fail' : 'pass'
}

function evaluationExecutor(
  evaluate: (job: TaskJob) => Promise<'pass' | 'warning' | 'fail'>,
): TaskExecutor {
  return {
    task: 'evaluation',
    source: 'lighthouse-service',
    takes: () => 'configured',
    async execute(job) {
      const result = await evaluate(job)
      return {
        code: 'finished',
        status: 'succeeded',
        result,
        message: `found ${result}`,
        data: {
          evaluation: {
            timeStart: '2026-01-01T00:00:00.000Z',
            timeEnd: '2026-01-01T00:01:00.000Z',
            result,
            score: result === 'pass' ? 100 : 0,
            sloFileContent: '',
            indicatorResults: null,
          },
        },
      }
    },
  }
}
