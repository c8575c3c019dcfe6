import type { Actor } from '../intake/actor.ts'
import type { Configuration } from '../ports/configuration.ts'
import type { Log } from '../ports/log.ts'
import { faultOfServiceName, invalid, projectNotFound, unwritten } from './project-answers.ts'
import type { ProjectSnapshots } from './project-snapshots.ts'
import type { Projects } from './projects.ts'
import type { RegisteredProject, Registry } from './registry.ts'

export type ProjectServicesParts = {
  readonly registry: Registry
  readonly configuration: Configuration
  readonly snapshots: ProjectSnapshots
  readonly log: Log | undefined
}

/** Services of projects. Whoever calls holds the project's turn. */
export type ProjectServices = {
  create(name: string, service: string, actor: Actor): ReturnType<Projects['createService']>
  delete(name: string, service: string, actor: Actor): ReturnType<Projects['deleteService']>
  /** Makes all its services known in an upstream that is new to the project. */
  addAll(project: RegisteredProject, actor: Actor): Promise<void>
  /** Records services that an upstream holds files of, those that are new. */
  takeOver(projectId: string, services: readonly string[]): Promise<void>
}

/** Who services are recorded by that were found in an upstream. */
const UPSTREAM: Actor = { name: 'upstream', scopes: [], projects: [] }

export function createProjectServices(parts: ProjectServicesParts): ProjectServices {
  const { registry, configuration, snapshots, log } = parts
  const stagesOf = (projectId: string) =>
    (snapshots.newest(projectId)?.shipyard.spec.stages ?? []).map((stage) => stage.name)

  return {
    async create(name, service, actor) {
      const project = registry.find(name)
      if (project === undefined) return projectNotFound(name)
      const fault = faultOfServiceName(service)
      if (fault !== undefined) return fault
      if (project.services.some((one) => one.name === service)) {
        return { code: 'exists', message: `service ${service} already exists in project ${name}` }
      }
      const { projectId } = project
      const stages = stagesOf(projectId)
      const added = await configuration.addServices(projectId, [service], stages, actor.name)
      if (added.code === 'upstream-failed') return unwritten(added.failure)
      if (added.code !== 'written') return invalid(added.message)
      await registry.record(projectId, { type: 'service.created', service }, actor)
      await snapshots.refresh(projectId)
      return { code: 'created' }
    },
    async delete(name, service, actor) {
      const project = registry.find(name)
      if (project === undefined) return projectNotFound(name)
      if (!project.services.some((one) => one.name === service)) {
        return {
          code: 'service-not-found',
          message: `service ${service} is not in project ${name}`,
        }
      }
      const { projectId } = project
      // Its files go from the newest commit, before the service does: files that stayed would bring it back. Runs under way read
      // them at their pin.
      const places = stagesOf(projectId).map(
        (stage) => ({ level: 'service', stage, service }) as const,
      )
      const words = { message: `Removed service: ${service}`, author: actor.name }
      const removed = await configuration.removePlaces(projectId, places, words)
      if (removed.code === 'upstream-failed') return unwritten(removed.failure)
      await registry.record(projectId, { type: 'service.deleted', service }, actor)
      await snapshots.refresh(projectId)
      return { code: 'deleted' }
    },
    async addAll({ projectId, name, services }, actor) {
      const names = services.map((service) => service.name)
      if (names.length === 0) return
      const stages = stagesOf(projectId)
      const added = await configuration.addServices(projectId, names, stages, actor.name)
      if (added.code === 'written') {
        await snapshots.refresh(projectId)
        return
      }
      // Nothing depends on it: the first write to a service does the same.
      const { message } = added.code === 'upstream-failed' ? added.failure : added
      log?.warn({ project: name, message }, 'services could not be made known in the upstream')
    },
    async takeOver(projectId, services) {
      for (const service of services) {
        const known = registry.byId(projectId)?.services ?? []
        if (known.some((one) => one.name === service)) continue
        if (faultOfServiceName(service) === undefined) {
          await registry.record(projectId, { type: 'service.created', service }, UPSTREAM)
        } else {
          log?.warn({ projectId, service }, 'a folder in the upstream has no name of a service')
        }
      }
    },
  }
}
