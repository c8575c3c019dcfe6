import { randomBytes } from 'node:crypto'
import { Activity } from './activity.ts'
import type { Application } from './application/application.ts'
import { type ApplicationSpec, newApplication } from './application/application-schema.ts'
import { type ApplicationKey, ApplicationStore, keyOf } from './application/application-store.ts'
import { Applications, type RunningApplication } from './application/applications.ts'
import { EventLog } from './controller/event-log.ts'
import { Projects } from './controller/projects.ts'
import type { SyncWindow } from './controller/sync-windows.ts'
import { Counts, type SimulatorCounts } from './counts.ts'
import { type Fault, Faults } from './faults.ts'
import { createRepositories } from './git/repositories.ts'
import { ApiServer } from './http/api-server.ts'
import { Tokens } from './http/tokens.ts'
import { NotificationsController } from './notifications/notifications-controller.ts'
import { seededRandom } from './random.ts'
import { DesiredStates } from './render/desired-state.ts'
import { parseApplicationSpec, parseOptions, type SimulatorOptions } from './simulator-options.ts'
import { type Timing, timingPresets } from './timing.ts'

const TOKEN_BYTES = 18

/** A running Argo CD API server with the applications it manages. Names may be `name` or `namespace/name`. */
export type Simulator = AsyncDisposable & {
  /** Base URL of the API, with the root path, without a slash at its end. */
  readonly url: string
  /** A token that works: the first configured one, else one made up at the start. */
  readonly token: string
  /**
   * Answers the URL at which the deployed service is reachable. Throws OptionsError for a specification that is
   * none, and an Error if the name or the ingress port is taken.
   */
  addApplication(spec: ApplicationSpec): Promise<string>
  /** As somebody deleting it; resolves when it is gone and its processes have ended. */
  removeApplication(name: string): Promise<void>
  /** The object as it is now. Throws if there is none. */
  application(name: string): Application
  ingressUrl(name: string): string
  counts(): SimulatorCounts
  /** Faults add up until they are cleared or used up. */
  setFault(fault: Fault): void
  clearFaults(): void
  /** Breaks every open connection to the API, streams too. New ones are taken. */
  cutConnections(): void
  /** The cluster refuses the next apply of this application with this message, once per call. */
  refuseNextApply(name: string, message: string): void
  setSyncWindows(project: string, windows: readonly SyncWindow[]): void
  /** As if the record of sent notifications had been lost: what still holds is sent again. */
  repeatNotifications(name: string): void
  /** Compares with Git now, without waiting for the poll. */
  refreshNow(name: string): void
  /** Resolves when nothing is in flight; waiting for a poll, a window or a resync is not. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** Starts a simulator on loopback. Throws OptionsError for options that are none. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const parsed = parseOptions(options)
  const { traps } = parsed
  const timing: Timing = { ...timingPresets[parsed.timingPreset], ...parsed.timing }
  const closing = new AbortController()
  const activity = new Activity()
  // One generator per purpose: how often one is asked must not change what the others say.
  const random = seededRandom(parsed.seed)
  const notificationRandom = seededRandom(parsed.seed + 1)
  const streamRandom = seededRandom(parsed.seed + 2)
  const store = new ApplicationStore()
  const counts = new Counts()
  const events = new EventLog()
  const projects = new Projects()
  for (const { name, syncWindows } of parsed.projects) projects.setSyncWindows(name, syncWindows)
  const repositories = await createRepositories()
  const desiredStates = new DesiredStates(repositories)
  const common = { store, desiredStates, projects, events, counts, activity, timing, traps, random }
  const applications = new Applications(common)
  const tokens = [...parsed.tokens]
  if (tokens.length === 0) {
    tokens.push({ token: randomBytes(TOKEN_BYTES).toString('base64url'), username: 'admin' })
  }
  const faults = new Faults()
  const server = new ApiServer({
    host: parsed.host,
    port: parsed.port,
    rootPath: parsed.rootPath,
    faults,
    services: {
      ...common,
      applications,
      random: streamRandom,
      repositories,
      tokens: new Tokens(tokens, parsed.accounts),
      closing: closing.signal,
    },
  })

  const core: SimulatorCore = {
    store,
    applications,
    projects,
    counts,
    faults,
    activity,
    server,
  }
  const close = once(async () => {
    closing.abort()
    await server.close()
    await applications.close()
    await repositories.close()
  })
  try {
    const url = await server.listen()
    const settings = parsed.notifications
    if (settings !== undefined) {
      const argocdUrl = settings.argocdUrl ?? url
      const signal = closing.signal
      core.notifications = new NotificationsController({
        ...common,
        random: notificationRandom,
        settings,
        argocdUrl,
        closing: signal,
      })
    }
    for (const spec of parsed.applications) await addApplication(applications, spec)
    return handleOf(core, { url, token: tokens[0]?.token ?? '', close })
  } catch (error) {
    await close()
    throw error
  }
}

type SimulatorCore = {
  readonly store: ApplicationStore
  readonly applications: Applications
  readonly projects: Projects
  readonly counts: Counts
  readonly faults: Faults
  readonly activity: Activity
  readonly server: ApiServer
  notifications?: NotificationsController
}

/** What the caller holds: names instead of keys, nothing of the machinery. */
function handleOf(
  core: SimulatorCore,
  given: { url: string; token: string; close(): Promise<void> },
): Simulator {
  const { store, applications, projects, counts, faults, activity } = core
  const running = (name: string) => runningApplication(applications, keyFrom(name))
  return {
    ...given,
    addApplication: (spec) => addApplication(applications, spec),
    removeApplication: (name) => applications.delete(keyFrom(name)),
    application(name) {
      const found = store.get(keyFrom(name))
      if (found === undefined) throw new Error(`no application ${keyFrom(name)}`)
      return found
    },
    ingressUrl: (name) => running(name).cluster.ingressUrl,
    counts: () => counts.snapshot(),
    setFault: (fault) => faults.set(fault),
    clearFaults: () => faults.clear(),
    cutConnections: () => core.server.cutConnections(),
    refuseNextApply: (name, message) => running(name).injectedErrors.push(message),
    setSyncWindows: (project, windows) => projects.setSyncWindows(project, windows),
    repeatNotifications: (name) => core.notifications?.forget(keyFrom(name)),
    refreshNow: (name) => running(name).controller.refresh('force'),
    settled: () => activity.settled(),
    [Symbol.asyncDispose]: given.close,
  }
}

async function addApplication(applications: Applications, spec: ApplicationSpec): Promise<string> {
  const { ingressPort, ...rest } = parseApplicationSpec(spec)
  const added = newApplication(rest)
  const key = keyOf(added)
  if (!(await applications.add(added, ingressPort))) throw new Error(`${key} exists already`)
  return runningApplication(applications, key).cluster.ingressUrl
}

/** Closing twice closes once, and both callers wait for it. */
function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}

function keyFrom(name: string): ApplicationKey {
  return name.includes('/') ? name : `argocd/${name}`
}

function runningApplication(applications: Applications, key: ApplicationKey): RunningApplication {
  const found = applications.get(key)
  if (found === undefined) throw new Error(`no application ${key}`)
  return found
}
