import { join } from 'node:path'
import { type Simulator, startSimulator } from '@tiphys/argocd-simulator/simulator.ts'
import type { SimulatorOptions } from '@tiphys/argocd-simulator/simulator-options.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { StageSettings } from '@tiphys/contract/project-yaml.ts'
import { Shipyard } from '@tiphys/contract/shipyard.ts'
import { createArgoCdClient } from '../../src/adapters/argocd/client.ts'
import { createGitopsRepositories } from '../../src/adapters/git/gitops-repository.ts'
import { createSystemClock } from '../../src/adapters/system/system-clock.ts'
import type { DeploymentPowers } from '../../src/argocd/deployment-powers.ts'
import { createWakeUps } from '../../src/argocd/wake-ups.ts'
import type { ProjectSnapshot } from '../../src/engine/project-snapshot.ts'
import { SERVER_STOPS, type TaskJob } from '../../src/executors/executor.ts'
import type { ArgoCd } from '../../src/ports/argocd.ts'
import type { DesiredState } from '../../src/ports/desired-state.ts'
import { openGitFolder } from '../git/git-folder.ts'
import { type BareRepository, openBareRepository } from '../peers/bare-repository.ts'

export const IMAGE = 'registry.example/sample'
export const QUIET = { debug() {}, info() {}, warn() {}, error() {} }

/** What chance would decide is off; every other trap is on. */
const NO_CHANCE = { duplicateNotifications: 0, lostWatchEvents: 0 }

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: carts
spec:
  selector: { matchLabels: { app: carts } }
  template:
    metadata: { labels: { app: carts } }
    spec:
      containers:
        - name: carts
          image: ${IMAGE}:base
`

export function kustomization(tag: string): Record<string, string> {
  return {
    'carts/kustomization.yaml': `# versions\nresources:\n  - deployment.yaml\nimages:\n  - name: ${IMAGE}\n    newTag: ${tag} # ours\n`,
    'carts/deployment.yaml': DEPLOYMENT,
  }
}

export type WorldOptions = {
  readonly autoSync?: boolean
  /** Value of the opt-in annotation; '' leaves it out. */
  readonly authorized?: string
  /** The tag in Git at the start; it is deployed before the test begins, unless `deployed` is false. */
  readonly tag?: string
  readonly deployed?: boolean
  readonly simulator?: SimulatorOptions
  /** More lines of the application in argocd.yaml. */
  readonly yaml?: string
  readonly labels?: Record<string, string>
  readonly settings?: StageSettings
  /** Stands between the executors and Argo CD. */
  readonly wrap?: (argocd: ArgoCd) => ArgoCd
  readonly wrapGit?: (desiredState: DesiredState) => DesiredState
}

export const LABELS = {
  'tiphys.dev/project': 'shop',
  'tiphys.dev/service': 'carts',
  'tiphys.dev/stage': 'dev',
}

/** A simulated Argo CD, a real Git repository and the powers of the executors; times are short, the traps are on. */
export async function openWorld(options: WorldOptions = {}) {
  const place = await openGitFolder()
  const repository: BareRepository = await openBareRepository(
    join(place.folder, 'shop.git'),
    kustomization(options.tag ?? '1.0.0'),
  )
  const authorized = options.authorized ?? 'shop:dev'
  const simulator: Simulator = await startSimulator({
    timingPreset: 'fast',
    applications: [
      {
        metadata: {
          name: 'carts',
          labels: options.labels ?? LABELS,
          annotations: authorized === '' ? {} : { 'tiphys.dev/authorized': authorized },
        },
        spec: {
          project: 'shop',
          source: { repoURL: repository.url, path: 'carts', targetRevision: 'main' },
          destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
          ...(options.autoSync ? { syncPolicy: { automated: { prune: true } } } : {}),
        },
      },
    ],
    ...options.simulator,
    ...(options.simulator?.traps ? {} : { traps: NO_CHANCE }),
  })
  const clock = createSystemClock()
  const connection = { name: 'default', url: simulator.url, token: simulator.token }
  const client = createArgoCdClient({ connection, clock })
  const argocd = options.wrap?.(client) ?? client
  const gitops = createGitopsRepositories({
    git: place.git,
    clock,
    folder: join(place.folder, 'gitops'),
    protocols: ['file'],
    credentialsFor: () => Promise.resolve(undefined),
  })
  const desiredState = options.wrapGit?.(gitops) ?? gitops
  const wakeUps = createWakeUps({ argocd: client, clock, log: QUIET })
  const powers: DeploymentPowers = {
    argocd: { names: () => ['default'], get: (name) => (name === 'default' ? argocd : undefined) },
    wakeUps: () => wakeUps,
    desiredState,
    clock,
    log: QUIET,
  }
  const world = {
    simulator,
    repository,
    argocd,
    desiredState,
    wakeUps,
    powers,
    clock,
    snapshot: snapshotOf(argocdYaml(repository.url, options.yaml), options.settings),
    /** What the simulator saw of the application. */
    counts: () => simulator.counts().applications['argocd/carts'] ?? NO_COUNTS,
    tagInGit: async () =>
      /newTag: (\S+)/.exec(await repository.show('carts/kustomization.yaml'))?.[1],
    async [Symbol.asyncDispose]() {
      await wakeUps.close()
      await gitops.close()
      await simulator.close()
      await place[Symbol.asyncDispose]()
    },
  }
  if (options.deployed !== false) await untilDeployed(world, options.autoSync === true)
  return world
}

export type World = Awaited<ReturnType<typeof openWorld>>

const NO_COUNTS = { syncsAccepted: 0, syncsRefused: {}, operations: [] }

/** Until what Git says runs: by auto-sync, or as by a person in front of Argo CD's own user interface. */
async function untilDeployed(
  { simulator, argocd }: Pick<World, 'simulator' | 'argocd'>,
  autoSync: boolean,
): Promise<void> {
  const ref = { name: 'carts', project: 'shop' }
  if (!autoSync) await argocd.sync(ref, { infos: [] })
  await eventually(() => {
    const { status } = simulator.application('carts')
    return status.sync.status === 'Synced' && status.health.status === 'Healthy'
  })
  await simulator.settled()
}

export function argocdYaml(repository: string, more = ''): string {
  return `apiVersion: tiphys.dev/v1
applications:
  - application: carts
    project: shop
    settle: 200ms
    grace: 700ms
${more}
    git:
      repository: ${repository}
      branch: main
      fields:
        - file: carts/kustomization.yaml
          kustomizeImage: ${IMAGE}
`
}

export function snapshotOf(
  yaml: string | undefined,
  settings: StageSettings = {},
): ProjectSnapshot {
  const place = { level: 'service', stage: 'dev', service: 'carts' } as const
  const found = (uri: string) =>
    uri === 'argocd.yaml' && yaml !== undefined ? { text: yaml, place } : undefined
  return {
    projectId: 'p-1',
    project: 'shop',
    pin: { main: 'c1' },
    commitId: 'c1',
    shipyard: Shipyard.parse({
      apiVersion: 'spec.keptn.sh/0.2.3',
      spec: {
        stages: [{ name: 'dev', sequences: [{ name: 'verify', tasks: [{ name: 'test' }] }] }],
      },
    }),
    settings: {},
    entries: [],
    stageSettings: () => settings,
    find: (_stage, _service, uri) => found(uri)?.place,
    read: (_stage, _service, uri) => Promise.resolve(found(uri)),
    peek: (_stage, _service, uri) => found(uri),
    readAt: () => Promise.resolve(undefined),
  }
}

export type JobOptions = {
  readonly image?: string
  readonly data?: JsonObject
  readonly properties?: JsonObject
  readonly runId?: string
  readonly context?: string
  readonly timeoutMs?: number
  /** Facts of an earlier life of the same task. */
  readonly notes?: readonly Note[]
  readonly onNote?: (note: Note) => unknown
}

export type Note = { readonly type: string; readonly data: JsonObject }

export type TestJob = {
  readonly job: TaskJob
  readonly notes: readonly Note[]
  readonly progress: readonly string[]
  readonly blocked: readonly boolean[]
  end(): void
  stopServer(): void
}

const LONG_MS = 30_000

/** A task as the engine hands it to an executor, with its notes and what it said kept for looking at. */
export function jobFor(
  world: Pick<World, 'snapshot'>,
  name: string,
  options: JobOptions = {},
): TestJob {
  const notes: Note[] = [...(options.notes ?? [])]
  const progress: string[] = []
  const blocked: boolean[] = []
  const stop = new AbortController()
  const dueMs = Date.now()
  const runId = options.runId ?? 'run-1'
  const values = options.image === undefined ? {} : { image: options.image }
  const job: TaskJob = {
    runId,
    context: options.context ?? `context-of-${runId}`,
    projectId: 'p-1',
    project: 'shop',
    stage: 'dev',
    service: 'carts',
    sequence: 'delivery',
    task: { name, index: 0, attempt: 1, triggeredId: `${runId}-${name}` },
    properties: options.properties ?? {},
    data: { configurationChange: { values }, ...options.data },
    snapshot: world.snapshot,
    dueMs,
    deadlineMs: dueMs + (options.timeoutMs ?? LONG_MS),
    signal: stop.signal,
    notes: (type) => notes.filter((note) => note.type === type).map((note) => note.data),
    async note(type, data) {
      await options.onNote?.({ type, data })
      notes.push({ type, data })
    },
    ask: () => Promise.reject(new Error('nobody outside is asked here')),
    progress: (message, more) => {
      progress.push(message)
      blocked.push(more?.blocked === true)
      return Promise.resolve()
    },
  }
  return {
    job,
    notes,
    progress,
    blocked,
    end: () => stop.abort(new Error('the task is over')),
    stopServer: () => stop.abort(new Error(SERVER_STOPS)),
  }
}

const PATIENCE_MS = 20_000
const LOOK_EVERY_MS = 10

/** Waits for a condition; fails the test when it does not come. */
export async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + PATIENCE_MS
  while (!(await isSo())) {
    if (Date.now() > deadlineMs) throw new Error('what was waited for did not come')
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
