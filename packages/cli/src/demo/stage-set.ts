import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile } from 'node:fs/promises'
import { createServer as createListener } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Simulator, startSimulator } from '@tiphys/argocd-simulator/simulator.ts'
import type { SchemaName } from '@tiphys/providers/schemas/file-schemas.ts'
import { schemaAddress, withSchemaLine } from '@tiphys/providers/schemas/schema-line.ts'
import { createServer, type TiphysServer } from '@tiphys/server/main.ts'
import type { ServerSettings } from '@tiphys/server/settings/load-settings.ts'
import { createHttpClient, type HttpClient } from '../client/http-client.ts'
import { createProject, createService } from '../client/projects.ts'
import { type ResourcePlace, writeResources } from '../client/resources.ts'
import { createGitOpsRepository, type GitOpsRepository, removeFolder } from './gitops-repository.ts'

/** Everything that plays in the demo, really running on this machine: Git, Argo CD (simulated API, real processes), Tiphys. */
export type StageSet = AsyncDisposable & {
  readonly client: HttpClient
  readonly server: TiphysServer
  readonly simulator: Simulator
  readonly gitops: GitOpsRepository
  readonly token: string
  readonly folder: string
}

export const PROJECT = 'shop'
export const SERVICE = 'carts'

const HOST = '127.0.0.1'
const TOKEN_BYTES = 32
const ARGOCD_TOKEN = 'demo-argocd-token'
/** The reconciler is only the safety net here; notifications come first. */
const RECONCILE_MS = 10_000

export async function raiseStageSet(options: {
  readonly port?: number
  readonly verbose?: boolean
}): Promise<StageSet> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-demo-'))
  const closing: (() => Promise<unknown>)[] = [() => removeFolder(folder)]
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step()
  }
  try {
    const gitops = await createGitOpsRepository(folder)
    const token = `demo_${randomBytes(TOKEN_BYTES).toString('base64url')}`
    const port = options.port ?? (await freePort())
    const simulator = await raiseArgocd(gitops, `http://${HOST}:${port}`, token)
    closing.push(() => simulator.close())
    const settings = settingsFor({
      folder,
      port,
      token,
      argocdUrl: simulator.url,
      verbose: options.verbose ?? false,
    })
    const server = await createServer(settings)
    closing.push(() => server.close())
    const client = createHttpClient({ endpoint: server.url, token })
    await configureProject(client, gitops, server.url)
    return { client, server, simulator, gitops, token, folder, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Two applications: staging syncs by itself, production only when asked. */
function raiseArgocd(
  gitops: GitOpsRepository,
  tiphysUrl: string,
  token: string,
): Promise<Simulator> {
  return startSimulator({
    tokens: [{ token: ARGOCD_TOKEN, username: 'tiphys' }],
    timingPreset: 'fast',
    applications: [application(gitops, 'staging', true), application(gitops, 'production', false)],
    notifications: {
      webhooks: [
        {
          name: 'tiphys',
          url: `${tiphysUrl}/api/v1/event`,
          headers: [
            { name: 'Content-Type', value: 'application/json' },
            { name: 'x-token', value: token },
          ],
        },
      ],
      subscriptions: [
        {
          recipients: ['tiphys'],
          selector: 'tiphys.dev/project',
          triggers: ['on-tiphys-deployed', 'on-tiphys-sync-failed', 'on-tiphys-degraded'],
        },
      ],
    },
  })
}

function application(gitops: GitOpsRepository, stage: string, isAutomated: boolean) {
  return {
    metadata: {
      name: `${SERVICE}-${stage}`,
      namespace: 'argocd',
      labels: {
        'tiphys.dev/project': PROJECT,
        'tiphys.dev/stage': stage,
        'tiphys.dev/service': SERVICE,
      },
      // The owner of the application allows Tiphys to write, for this stage and no other.
      annotations: { 'tiphys.dev/authorized': `${PROJECT}:${stage}` },
    },
    spec: {
      project: 'default',
      destination: { server: 'https://kubernetes.default.svc', namespace: stage },
      source: { repoURL: gitops.url, targetRevision: 'main', path: `apps/${SERVICE}/${stage}` },
      ...(isAutomated ? { syncPolicy: { automated: { prune: true, selfHeal: false } } } : {}),
    },
  }
}

type SettingsWish = {
  readonly folder: string
  readonly port: number
  readonly token: string
  readonly argocdUrl: string
  readonly verbose: boolean
}

function settingsFor(wish: SettingsWish): ServerSettings {
  return {
    port: wish.port,
    host: HOST,
    dataDir: join(wish.folder, 'tiphys'),
    apiToken: wish.token,
    behindProxy: false,
    basePath: '',
    denyPrivate: false,
    // The sample service runs on this machine; a real server never tests its own loopback.
    allowLoopbackTargets: true,
    gitProtocols: ['file'],
    logLevel: wish.verbose ? 'info' : 'error',
    reconcileEveryMs: RECONCILE_MS,
    argocd: [{ name: 'default', url: wish.argocdUrl, token: ARGOCD_TOKEN }],
    gitCredentials: [],
    providers: [],
  }
}

async function configureProject(
  client: HttpClient,
  gitops: GitOpsRepository,
  serverUrl: string,
): Promise<void> {
  const demoFile = (kind: SchemaName) => readDemoFile(kind, serverUrl)
  await createProject(client, { name: PROJECT, shipyard: await demoFile('shipyard') })
  await createService(client, PROJECT, SERVICE)
  const argocd = (await demoFile('argocd')).replace('GITOPS_REPOSITORY', gitops.url)
  await write(
    client,
    { project: PROJECT },
    {
      'tiphys/project.yaml': await demoFile('project'),
      'tiphys/tests.yaml': await demoFile('tests'),
      'argocd.yaml': argocd,
    },
  )
  for (const stage of ['staging', 'production']) {
    const slo = { 'slo.yaml': await demoFile('slo') }
    await write(client, { project: PROJECT, stage, service: SERVICE }, slo)
  }
}

async function write(
  client: HttpClient,
  place: ResourcePlace,
  files: Readonly<Record<string, string>>,
) {
  const encoder = new TextEncoder()
  const contents = Object.entries(files).map(([uri, text]) => ({
    uri,
    content: encoder.encode(text),
  }))
  await writeResources(client, place, contents)
}

/** The files of the demo project lie beside this one: short waits, visibly. Editors find their schema where the files will be: on this server. */
async function readDemoFile(kind: SchemaName, serverUrl: string): Promise<string> {
  const text = await readFile(new URL(`./files/${kind}.yaml`, import.meta.url), 'utf8')
  return withSchemaLine(text, schemaAddress(serverUrl, kind))
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const listener = createListener()
    listener.once('error', reject)
    listener.listen(0, HOST, () => {
      const address = listener.address()
      listener.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      )
    })
  })
}
