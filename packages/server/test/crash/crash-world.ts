import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Simulator, startSimulator } from '@tiphys/argocd-simulator/simulator.ts'
import { type BareRepository, openBareRepository } from '../peers/bare-repository.ts'
import { type ServeProcess, serveProcess } from './serve-process.ts'

/** A simulated Argo CD with all its traps, one Git repository that it reads, and a server that is a process of its own. */
export type CrashWorld = AsyncDisposable & {
  readonly simulator: Simulator
  readonly repository: BareRepository
  readonly server: ServeProcess
  readonly url: string
  readonly token: string
  readonly dataDir: string
}

export const PROJECT = 'shop'
export const STAGE = 'staging'
const TOKEN_BYTES = 24

export const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata:
  name: ${PROJECT}
spec:
  stages:
    - name: ${STAGE}
      sequences:
        - name: delivery
          tasks:
            - name: deployment
            - name: handover
              properties:
                executor: external
        - name: check
          tasks:
            - name: handover
              properties:
                executor: external
`

export function argocdYaml(repository: BareRepository): string {
  return `apiVersion: tiphys.dev/v1
applications:
  - application: "{{service}}-{{stage}}"
    git:
      repository: ${repository.url}
      branch: main
      fields:
        - file: "apps/{{service}}/kustomization.yaml"
          kustomizeImage: sample
    settle: 1s # default 10s
    grace: 5s # default 60s
`
}

export async function openCrashWorld(
  services: readonly string[],
  seed: number,
): Promise<CrashWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-crash-'))
  const closing: (() => Promise<unknown>)[] = [
    // Git children of a killed server may still be writing for a moment.
    () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  ]
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step()
  }
  try {
    const files = services.map(filesOf)
    const gitops = join(folder, 'gitops.git')
    const repository = await openBareRepository(gitops, Object.assign({}, ...files))
    const simulator = await startSimulator({
      seed,
      timingPreset: 'fast',
      applications: services.map((service) => applicationOf(service, repository)),
    })
    closing.push(() => simulator.close())
    const port = await freePort()
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    const dataDir = join(folder, 'data')
    await mkdir(dataDir, { mode: 0o700 })
    await writeFile(join(folder, 'tiphys.yaml'), settings({ port, token, dataDir, simulator }))
    const url = `http://127.0.0.1:${port}`
    const server = serveProcess(folder, url)
    closing.push(() => server.kill())
    return {
      simulator,
      repository,
      server,
      url,
      token,
      dataDir,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function settings(wish: {
  readonly port: number
  readonly token: string
  readonly dataDir: string
  readonly simulator: Simulator
}): string {
  return `port: ${wish.port}
dataDir: ${wish.dataDir}
apiToken: ${wish.token}
logLevel: warn
allowLoopbackTargets: true
argocd:
  reconcileEvery: 5s
  instances:
    - url: ${wish.simulator.url}
      token: ${wish.simulator.token}
git:
  protocols: [file]
`
}

/** Without auto-sync: every operation that Argo CD runs was asked for. */
function applicationOf(service: string, repository: BareRepository) {
  return {
    metadata: {
      name: `${service}-${STAGE}`,
      labels: {
        'tiphys.dev/project': PROJECT,
        'tiphys.dev/stage': STAGE,
        'tiphys.dev/service': service,
      },
      annotations: { 'tiphys.dev/authorized': `${PROJECT}:${STAGE}` },
    },
    spec: {
      project: 'default',
      source: { repoURL: repository.url, targetRevision: 'main', path: `apps/${service}` },
      destination: { server: 'https://kubernetes.default.svc', namespace: STAGE },
    },
  }
}

function filesOf(service: string): Record<string, string> {
  return {
    [`apps/${service}/kustomization.yaml`]: `resources:
  - deployment.yaml
images:
  - name: sample
    newTag: 1.0.0
`,
    [`apps/${service}/deployment.yaml`]: `apiVersion: apps/v1
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
          image: sample
`,
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const listener = createServer()
    listener.once('error', reject)
    listener.listen(0, '127.0.0.1', () => {
      const address = listener.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      listener.close(() => resolve(port))
    })
  })
}
