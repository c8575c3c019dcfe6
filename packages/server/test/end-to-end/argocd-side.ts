import { join } from 'node:path'
import { type Simulator, startSimulator } from '@tiphys/argocd-simulator/simulator.ts'
import type { SimulatorOptions } from '@tiphys/argocd-simulator/simulator-options.ts'
import { type BareRepository, openBareRepository } from '../peers/bare-repository.ts'
import { type GitHttp, openGitHttp } from '../peers/git-http.ts'
import { until } from './until.ts'

export const ARGOCD_TOKEN = 'token-for-argocd-in-tests'
/** The image that applications of these tests run; its tag decides how it behaves (docs/argocd-simulator.md). */
export const IMAGE = 'sample'
export const TRIGGERS = [
  'on-tiphys-deployed',
  'on-tiphys-sync-failed',
  'on-tiphys-degraded',
] as const

const QUICK_RETRIES = { retryWaitMinMs: 20, retryWaitMaxMs: 200 }

/** What chance would decide is off; every other trap of the simulator is on. */
const NO_CHANCE = { duplicateNotifications: 0, lostWatchEvents: 0 }

/** One Argo CD application for one service in one stage, called `<service>-<stage>`, in `apps/<service>/<stage>` of the repository. */
export type ApplicationWish = {
  readonly service?: string
  readonly stage: string
  /** In Git at the start, and running before the test begins. Default 1.0.0. */
  readonly tag?: string
  readonly autoSync?: boolean
  /** False: it is known to Argo CD, and nothing of it runs yet. */
  readonly deployed?: boolean
  /** Argo CD's project. Default `default`. */
  readonly argocdProject?: string
  /** Value of the opt-in annotation; `''` leaves it out. Default: its stage of project shop. */
  readonly authorized?: string
  readonly annotations?: Readonly<Record<string, string>>
}

export type ArgocdWish = {
  readonly applications: readonly ApplicationWish[]
  /** `http`: over `git http-backend`, which can refuse, be slow and go away. */
  readonly git?: 'file' | 'http'
  /** Where notifications go, as an operator would configure them; all three triggers are subscribed. */
  readonly notify?: {
    readonly url: string
    readonly token: string
    readonly form?: 'tiphys' | 'seed'
  }
  readonly simulator?: SimulatorOptions
}

/** A real Git repository and a simulated Argo CD that runs what it says. */
export type ArgocdSide = AsyncDisposable & {
  readonly simulator: Simulator
  readonly gitops: BareRepository
  /** The repository as argocd.yaml and Argo CD name it. */
  readonly repository: string
  /** Only over HTTP. */
  readonly gitHost: GitHttp | undefined
  /** The tag that Git says for an application. */
  tagInGit(stage: string, service?: string): Promise<string | undefined>
  /** As a person pushing straight to the repository. */
  pushTag(tag: string, stage: string, service?: string): Promise<string>
  /** Operations that the simulator saw for an application, and the syncs it accepted. */
  counts(stage: string, service?: string): Counts
}

type Counts = ReturnType<Simulator['counts']>['applications'][string]

const SERVICE = 'carts'
const PROJECT = 'shop'

/** Resolves when everything in Git runs. `folder` is the test's own. */
export async function openArgocdSide(folder: string, wish: ArgocdWish): Promise<ArgocdSide> {
  const files = Object.assign({}, ...wish.applications.map(filesOf))
  const gitHost = wish.git === 'http' ? await openGitHttp() : undefined
  const gitops = await (gitHost === undefined
    ? openBareRepository(join(folder, 'gitops.git'), files)
    : gitHost.createRepository('gitops', files))
  const repository = gitHost?.urlOf('gitops') ?? gitops.url
  const simulator = await startSimulator({
    tokens: [{ token: ARGOCD_TOKEN, username: 'tiphys' }],
    timingPreset: 'fast',
    traps: NO_CHANCE,
    applications: wish.applications.map((one) => applicationOf(one, repository)),
    ...(wish.notify === undefined ? {} : { notifications: notificationsOf(wish.notify) }),
    ...wish.simulator,
  })
  const running = wish.applications.filter((one) => one.deployed !== false)
  await Promise.all(running.map((one) => untilRunning(simulator, one)))
  await simulator.settled()
  return {
    simulator,
    gitops,
    repository,
    gitHost,
    async tagInGit(stage, service = SERVICE) {
      return /newTag: (\S+)/.exec(
        await gitops.show(`${pathOf(stage, service)}/kustomization.yaml`),
      )?.[1]
    },
    pushTag(tag, stage, service = SERVICE) {
      const file = `${pathOf(stage, service)}/kustomization.yaml`
      return gitops.commit(
        { [file]: kustomization(tag) },
        { message: `${service}: ${tag} by hand` },
      )
    },
    counts(stage, service = SERVICE) {
      const found = simulator.counts().applications[`argocd/${service}-${stage}`]
      return found ?? { syncsAccepted: 0, syncsRefused: {}, operations: [] }
    },
    async [Symbol.asyncDispose]() {
      await simulator.close()
      await gitHost?.[Symbol.asyncDispose]()
    },
  }
}

/** The argocd.yaml that fits: one application per service and stage, with short waits. */
export function argocdYaml(repository: string, more = ''): string {
  return `apiVersion: tiphys.dev/v1
applications:
  - application: "{{service}}-{{stage}}"
    settle: 200ms
    grace: 700ms
${more}    git:
      repository: ${repository}
      branch: main
      fields:
        - file: "apps/{{service}}/{{stage}}/kustomization.yaml"
          kustomizeImage: ${IMAGE}
`
}

function pathOf(stage: string, service: string): string {
  return `apps/${service}/${stage}`
}

function filesOf({ stage, service = SERVICE, tag = '1.0.0' }: ApplicationWish) {
  return {
    [`${pathOf(stage, service)}/kustomization.yaml`]: kustomization(tag),
    [`${pathOf(stage, service)}/deployment.yaml`]: deployment(service),
  }
}

function kustomization(tag: string): string {
  return `# what runs here
resources:
  - deployment.yaml
images:
  - name: ${IMAGE}
    newTag: ${tag} # the version
`
}

function deployment(service: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${service}
spec:
  selector: { matchLabels: { app: ${service} } }
  template:
    metadata: { labels: { app: ${service} } }
    spec:
      containers:
        - name: ${service}
          image: ${IMAGE}
`
}

function applicationOf(wish: ApplicationWish, repository: string) {
  const { stage, service = SERVICE, autoSync = false, annotations = {} } = wish
  const authorized = wish.authorized ?? `${PROJECT}:${stage}`
  return {
    metadata: {
      name: `${service}-${stage}`,
      labels: {
        'tiphys.dev/project': PROJECT,
        'tiphys.dev/service': service,
        'tiphys.dev/stage': stage,
      },
      annotations: {
        ...annotations,
        ...(authorized === '' ? {} : { 'tiphys.dev/authorized': authorized }),
      },
    },
    spec: {
      project: wish.argocdProject ?? 'default',
      source: { repoURL: repository, path: pathOf(stage, service), targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: stage },
      ...(autoSync ? { syncPolicy: { automated: { prune: true } } } : {}),
    },
  }
}

function notificationsOf({ url, token, form = 'tiphys' }: NonNullable<ArgocdWish['notify']>) {
  const headers = [
    { name: 'Content-Type', value: 'application/json' },
    { name: 'x-token', value: token },
  ]
  return {
    webhooks: [{ name: 'tiphys', url: `${url}/api/v1/event`, headers, form, ...QUICK_RETRIES }],
    subscriptions: [
      { recipients: ['tiphys'], selector: 'tiphys.dev/project', triggers: [...TRIGGERS] },
    ],
  }
}

/** By auto-sync, or as by a person in front of Argo CD's own user interface. */
async function untilRunning(simulator: Simulator, wish: ApplicationWish): Promise<void> {
  const name = `${wish.service ?? SERVICE}-${wish.stage}`
  if (wish.autoSync !== true) {
    const answer = await fetch(`${simulator.url}/api/v1/applications/${name}/sync`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ARGOCD_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name }),
    })
    if (!answer.ok) throw new Error(`sync of ${name}: ${answer.status} ${await answer.text()}`)
  }
  await until(`${name} to run`, () => {
    const { status } = simulator.application(name)
    return status.sync.status === 'Synced' && status.health.status === 'Healthy' ? true : undefined
  })
}
