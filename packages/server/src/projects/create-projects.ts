import { formatProblem, type Problem } from '@tiphys/contract/problem.ts'
import { readShipyardFile } from '@tiphys/providers/lint-files.ts'
import type { ProjectSnapshot } from '../engine/project-snapshot.ts'
import type { Actor } from '../intake/actor.ts'
import type { Clock } from '../ports/clock.ts'
import type { Configuration, Pin, Place } from '../ports/configuration.ts'
import type { Store } from '../ports/store.ts'
import type {
  Invalid,
  ProjectNotFound,
  ProjectRecord,
  Projects,
  ResourceNotFound,
  WriteResourcesAnswer,
} from './projects.ts'
import { loadRegistry, type RegisteredProject, type Registry } from './registry.ts'
import { loadSnapshot, SHIPYARD_URI } from './snapshot.ts'

export type ProjectsParts = {
  readonly store: Store
  readonly clock: Clock
  readonly configuration: Configuration
  readonly newId: () => string
  /** What is wrong with a file by its name; errors refuse the write. Files we do not know have no problems. */
  readonly checkFile: (uri: string, text: string, label: string) => readonly Problem[]
  /** Ends what runs in a project before it is forgotten. */
  readonly endRuns: (projectId: string) => Promise<void>
}

export type LoadedProjects = Projects & {
  /** The newest snapshot, at once; undefined before the first `snapshot`. */
  loaded(projectId: string): ProjectSnapshot | undefined
}

/** Keptn's limits (facts/keptn-v1.md 1.8). */
const PROJECT_NAME_MAX = 200
const SERVICE_NAME_MAX = 43
const NAME = /^[a-z]([a-z0-9-]*[a-z0-9])?$/
/** Snapshots of older pins that are kept for runs under way. */
const MAX_KEPT_SNAPSHOTS = 200

export async function loadProjects(parts: ProjectsParts): Promise<LoadedProjects> {
  const registry = await loadRegistry(parts.store, parts.clock)
  const projects = new ProjectsService(parts, registry)
  for (const { projectId } of registry.all()) await projects.snapshot(projectId)
  return projects
}

class ProjectsService implements LoadedProjects {
  readonly #parts: ProjectsParts
  readonly #registry: Registry
  readonly #newest = new Map<string, ProjectSnapshot>()
  readonly #kept = new Map<string, Promise<ProjectSnapshot>>()
  readonly #shipyards = new Map<string, string>()
  /** Changes of the registry and of a project's head come one after the other. */
  #changes: Promise<unknown> = Promise.resolve()

  constructor(parts: ProjectsParts, registry: Registry) {
    this.#parts = parts
    this.#registry = registry
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
    return this.#newest.get(projectId)
  }

  create(
    request: { name: string; shipyard: string },
    actor: Actor,
  ): ReturnType<Projects['create']> {
    return this.#oneByOne(async () => {
      const { name, shipyard } = request
      if (!NAME.test(name) || name.length > PROJECT_NAME_MAX) {
        return invalid(
          `project name ${name} is not valid: lower case letters, digits and hyphens, a letter first, at most ${PROJECT_NAME_MAX} characters`,
        )
      }
      if (this.#registry.find(name) !== undefined) {
        return { code: 'exists', message: `project ${name} already exists` }
      }
      const read = readShipyardFile(shipyard, SHIPYARD_URI)
      if (!read.ok) return invalidFile(read.problems)
      const projectId = this.#parts.newId()
      const files = { [SHIPYARD_URI]: new TextEncoder().encode(shipyard) }
      const createdMs = this.#parts.clock.nowMs()
      await this.#parts.configuration.createProject(projectId, files, { name, createdMs })
      await this.#registry.record(projectId, { type: 'project.created', name }, actor)
      await this.#refresh(projectId)
      return { code: 'created', projectId, warnings: read.problems }
    })
  }

  async updateShipyard(
    name: string,
    shipyard: string,
    actor: Actor,
  ): ReturnType<Projects['updateShipyard']> {
    const files = { [SHIPYARD_URI]: new TextEncoder().encode(shipyard) }
    const answer = await this.writeResources(name, { level: 'project' }, files, actor)
    if (answer.code === 'written') return { code: 'updated', warnings: answer.warnings }
    return answer.code === 'invalid' ? answer : projectNotFound(name)
  }

  delete(name: string): ReturnType<Projects['delete']> {
    return this.#oneByOne(async () => {
      const project = this.#registry.find(name)
      if (project === undefined) return projectNotFound(name)
      const { projectId } = project
      await this.#parts.endRuns(projectId)
      await this.#parts.store.deleteProject(projectId)
      await this.#parts.configuration.deleteProject(projectId)
      this.#registry.forget(projectId)
      this.#newest.delete(projectId)
      this.#shipyards.delete(projectId)
      return { code: 'deleted' }
    })
  }

  createService(
    name: string,
    service: string,
    actor: Actor,
  ): ReturnType<Projects['createService']> {
    return this.#oneByOne(async () => {
      const project = this.#registry.find(name)
      if (project === undefined) return projectNotFound(name)
      if (!NAME.test(service) || service.length > SERVICE_NAME_MAX) {
        return invalid(
          `service name ${service} is not valid: lower case letters, digits and hyphens, a letter first, at most ${SERVICE_NAME_MAX} characters`,
        )
      }
      if (project.services.some((one) => one.name === service)) {
        return { code: 'exists', message: `service ${service} already exists in project ${name}` }
      }
      await this.#registry.record(project.projectId, { type: 'service.created', service }, actor)
      return { code: 'created' }
    })
  }

  deleteService(
    name: string,
    service: string,
    actor: Actor,
  ): ReturnType<Projects['deleteService']> {
    return this.#oneByOne(async () => {
      const project = this.#registry.find(name)
      if (project === undefined) return projectNotFound(name)
      if (!project.services.some((one) => one.name === service)) {
        return {
          code: 'service-not-found',
          message: `service ${service} is not in project ${name}`,
        }
      }
      const { projectId } = project
      await this.#registry.record(projectId, { type: 'service.deleted', service }, actor)
      // Its files go from the newest commit; runs under way read them at their pin.
      for (const stage of this.#record(project).stages) {
        const place = { level: 'service', stage, service } as const
        await this.#parts.configuration.removePlace(projectId, place, `Removed service: ${service}`)
      }
      await this.#refresh(projectId)
      return { code: 'deleted' }
    })
  }

  writeResources(
    name: string,
    place: Place,
    files: Readonly<Record<string, Uint8Array | undefined>>,
    actor: Actor,
  ): Promise<WriteResourcesAnswer> {
    return this.#oneByOne(async () => {
      const found = this.#at(name, place)
      if ('code' in found) return found
      if (place.level === 'project' && SHIPYARD_URI in files && files[SHIPYARD_URI] === undefined) {
        return invalid(
          `${SHIPYARD_URI} cannot be deleted: it is what the project ${name} consists of; replace it, or delete the project`,
        )
      }
      const problems = this.#problemsOf(place, files)
      if (problems.some((problem) => problem.severity === 'error')) return invalidFile(problems)
      const message = Object.values(files).every((content) => content === undefined)
        ? 'Deleted resources'
        : 'Updated resource'
      const change = { place, files, message, author: actor.name }
      const written = await this.#parts.configuration.write(found.projectId, change)
      if (written.code === 'invalid-uri') return invalid(written.message)
      if (written.code === 'not-found') return { code: 'not-found', message: written.message }
      await this.#refresh(found.projectId)
      return { code: 'written', commitId: written.commitId, warnings: problems }
    })
  }

  async listResources(
    name: string,
    place: Place,
    commitId?: string,
  ): ReturnType<Projects['listResources']> {
    const found = await this.#pinAt(name, place, commitId)
    if ('code' in found) return found
    const all = await this.#parts.configuration.list(found.projectId, found.pin)
    const entries = all.filter((entry) => isSamePlace(entry.place, place))
    return { code: 'listed', entries, commitId: found.commitId }
  }

  async readResource(
    name: string,
    place: Place,
    uri: string,
    commitId?: string,
  ): ReturnType<Projects['readResource']> {
    const found = await this.#pinAt(name, place, commitId)
    if ('code' in found) return found
    const content = await this.#parts.configuration.read(found.projectId, place, uri, found.pin)
    if (content === undefined) return { code: 'not-found', message: 'Resource not found' }
    return { code: 'found', content, commitId: found.commitId }
  }

  async snapshot(projectId: string): Promise<ProjectSnapshot> {
    return this.#newest.get(projectId) ?? (await this.#refresh(projectId))
  }

  async snapshotAt(projectId: string, pin: Pin): Promise<ProjectSnapshot> {
    const project = this.#registry.byId(projectId)
    const commitId = commitIdOf(pin)
    const key = `${projectId}@${Object.values(pin).join('+')}`
    const known = this.#kept.get(key)
    if (known !== undefined) return await known
    const { configuration } = this.#parts
    const loading = loadSnapshot({
      configuration,
      projectId,
      project: project?.name ?? '',
      pin,
      commitId,
    })
    this.#kept.set(key, loading)
    loading.catch(() => this.#kept.delete(key))
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > MAX_KEPT_SNAPSHOTS && oldest !== undefined) this.#kept.delete(oldest)
    return await loading
  }

  async snapshotOfCommit(
    projectId: string,
    commitId: string,
  ): Promise<ProjectSnapshot | undefined> {
    const pin = await this.#parts.configuration.pinOf(projectId, commitId)
    return pin && (await this.snapshotAt(projectId, pin))
  }

  async #refresh(projectId: string): Promise<ProjectSnapshot> {
    const pin = await this.#parts.configuration.head(projectId)
    const snapshot = await this.snapshotAt(projectId, pin)
    this.#shipyards.set(
      projectId,
      (await snapshot.readAt({ level: 'project' }, SHIPYARD_URI)) ?? '',
    )
    this.#newest.set(projectId, snapshot)
    return snapshot
  }

  #record(project: RegisteredProject): ProjectRecord {
    const stages = this.#newest.get(project.projectId)?.shipyard.spec.stages ?? []
    return {
      ...project,
      stages: stages.map((stage) => stage.name),
      shipyard: this.#shipyards.get(project.projectId) ?? '',
    }
  }

  #problemsOf(place: Place, files: Readonly<Record<string, Uint8Array | undefined>>): Problem[] {
    return Object.entries(files).flatMap(([uri, content]) => {
      if (content === undefined) return []
      if (uri === SHIPYARD_URI && place.level !== 'project') return []
      return [...this.#parts.checkFile(uri, new TextDecoder().decode(content), uri)]
    })
  }

  /** The project, provided that the place exists in it. */
  #at(name: string, place: Place): RegisteredProject | ResourceNotFound {
    const project = this.#registry.find(name)
    if (project === undefined) return { code: 'not-found', message: 'Project not found' }
    if (place.level === 'project') return project
    if (!this.#record(project).stages.includes(place.stage)) {
      return { code: 'not-found', message: 'Stage not found' }
    }
    if (place.level === 'stage') return project
    return project.services.some((one) => one.name === place.service)
      ? project
      : { code: 'not-found', message: 'Service not found' }
  }

  async #pinAt(
    name: string,
    place: Place,
    commitId: string | undefined,
  ): Promise<{ projectId: string; pin: Pin; commitId: string } | ResourceNotFound> {
    const found = this.#at(name, place)
    if ('code' in found) return found
    const { projectId } = found
    const { configuration } = this.#parts
    const pin =
      commitId === undefined
        ? await configuration.head(projectId)
        : await configuration.pinOf(projectId, commitId)
    if (pin === undefined) return { code: 'not-found', message: `Commit ${commitId} not found` }
    return { projectId, pin, commitId: commitIdOf(pin) }
  }

  #oneByOne<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#changes.then(change)
    this.#changes = result.catch(() => undefined)
    return result
  }
}

/** The embedded layout has one branch; the wire shows its commit. */
function commitIdOf(pin: Pin): string {
  return Object.values(pin)[0] ?? ''
}

function isSamePlace(left: Place, right: Place): boolean {
  if (left.level === 'project' || right.level === 'project') return left.level === right.level
  if (left.stage !== right.stage) return false
  if (left.level === 'stage' || right.level === 'stage') return left.level === right.level
  return left.service === right.service
}

function projectNotFound(name: string): ProjectNotFound {
  return { code: 'project-not-found', message: `Project not found: ${name}` }
}

function invalid(message: string): Invalid {
  return { code: 'invalid', message, problems: [] }
}

function invalidFile(problems: readonly Problem[]): Invalid {
  const [first] = problems.filter((problem) => problem.severity === 'error')
  return {
    code: 'invalid',
    message: first === undefined ? 'the file is not valid' : formatProblem(first),
    problems,
  }
}
