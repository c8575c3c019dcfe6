import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { secretsOf as connectionSecrets } from '@tiphys/providers/connections/resolve-connections.ts'
import { lintFileSet } from '@tiphys/providers/lint-file-set.ts'
import { createArgoCdClient } from './adapters/argocd/client.ts'
import { openGit } from './adapters/git/open-git.ts'
import { followLog } from './adapters/projections/follow-log.ts'
import { openSqlite } from './adapters/sqlite/open-sqlite.ts'
import { noteOwner } from './adapters/sqlite/owner-note.ts'
import { createLog } from './adapters/system/create-log.ts'
import { newId } from './adapters/system/new-id.ts'
import { createSystemClock } from './adapters/system/system-clock.ts'
import { createApi } from './api/api.ts'
import type { ApiParts } from './api/parts.ts'
import { composeArgocd } from './argocd/compose-argocd.ts'
import { composeAudit } from './compose-audit.ts'
import {
  commandFacts,
  composeArtifacts,
  composeCommands,
  startArtifactSweep,
} from './compose-commands.ts'
import { composeExecutors } from './compose-executors.ts'
import { composeObservation, type Observation } from './compose-observation.ts'
import { composeBackups, composeDeletion } from './compose-operations.ts'
import { composeProjections } from './compose-projections.ts'
import { composeProviders, type ProviderRegistry } from './compose-providers.ts'
import type { Engine } from './engine/engine.ts'
import { startEngine } from './engine/engine-loop.ts'
import { startHousekeeping } from './engine/housekeeping.ts'
import { createOutbox } from './engine/outbox.ts'
import { commandProblems } from './executors/test/command/command-lint.ts'
import { createIntake } from './intake/create-intake.ts'
import { createIntegrations, type Integrations } from './integrations/integrations.ts'
import { type Closing, createClosing } from './operations/closing.ts'
import { drain } from './operations/drain.ts'
import { createReadiness, type ReadinessCheck } from './operations/readiness.ts'
import type { Clock } from './ports/clock.ts'
import type { Configuration } from './ports/configuration.ts'
import type { Log } from './ports/log.ts'
import { checkFile } from './projects/check-file.ts'
import { type LoadedProjects, loadProjects } from './projects/create-projects.ts'
import { pinOfOpenRun, startFollowingUpstreams } from './projects/follow-upstreams.ts'
import { DATABASE_FILE } from './rebuild-projections.ts'
import { allows } from './security/allows.ts'
import { createMask } from './security/mask.ts'
import { loadSecretKey } from './security/secret-key.ts'
import { createSecrets } from './security/secrets.ts'
import { createTokens, type Tokens } from './security/tokens.ts'
import { createUpstreamRecords } from './security/upstream-records.ts'
import { isLoopback, type ServerSettings } from './settings/load-settings.ts'
import { VERSION } from './version.ts'

const GRACE_MS = 5_000

export type ServerOverrides = {
  readonly clock?: Clock
  readonly log?: Log
}

export type TiphysServer = AsyncDisposable & {
  /** Where it listens. */
  readonly url: string
  /** The bootstrap token, when this start made it up: to be shown on the terminal once, and nowhere else. */
  readonly bootstrapToken?: string
  /** As SIGTERM wants it: says that it stops, goes on for the grace, and ends in order. */
  stop(): Promise<void>
  /** Ends in order, at once: what is decided is written, open runs go on at the next start. Never hangs. */
  close(): Promise<void>
}

/** The composition root: builds everything in plain code, top to bottom, and is the only place that knows every adapter. */
export async function createServer(
  settings: ServerSettings,
  overrides: ServerOverrides = {},
): Promise<TiphysServer> {
  const clock = overrides.clock ?? createSystemClock()
  const masked: Masked = { values: () => [], own: secretsOf(settings) }
  const secrets = () => [...masked.own, ...masked.values()]
  const log =
    overrides.log ??
    createLog({
      level: settings.logLevel,
      format: settings.logFormat ?? (process.stderr.isTTY ? 'text' : 'json'),
      write: (line) => process.stderr.write(line),
      secrets,
    })
  const observation = composeObservation({ settings, clock, log, secrets })
  const closing = createClosing({ clock, log })
  closing.push(observation.close)
  try {
    return await build({
      settings,
      clock,
      log: observation.log,
      observation,
      masked,
      listening: { port: () => settings.port },
      closing,
    })
  } catch (error) {
    await closing.close()
    throw error
  }
}

/** What the log must never show: the secrets of the settings, and those that are stored, once they can be read. */
type Masked = { values: () => readonly string[]; readonly own: readonly string[] }

type Building = {
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly log: Log
  readonly observation: Observation
  readonly masked: Masked
  /** The port that was really taken, which a setting of 0 leaves open. */
  readonly listening: { port: () => number }
  /** Undone in reverse when the server stops, or when it cannot start. */
  readonly closing: Closing
}

async function build(building: Building): Promise<TiphysServer> {
  const { settings, clock, log, observation, closing } = building
  const data = observation.data(await openData(building))
  const { store, documents, projections, tokens, secrets, integrations, bootstrapToken } = data
  const databaseFile = join(settings.dataDir, DATABASE_FILE)
  const readiness = createReadiness({ databaseFile, documents, projections, clock })
  const upstreamRecords = createUpstreamRecords(documents, secrets)
  const git = await openGit({
    settings,
    clock,
    observe: observation.git,
    environment: process.env,
    upstreamRecords,
  })
  closing.push(git.close)
  const artifacts = composeArtifacts(building)
  let engine: Engine | undefined
  const projects = await loadProjects({
    store,
    clock,
    configuration: git.configuration,
    upstreams: git.configuration.upstreams,
    log,
    pinOfRun: (projectId, commitId) => pinOfOpenRun(engine, projectId, commitId),
    newId: () => newId(clock.nowMs()),
    checkFile,
    endRuns: async (projectId) => {
      await engine?.forgetProject(projectId)
      await projections.forgetProject(projectId)
      await artifacts.forgetProject(projectId)
    },
  })
  const clients = observation.argocd(argocdClients(settings, clock))
  const { desiredState } = git
  const argocd = composeArgocd({
    settings,
    clients,
    clock,
    log,
    store,
    documents,
    projections,
    projects,
    desiredState,
  })
  closing.push(argocd.close)
  const kept = { store, projections, artifacts, projects }
  const providers = providersFor(building, { store, integrations, argocd })
  const outside = { argocd, integrations, providers, configuration: git.configuration }
  const running = await runEngine(building, { ...kept, ...outside })
  engine = running
  const { upstreams } = git.configuration
  closing.push(startFollowingUpstreams({ projects, upstreams, clock, log }))
  closing.push(observation.start({ engine: running, projects, store, documents, projections }))
  const intake = createIntake({
    engine: running,
    projects,
    clock,
    newId,
    allows,
    hintOf: argocd.hintOf,
  })
  const parts = {
    intake: observation.intake(intake),
    engine: running,
    ...kept,
    secrets,
    tokens,
    integrations,
    argocd: argocd.status,
    providers: providers.part,
    audit: await composeAudit({ store, clock, settings, bootstrapToken }),
    operations: await operate(building, { ...kept, engine: running }),
  }
  const url = await listen(building, { ...parts, readiness })
  const shown = bootstrapToken === undefined ? {} : { bootstrapToken }
  return { url, ...shown, ...endOf(building, readiness) }
}

/** The ways to end it. */
function endOf({ settings, clock, closing }: Building, readiness: ReadinessCheck) {
  const { close } = closing
  const stop = async () => {
    readiness.stop()
    await clock.sleep(settings.shutdownGraceMs ?? defaultGraceMs(settings))
    await close()
  }
  return { stop, close, [Symbol.asyncDispose]: close }
}

type Engineable = Pick<Served, 'store' | 'projections' | 'artifacts'> & {
  readonly projects: LoadedProjects
  readonly argocd: ReturnType<typeof composeArgocd>
  readonly integrations: Integrations
  readonly providers: ProviderRegistry
  readonly configuration: Pick<Configuration, 'read'>
}

function providersFor(
  building: Building,
  parts: Pick<Engineable, 'store' | 'integrations' | 'argocd'>,
): ProviderRegistry {
  const ownPort = () => building.listening.port()
  return composeProviders({ ...building, ...parts, argocd: parts.argocd.sli, ownPort })
}

/** Starts what goes on by itself: the engine with its executors, the outbox, housekeeping, the folding of lists. */
async function runEngine(building: Building, parts: Engineable): Promise<Engine> {
  const { clock, log, observation, closing } = building
  const { store, projections, projects, argocd, integrations, providers } = parts
  const secrets = () => [...building.masked.own, ...building.masked.values()]
  const commands = await composeCommands({ ...building, ...parts, secrets })
  const outbox = createOutbox({
    store,
    clock,
    log,
    handlers: observation.effects(argocd.effectHandlers),
  })
  const running = await startEngine({
    store,
    clock,
    log,
    projects,
    loadedSnapshot: (projectId) => projects.loaded(projectId),
    executors: observation.executors([
      ...argocd.executors,
      ...composeExecutors({
        ...building,
        projections,
        providers,
        trustedHosts: argocd.trustedHosts,
        commands,
      }),
    ]),
    isSubscribed: (task, place) => integrations.isSubscribed(task, place),
    subscribersOf: (run, task) => integrations.subscribersOf(task, run.plan),
    onCommitted: argocd.onCommitted,
    onEffects: () => outbox.wake(),
  })
  closing.push(
    () => running.close(),
    () => outbox.close(),
  )
  argocd.start({ engine: running, newId })
  outbox.wake()
  closing.push(startHousekeeping({ store, clock, log }), followLog({ projections, clock, log }))
  return running
}

/** What operators do with it. */
async function operate(
  building: Building,
  parts: Pick<Served, 'store' | 'projections' | 'projects' | 'engine' | 'artifacts'>,
): Promise<ApiParts['operations']> {
  const backups = await composeBackups(building)
  const deletion = composeDeletion({ ...building, ...parts })
  const { log } = building
  building.closing.push(backups.close, deletion.start(), startArtifactSweep({ ...parts, log }))
  return { backups, deleteContext: deletion.deleteContext }
}

function argocdClients(settings: ServerSettings, clock: Clock) {
  return new Map(
    settings.argocd.map((connection) => [
      connection.name,
      createArgoCdClient({ connection, clock }),
    ]),
  )
}

/** What is kept in the data folder, and what guards it. */
async function openData({ settings, clock, log, masked, closing }: Building) {
  const { dataDir } = settings
  const { store, documents, close } = openSqlite({ file: join(dataDir, DATABASE_FILE) })
  closing.push(() => close())
  const projections = composeProjections(dataDir, store)
  closing.push(projections.close)
  const key = settings.secretKey === undefined ? {} : { given: settings.secretKey }
  const secretKey = await loadSecretKey({ dataDir, ...key })
  const secrets = await createSecrets({ documents, key: secretKey, log })
  masked.values = () => secrets.knownValues()
  const tokens = createTokens({ documents, clock, log })
  const token = settings.apiToken === undefined ? {} : { given: settings.apiToken }
  const bootstrap = await tokens.ensureBootstrapToken(token)
  for (const warning of [secretKey.warning, bootstrap.warning]) if (warning) log.warn({}, warning)
  const mask = createMask(() => [...masked.own, ...masked.values()])
  const integrations = await createIntegrations({ documents, clock, log, newId, mask })
  const { generated } = bootstrap
  const kept = { store, documents, projections, secrets, tokens, integrations }
  return { ...kept, bootstrapToken: generated }
}

type Served = Pick<
  ApiParts,
  | 'intake'
  | 'engine'
  | 'projects'
  | 'store'
  | 'projections'
  | 'secrets'
  | 'integrations'
  | 'argocd'
  | 'providers'
  | 'operations'
  | 'artifacts'
  | 'audit'
> & { readonly tokens: Tokens; readonly readiness: ReadinessCheck }

async function listen(
  { settings, clock, log, observation, listening, closing }: Building,
  served: Served,
): Promise<string> {
  const { host, port, basePath } = settings
  const api = await createApi({
    ...served,
    clock,
    log,
    observation: observation.api,
    authenticate: observation.authenticate((text, address) =>
      served.tokens.authenticate(text, address),
    ),
    lint: (files) => [...lintFileSet(files), ...commandProblems(files, settings.commands)],
    server: {
      version: VERSION,
      basePath,
      ...(settings.publicUrl === undefined ? {} : { publicUrl: settings.publicUrl }),
      ...commandFacts(settings),
      checkHost: isLoopback(host),
      behindProxy: settings.behindProxy,
      readiness: () => served.readiness.check(),
    },
    ...(settings.tls === undefined ? {} : { tls: await readTls(settings.tls) }),
  })
  closing.push(() => drain(api, log))
  const url = await api.listen({ host, port })
  listening.port = () => Number(new URL(url).port)
  closing.push(() => served.readiness.stop())
  noteOwner(`${join(settings.dataDir, DATABASE_FILE)}.lock`, { pid: process.pid, url })
  log.info({ url, dataDir: settings.dataDir }, 'listening')
  return `${url}${basePath}`
}

/** Load balancers look every few seconds; on loopback there is none. */
function defaultGraceMs({ host, behindProxy }: ServerSettings): number {
  return behindProxy || !isLoopback(host) ? GRACE_MS : 0
}

async function readTls(tls: { readonly certFile: string; readonly keyFile: string }) {
  const [cert, key] = await Promise.all([readFile(tls.certFile), readFile(tls.keyFile)])
  return { cert, key }
}

/** Everything secret that the settings hold. */
function secretsOf(settings: ServerSettings): readonly string[] {
  const { apiToken, secretKey, argocd, gitCredentials, providers, traces } = settings
  const git = gitCredentials.map(({ credentials }) =>
    credentials.kind === 'password' ? credentials.password : credentials.passphrase,
  )
  const metrics = providers.flatMap(({ connection }) => connectionSecrets(connection))
  const headers = Object.values(traces?.headers ?? {})
  const tokens = argocd.map((one) => one.token)
  const all = [apiToken, secretKey, ...tokens, ...git, ...metrics, ...headers]
  return all.filter((value) => value !== undefined)
}
