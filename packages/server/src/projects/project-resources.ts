import type { Problem } from '@tiphys/contract/problem.ts'
import { readShipyardFile } from '@tiphys/providers/lint-files.ts'
import type { Actor } from '../intake/actor.ts'
import type { Configuration, Pin, Place } from '../ports/configuration.ts'
import { invalid, invalidFile, unwritten } from './project-answers.ts'
import { commitIdAt, type ProjectSnapshots } from './project-snapshots.ts'
import type { Projects, ResourceNotFound, WriteResourcesAnswer } from './projects.ts'
import type { RegisteredProject, Registry } from './registry.ts'
import { SHIPYARD_URI } from './snapshot.ts'

type Files = Readonly<Record<string, Uint8Array | undefined>>

export type ProjectResourcesParts = {
  readonly registry: Registry
  readonly configuration: Configuration
  readonly snapshots: ProjectSnapshots
  readonly checkFile: (uri: string, text: string, label: string) => readonly Problem[]
  /** The pin of a run that shows this commit on the wire. */
  readonly pinOfRun: (projectId: string, commitId: string) => Pin | undefined
  /** Makes the local copy as new as it can be had in short time. */
  readonly freshen: (projectId: string, maxAgeMs: number) => Promise<unknown>
  /** Rejects with `LostCopyError` while the project's configuration cannot be had. */
  readonly present: (projectId: string) => Promise<void>
}

/** A reader who names no commit gets what an upstream held this long ago at most, while it answers. */
const READ_AGE_MS = 2_000

/** Files of projects. Whoever writes holds the project's turn. */
export type ProjectResources = Pick<Projects, 'listResources' | 'readResource'> & {
  write(name: string, place: Place, files: Files, actor: Actor): Promise<WriteResourcesAnswer>
  /** Undefined when the project has no such commit, also after asking its upstream. */
  pinOf(projectId: string, commitId: string, stage: string | undefined): Promise<Pin | undefined>
}

export function createProjectResources(parts: ProjectResourcesParts): ProjectResources {
  const { registry, configuration, snapshots } = parts

  /** The project, provided that the place exists in it. */
  function projectAt(name: string, place: Place): RegisteredProject | ResourceNotFound {
    const project = registry.find(name)
    if (project === undefined) return notFound('Project not found')
    if (place.level === 'project') return project
    const stages = snapshots.newest(project.projectId)?.shipyard.spec.stages ?? []
    if (!stages.some((stage) => stage.name === place.stage)) return notFound('Stage not found')
    if (place.level === 'stage') return project
    return project.services.some((one) => one.name === place.service)
      ? project
      : notFound('Service not found')
  }

  async function pinOf(projectId: string, commitId: string, stage: string | undefined) {
    const known = await configuration.pinOf(projectId, commitId, stage)
    if (known !== undefined) return known
    // A commit that somebody has just pushed to the upstream.
    await parts.freshen(projectId, 0)
    return await configuration.pinOf(projectId, commitId, stage)
  }

  /** A copy that was lost is asked for, as for whatever is newest. */
  async function presentOf(name: string): Promise<void> {
    const projectId = registry.find(name)?.projectId
    if (projectId === undefined || snapshots.newest(projectId) !== undefined) return
    await parts.freshen(projectId, READ_AGE_MS)
    await parts.present(projectId)
  }

  async function pinAt(name: string, place: Place, commitId: string | undefined) {
    await presentOf(name)
    const found = projectAt(name, place)
    if ('code' in found) return found
    const { projectId } = found
    if (commitId === undefined) await parts.freshen(projectId, READ_AGE_MS)
    const stage = place.level === 'project' ? undefined : place.stage
    const pin =
      commitId === undefined
        ? await configuration.head(projectId)
        : (parts.pinOfRun(projectId, commitId) ?? (await pinOf(projectId, commitId, stage)))
    if (pin === undefined) return notFound(`Commit ${commitId} not found`)
    return {
      projectId,
      pin,
      commitId: commitIdAt(configuration.layoutOf(projectId), pin, place),
    }
  }

  return {
    pinOf,
    async write(name, place, files, actor) {
      const found = projectAt(name, place)
      return 'code' in found ? found : await writeAt(parts, found, place, files, actor)
    },
    async listResources(name, place, commitId) {
      const found = await pinAt(name, place, commitId)
      if ('code' in found) return found
      const all = await configuration.list(found.projectId, found.pin)
      const entries = all.filter((entry) => isSamePlace(entry.place, place))
      return { code: 'listed', entries, commitId: found.commitId }
    },
    async readResource(name, place, uri, commitId) {
      const found = await pinAt(name, place, commitId)
      if ('code' in found) return found
      const content = await configuration.read(found.projectId, place, uri, found.pin)
      if (content === undefined) return notFound('Resource not found')
      return { code: 'found', content, commitId: found.commitId }
    },
  }
}

async function writeAt(
  parts: ProjectResourcesParts,
  project: RegisteredProject,
  place: Place,
  files: Files,
  actor: Actor,
): Promise<WriteResourcesAnswer> {
  if (place.level === 'project' && SHIPYARD_URI in files && files[SHIPYARD_URI] === undefined) {
    return invalid(
      `${SHIPYARD_URI} cannot be deleted: it is what the project ${project.name} consists of; replace it, or delete the project`,
    )
  }
  const problems = problemsOf(parts, place, files)
  if (problems.some((problem) => problem.severity === 'error')) return invalidFile(problems)
  const message = Object.values(files).every((content) => content === undefined)
    ? 'Deleted resources'
    : 'Updated resource'
  const stages = place.level === 'project' ? stagesOf(files[SHIPYARD_URI]) : []
  const change = { place, files, message, author: actor.name, stages }
  const written = await parts.configuration.write(project.projectId, change)
  switch (written.code) {
    case 'invalid-uri':
      return invalid(written.message)
    case 'not-found':
      return notFound(written.message)
    case 'upstream-failed':
      return unwritten(written.failure)
    case 'written':
      await parts.snapshots.refresh(project.projectId)
      return { code: 'written', commitId: written.commitId, warnings: problems }
  }
}

function problemsOf(parts: ProjectResourcesParts, place: Place, files: Files): Problem[] {
  return Object.entries(files).flatMap(([uri, content]) => {
    if (content === undefined) return []
    if (uri === SHIPYARD_URI && place.level !== 'project') return []
    return [...parts.checkFile(uri, new TextDecoder().decode(content), uri)]
  })
}

/** The stages of a shipyard that was checked. */
function stagesOf(content: Uint8Array | undefined): readonly string[] {
  if (content === undefined) return []
  const read = readShipyardFile(new TextDecoder().decode(content), SHIPYARD_URI)
  return read.ok ? read.value.spec.stages.map((stage) => stage.name) : []
}

function notFound(message: string): ResourceNotFound {
  return { code: 'not-found', message }
}

function isSamePlace(left: Place, right: Place): boolean {
  if (left.level === 'project' || right.level === 'project') return left.level === right.level
  if (left.stage !== right.stage) return false
  if (left.level === 'stage' || right.level === 'stage') return left.level === right.level
  return left.service === right.service
}
