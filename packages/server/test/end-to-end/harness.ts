import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createListener } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type ServerOverrides, type TiphysServer } from '../../src/main.ts'
import type { ServerSettings } from '../../src/settings/load-settings.ts'
import { ARGOCD_TOKEN, type ArgocdSide, type ArgocdWish, openArgocdSide } from './argocd-side.ts'
import { checkReports } from './check-reports.ts'
import { TiphysClient } from './tiphys-client.ts'

const HOST = '127.0.0.1'
export const TOKEN = 'token-of-the-end-to-end-tests'
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
/** The reconciler is only the safety net; tests that look at it set their own. */
const RECONCILE_MS = 60_000

export type InstallationWish = {
  /** Left out: a Tiphys without any Argo CD. `notify` is where to post; `true` means to this server. */
  readonly argocd?: Omit<ArgocdWish, 'notify'> & { readonly notify?: true | 'seed' }
  readonly settings?: SettingsWish
  readonly overrides?: ServerOverrides
}

/** A function where settings name what runs beside the server. */
type SettingsWish =
  | Partial<ServerSettings>
  | ((argocd: ArgocdSide | undefined) => Partial<ServerSettings>)

/** The real server on SQLite and Git in a temporary folder, with everything around it that a test wants. Disposing leaves nothing. */
export type Installation = AsyncDisposable & {
  /** The same after a restart. */
  readonly url: string
  readonly token: string
  readonly folder: string
  readonly settings: ServerSettings
  readonly client: TiphysClient
  /** Throws when the installation was asked for without. */
  readonly argocd: ArgocdSide
  /** Ends the server in order, as SIGTERM does. */
  stop(): Promise<void>
  /** Starts it again on the same data and the same port. */
  start(): Promise<void>
  restart(): Promise<void>
}

export async function openInstallation(wish: InstallationWish = {}): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-end-to-end-'))
  const closing: (() => Promise<void>)[] = [
    () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  ]
  const close = async () => {
    const failures: unknown[] = []
    // What fails on the way out is told, and leaves nothing open.
    for (const step of closing.splice(0).reverse()) {
      await step().catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
  }
  try {
    // Notifications have to know the port before the server listens.
    const port = await freePort()
    const url = `http://${HOST}:${port}`
    const argocd = wish.argocd && (await openArgocdSide(folder, argocdWish(wish.argocd, url)))
    if (argocd !== undefined) closing.push(async () => await argocd[Symbol.asyncDispose]())
    const more = typeof wish.settings === 'function' ? wish.settings(argocd) : wish.settings
    const settings = settingsFor(folder, port, argocd, more)
    let server: TiphysServer | undefined
    const stop = async () => {
      await server?.close()
      server = undefined
    }
    const start = async () => {
      server = await createServer(settings, { log: QUIET, ...wish.overrides })
    }
    const client = new TiphysClient(() => url, TOKEN)
    closing.push(stop, async () => {
      if (server !== undefined) await checkReports(client)
    })
    await start()
    return {
      url,
      token: TOKEN,
      folder,
      settings,
      client,
      get argocd() {
        if (argocd === undefined) throw new Error('this installation has no Argo CD')
        return argocd
      },
      stop,
      start,
      async restart() {
        await stop()
        await start()
      },
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function argocdWish(wish: NonNullable<InstallationWish['argocd']>, url: string): ArgocdWish {
  const { notify, ...rest } = wish
  if (notify === undefined) return rest
  return { ...rest, notify: { url, token: TOKEN, form: notify === 'seed' ? 'seed' : 'tiphys' } }
}

/** Settings as `loadSettings` makes them, for a server on loopback that tests what runs on this machine. */
export function settingsFor(
  folder: string,
  port: number,
  argocd?: ArgocdSide,
  more: Partial<ServerSettings> = {},
): ServerSettings {
  return {
    port,
    host: HOST,
    dataDir: join(folder, 'tiphys'),
    apiToken: TOKEN,
    behindProxy: false,
    basePath: '',
    denyPrivate: false,
    allowLoopbackTargets: true,
    gitProtocols: ['file', 'http'],
    logLevel: 'error',
    reconcileEveryMs: RECONCILE_MS,
    argocd: argocd ? [{ name: 'default', url: argocd.simulator.url, token: ARGOCD_TOKEN }] : [],
    gitCredentials: [],
    providers: [],
    ...more,
  }
}

/** Free a moment ago, which is as good as it gets where somebody must know the port before it is listened on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const listener = createListener()
    listener.once('error', reject)
    listener.listen(0, HOST, () => {
      const address = listener.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      listener.close(() => resolve(port))
    })
  })
}
