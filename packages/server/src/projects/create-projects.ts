import type { Problem } from '@tiphys/contract/problem.ts'
import { parseRepositoryUrl } from '@tiphys/contract/repository-url.ts'
import { readShipyardFile } from '@tiphys/providers/lint-files.ts'
import type { ProjectSnapshot } from '../engine/project-snapshot.ts'
import type { Actor } from '../intake/actor.ts'
import { createKeyedMutex } from '../keyed-mutex.ts'
import type { Clock } from '../ports/clock.ts'
import type { Configuration, Pin, Place } from '../ports/configuration.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { LostCopyError, type UpstreamConnection, type Upstreams } from '../ports/upstreams.ts'
import { createFirstSnapshots, type FirstSnapshots } from './first-snapshots.ts'
import {
  faultOfProjectName,
  invalid,
  invalidFile,
  projectNotFound,
  refusedUpstream,
  unwritten,
} from './project-answers.ts'
import { createProjectResources, type ProjectResources } from './project-resources.ts'
import { createProjectServices, type ProjectServices } from './project-services.ts'
import { createProjectSnapshots, type ProjectSnapshots } from './project-snapshots.ts'
import type {
  CreateProject,
  ProjectRecord,
  Projects,
  UpstreamRefused,
  WriteResourcesAnswer,
} from './projects.ts'
import { loadRegistry, type RegisteredProject, type Registry } from './registry.ts'
import { SHIPYARD_URI } from './snapshot.ts'
import { createUpstreamFollowing, type UpstreamFollowing } from './upstream-following.ts'

export type ProjectsParts = {
  readonly store: Store
  readonly clock: Clock
  readonly configuration: Configuration
  readonly newId: () => string
  /** What is wrong with a file by its name; errors refuse the write. Files we do not know have no problems. */
  readonly checkFile: (uri: string, text: string, label: string) => readonly Problem[]
  /** Ends what runs in a project before it is forgotten. */
  readonly endRuns: (projectId: string) => Promise<void>
  /** Without it every project has an embedded repository. */
  readonly upstreams?: Upstreams
  readonly log?: Log
  /** The pin of an open run that shows this commit on the wire, the newest such run's. */
  readonly pinOfRun?: (projectId: string, commitId: string) => Pin | undefined
}

export type LoadedProjects = Projects & {
  /** The newest snapshot, at once; undefined before the first `snapshot`. */
  loaded(projectId: string): ProjectSnapshot | undefined
  /** Fetches from the upstream of a project, if it has one, and makes what came the newest configuration. */
  followUpstream(projectId: string): Promise<void>
}

export async function loadProjects(parts: ProjectsParts): Promise<LoadedProjects> {
  const registry = await loadRegistry(parts.store, parts.clock)
  const { configuration, upstreams } = parts
  // An upstream of no project is what a process left that died while it created one.
  for (const projectId of upstreams?.projectIds() ?? []) {
    if (registry.byId(projectId) === undefined) await configuration.deleteProject(projectId)
  }
  const projects = new ProjectsService(parts, registry)
  await projects.clearDeleted()
  for (const { projectId, name } of registry.all()) {
    await projects.load(projectId).catch((error: unknown) => {
      // The copy of an upstream may be lost while that is down; the other projects can work.
      if (upstreams?.stateOf(projectId) === undefined) throw error
      const why = error instanceof LostCopyError ? { message: error.message } : { error }
      parts.log?.error(
        { project: name, ...why },
        'the configuration of a project cannot be had now',
      )
    })
  }
  return projects
}

class ProjectsService implements LoadedProjects {
  readonly #parts: ProjectsParts
  readonly #registry: Registry
  readonly #snapshots: ProjectSnapshots
  readonly #first: FirstSnapshots
  readonly #resources: ProjectResources
  readonly #services: ProjectServices
  readonly #following: UpstreamFollowing
  /** Changes of a project come one after the other; a slow upstream holds up nobody else's. */
  readonly #turns = createKeyedMutex()

  constructor(parts: ProjectsParts, registry: Registry) {
    this.#parts = parts
    this.#registry = registry
    const { configuration, upstreams, clock, log, checkFile } = parts
    const nameOf = (projectId: string) => registry.byId(projectId)?.name ?? ''
    this.#snapshots = createProjectSnapshots(configuration, nameOf)
    this.#first = createFirstSnapshots({ snapshots: this.#snapshots, upstreams, clock })
    this.#following = createUpstreamFollowing({
      upstreams,
      clock,
      log,
      nameOf,
      isLoaded: (projectId) => this.#snapshots.newest(projectId) !== undefined,
      onChange: (projectId, services) => this.#takeOver(projectId, services),
    })
    this.#services = createProjectServices({
      registry,
      configuration,
      snapshots: this.#snapshots,
      log,
    })
    this.#resources = createProjectResources({
      registry,
      configuration,
      snapshots: this.#snapshots,
      checkFile,
      pinOfRun: parts.pinOfRun ?? (() => undefined),
      freshen: (projectId, maxAgeMs) => this.#following.freshen(projectId, maxAgeMs),
      present: async (projectId) => void (await this.#first.get(projectId)),
    })
  }

  async load(projectId: string): Promise<void> {
    await this.#first.fetch(projectId)
  }

  /** One change of a project at a time, and none on a configuration that is not known. */
  #change<T>(name: string, work: () => Promise<T>): Promise<T | UpstreamRefused> {
    return this.#turns.run(name, async () => {
      const projectId = this.#registry.find(name)?.projectId
      try {
        if (projectId !== undefined) await this.#first.fetch(projectId)
      } catch (error) {
        if (error instanceof LostCopyError) return unwritten(error.failure)
        throw error
      }
      return await work()
    })
  }

  list(): readonly ProjectRecord[] {
    return this.#registry.all().map((project) => this.#record(project))
  }

  find(name: string): ProjectRecord | undefined {
    const project = this.#registry.find(name)
    return project && this.#record(project)
  }

  byId(projectId: string): ProjectRecord | undefined {
    const project = this.#registry.byId(projectId)
    return project && this.#record(project)
  }

  loaded(projectId: string): ProjectSnapshot | undefined {
    return this.#snapshots.newest(projectId)
  }

  create(request: CreateProject, actor: Actor): ReturnType<Projects['create']> {
    const { name, shipyard } = request
    return this.#turns.run(name, async () => {
      const fault = faultOfProjectName(name)
      if (fault !== undefined) return fault
      if (this.#registry.find(name) !== undefined) {
        return { code: 'exists', message: `project ${name} already exists` }
      }
      const read = shipyard === undefined ? undefined : readShipyardFile(shipyard, SHIPYARD_URI)
      if (read?.ok === false) return invalidFile(read.problems)
      await this.clearDeleted()
      const projectId = this.#parts.newId()
      const made = await this.#makeRepository(projectId, request)
      if (made.code !== 'made') return made
      try {
        await this.#registry.record(projectId, { type: 'project.created', name }, actor)
      } catch (error) {
        await this.#parts.configuration.deleteProject(projectId)
        throw error
      }
      await this.#services.takeOver(projectId, made.services)
      await this.#snapshots.refresh(projectId)
      return { code: 'created', projectId, warnings: read?.problems ?? [] }
    })
  }

  attachUpstream(
    name: string,
    connection: UpstreamConnection,
    actor: Actor,
  ): ReturnType<Projects['attachUpstream']> {
    return this.#turns.run(name, async () => {
      const project = this.#registry.find(name)
      if (project === undefined) return projectNotFound(name)
      const { upstreams } = this.#parts
      if (upstreams === undefined) return invalid('this server keeps no upstreams')
      const { projectId } = project
      const attached = await upstreams.attach(projectId, connection)
      if (attached.code !== 'attached') return refusedUpstream(attached)
      this.#parts.log?.info({ project: name, by: actor.name }, 'the project has an upstream')
      // Also of a copy that was lost, and is there again now.
      await this.#snapshots.refresh(projectId)
      await this.#services.addAll(project, actor)
      return { code: 'attached' }
    })
  }

  async lookAtUpstream(projectId: string): ReturnType<Projects['lookAtUpstream']> {
    const { upstreams } = this.#parts
    const hasAnswered = await this.#following.freshen(projectId, 0)
    const state = upstreams?.stateOf(projectId)
    if (upstreams === undefined || state === undefined) return undefined
    const parsed = parseRepositoryUrl(state.connection.remoteUrl)
    const host = parsed.code === 'url' && parsed.protocol === 'ssh' ? parsed.host : undefined
    const [, bare, port] = /^(.*?)(?::(\d+))?$/.exec(host ?? '') ?? []
    const pinned = port === undefined ? bare : `[${bare}]:${port}`
    const hostKeys = (await upstreams.pinnedHostKeys()).filter((key) => key.host === pinned)
    return { state, hostKeys, hasAnswered }
  }

  async updateShipyard(
    name: string,
    shipyard: string,
    actor: Actor,
  ): ReturnType<Projects['updateShipyard']> {
    const files = { [SHIPYARD_URI]: new TextEncoder().encode(shipyard) }
    const answer = await this.writeResources(name, { level: 'project' }, files, actor)
    if (answer.code === 'written') return { code: 'updated', warnings: answer.warnings }
    return answer.code === 'not-found' ? projectNotFound(name) : answer
  }

  delete(name: string, actor: Actor): ReturnType<Projects['delete']> {
    return this.#turns.run(name, async () => {
      const project = this.#registry.find(name)
      if (project === undefined) return projectNotFound(name)
      // On disk first: whatever happens now, it is gone, and what is left of it is cleared away later.
      await this.#registry.record(project.projectId, { type: 'project.deleted' }, actor)
      await this.clearDeleted()
      return { code: 'deleted' }
    })
  }

  /** Clears away what a deletion left that was interrupted. */
  async clearDeleted(): Promise<void> {
    for (const projectId of this.#registry.deleted()) {
      await this.#parts.endRuns(projectId)
      await this.#parts.store.deleteProject(projectId)
      await this.#parts.configuration.deleteProject(projectId)
      this.#registry.forget(projectId)
      this.#snapshots.forget(projectId)
    }
  }

  createService(
    name: string,
    service: string,
    actor: Actor,
  ): ReturnType<Projects['createService']> {
    return this.#change(name, () => this.#services.create(name, service, actor))
  }

  deleteService(
    name: string,
    service: string,
    actor: Actor,
  ): ReturnType<Projects['deleteService']> {
    return this.#change(name, () => this.#services.delete(name, service, actor))
  }

  writeResources(
    name: string,
    place: Place,
    files: Readonly<Record<string, Uint8Array | undefined>>,
    actor: Actor,
  ): Promise<WriteResourcesAnswer> {
    return this.#change(name, () => this.#resources.write(name, place, files, actor))
  }

  listResources(
    name: string,
    place: Place,
    commitId?: string,
  ): ReturnType<Projects['listResources']> {
    return this.#resources.listResources(name, place, commitId)
  }

  readResource(
    name: string,
    place: Place,
    uri: string,
    commitId?: string,
  ): ReturnType<Projects['readResource']> {
    return this.#resources.readResource(name, place, uri, commitId)
  }

  async snapshot(projectId: string): Promise<ProjectSnapshot> {
    this.#following.nudge(projectId)
    return await this.#first.get(projectId)
  }

  snapshotAt(projectId: string, pin: Pin): Promise<ProjectSnapshot> {
    return this.#snapshots.at(projectId, pin)
  }

  async snapshotOfCommit(
    projectId: string,
    commitId: string,
    stage?: string,
  ): Promise<ProjectSnapshot | undefined> {
    const pin = await this.#resources.pinOf(projectId, commitId, stage)
    return pin && (await this.snapshotAt(projectId, pin))
  }

  async followUpstream(projectId: string): Promise<void> {
    await this.#following.follow(projectId, 0)
  }

  async #makeRepository(projectId: string, { name, shipyard, upstream }: CreateProject) {
    const { configuration, upstreams, clock } = this.#parts
    const createdMs = clock.nowMs()
    if (upstream !== undefined) {
      if (upstreams === undefined) return invalid('this server keeps no upstreams')
      const given = shipyard === undefined ? {} : { shipyard }
      const request = { projectId, name, createdMs, connection: upstream, ...given }
      const begun = await upstreams.create(request)
      if (!('services' in begun)) return refusedUpstream(begun)
      return { code: 'made', services: begun.services } as const
    }
    if (shipyard === undefined) return invalid('a project needs a shipyard')
    const files = { [SHIPYARD_URI]: new TextEncoder().encode(shipyard) }
    await configuration.createProject(projectId, files, { name, createdMs })
    return { code: 'made', services: [] as readonly string[] } as const
  }

  /** What a fetch brought: the newest configuration, and services that nobody here knew. */
  async #takeOver(projectId: string, services: readonly string[]): Promise<void> {
    const name = this.#registry.byId(projectId)?.name
    if (name === undefined) return
    await this.#turns.run(name, async () => {
      if (this.#registry.byId(projectId) === undefined) return
      await this.#services.takeOver(projectId, services)
      await this.#snapshots.refresh(projectId)
    })
  }

  #record(project: RegisteredProject): ProjectRecord {
    const { projectId } = project
    const stages = this.#snapshots.newest(projectId)?.shipyard.spec.stages ?? []
    const upstream = this.#parts.upstreams?.stateOf(projectId)
    return {
      ...project,
      stages: stages.map((stage) => stage.name),
      shipyard: this.#snapshots.shipyard(projectId),
      ...(upstream === undefined ? {} : { upstream }),
    }
  }
}
