import type { JsonObject } from '@tiphys/contract/json.ts'
import { assert } from '@tiphys/core/assert.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { eventId } from '@tiphys/core/event-id.ts'
import type { Actor } from '../intake/actor.ts'
import type { Clock } from '../ports/clock.ts'
import type { Store, StoredEvent } from '../ports/store.ts'

/** What the streams `project/<id>` say: which projects and services there are. */
export type RegisteredProject = {
  readonly projectId: string
  readonly name: string
  readonly createdMs: number
  readonly services: readonly { readonly name: string; readonly createdMs: number }[]
}

export type RegistryFact =
  | { readonly type: 'project.created'; readonly name: string }
  /** From here on there is no such project; its rows and files are cleared away, again after a crash. */
  | { readonly type: 'project.deleted' }
  | { readonly type: 'service.created'; readonly service: string }
  | { readonly type: 'service.deleted'; readonly service: string }

export type Registry = {
  all(): readonly RegisteredProject[]
  find(name: string): RegisteredProject | undefined
  byId(projectId: string): RegisteredProject | undefined
  /** Ids of projects that are deleted and not yet cleared away. */
  deleted(): readonly string[]
  /** Appends a fact and folds it; on disk when it resolves. Calls for one project must not overlap. */
  record(projectId: string, fact: RegistryFact, actor: Actor): Promise<void>
  /** It is cleared away. */
  forget(projectId: string): void
}

const STREAM = 'project/'
const PROJECT_DELETED = 'dev.tiphys.project.deleted'

/** Folds the registry from the log. */
export async function loadRegistry(store: Store, clock: Clock): Promise<Registry> {
  const projects = new Map<string, RegisteredProject>()
  const versions = new Map<string, number>()
  /** Projects of which a write failed, so that nobody knows whether it is on disk. */
  const unknown = new Set<string>()
  const deleted = new Set<string>()
  const names = await store.openStreams()
  for (const name of names.filter((one) => one.startsWith(STREAM))) {
    for (const row of await store.read(name)) take(row)
  }

  function take(row: StoredEvent): void {
    const projectId = row.stream.slice(STREAM.length)
    // Somebody who looked again was faster.
    if (row.version <= (versions.get(projectId) ?? 0)) return
    versions.set(projectId, row.version)
    if (row.event.type === PROJECT_DELETED) {
      projects.delete(projectId)
      deleted.add(projectId)
      return
    }
    const after = fold(projects.get(projectId), projectId, row)
    if (after !== undefined) projects.set(projectId, after)
  }

  /** Takes in what is on disk beyond what is known. */
  async function lookAgain(projectId: string): Promise<readonly StoredEvent[]> {
    const rows = await store.read(`${STREAM}${projectId}`, (versions.get(projectId) ?? 0) + 1)
    for (const row of rows) take(row)
    unknown.delete(projectId)
    return rows
  }

  return {
    all: () => [...projects.values()].sort((left, right) => (left.name < right.name ? -1 : 1)),
    find: (name) => [...projects.values()].find((project) => project.name === name),
    byId: (projectId) => projects.get(projectId),
    async record(projectId, fact, actor) {
      for (const doubtful of unknown) await lookAgain(doubtful)
      const stream = `${STREAM}${projectId}`
      const version = versions.get(projectId) ?? 0
      const nowMs = clock.nowMs()
      const { type, ...data } = fact
      const event = {
        id: eventId(stream, version + 1, nowMs),
        type: `dev.tiphys.${type}`,
        source: 'tiphys',
        specversion: '1.0',
        time: formatTimestamp(nowMs),
        data: {
          project: projects.get(projectId)?.name ?? ('name' in fact ? fact.name : ''),
          ...data,
        },
      }
      const meta: JsonObject = { by: actor.name }
      const write = {
        stream,
        expectedVersion: version,
        events: [{ event, meta, projectId }],
        open: true,
      }
      try {
        const result = await store.commit({ writes: [write], nowMs })
        assert(result.code === 'committed', `the registry is the only writer of ${stream}`)
        for (const row of result.rows) take(row)
      } catch (error) {
        unknown.add(projectId)
        // A disk that says no may have written nonetheless.
        const rows = await lookAgain(projectId)
        if (!rows.some((row) => row.event.id === event.id)) throw error
      }
    },
    deleted: () => [...deleted],
    forget(projectId) {
      projects.delete(projectId)
      deleted.delete(projectId)
      unknown.delete(projectId)
      versions.delete(projectId)
    },
  }
}

function fold(
  project: RegisteredProject | undefined,
  projectId: string,
  row: StoredEvent,
): RegisteredProject | undefined {
  const { data, type } = row.event
  const service = typeof data['service'] === 'string' ? data['service'] : ''
  switch (type) {
    case 'dev.tiphys.project.created':
      return { projectId, name: String(data['name']), createdMs: row.timeMs, services: [] }
    case 'dev.tiphys.service.created': {
      if (project === undefined) return undefined
      const services = [...project.services, { name: service, createdMs: row.timeMs }]
      return {
        ...project,
        services: services.sort((left, right) => (left.name < right.name ? -1 : 1)),
      }
    }
    case 'dev.tiphys.service.deleted':
      return (
        project && { ...project, services: project.services.filter((one) => one.name !== service) }
      )
    default:
      return project
  }
}
