import { randomUUID } from 'node:crypto'
import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import type { ApiParts } from '../../src/api/parts.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { runsProjection } from '../../src/projections/runs.ts'
import type { ProjectRecord, Projects } from '../../src/projects/projects.ts'
import { createFoldedProjections } from '../api/folded-projections.ts'
import { startTestApi, type TestApi } from '../api/test-api.ts'

export type StreamHouse = {
  readonly api: TestApi
  readonly store: Store
  readonly projects: Map<string, ProjectRecord>
  /** Appends an event to the inbox of a project; answers its id. */
  append(event: Partial<Wish>): Promise<string>
  close(): Promise<void>
}

export type Wish = {
  readonly projectId: string
  readonly type: string
  readonly context: string
  readonly stage: string
  readonly service: string
  readonly data: JsonObject
}

const PROJECTS = ['shop', 'other']
/** What takes seconds in a server takes a twentieth of it in these tests. */
const HURRY = 20

/** The real HTTP surface over a store; the projects `shop` and `other` have ids of the same names. */
export async function startStreamHouse(
  parts: Partial<Omit<ApiParts, 'server'>> = {},
): Promise<StreamHouse> {
  const store = parts.store ?? createMemoryStore()
  const projects = new Map(PROJECTS.map((name) => [name, recordOf(name)]))
  const registry: Pick<Projects, 'find' | 'byId' | 'list'> = {
    find: (name) => projects.get(name),
    byId: (projectId) => projects.get(projectId),
    list: () => [...projects.values()],
  }
  const api = await startTestApi({
    store,
    clock: hurriedClock(),
    // The streams ask for nothing else.
    projects: registry as Projects,
    projections: createFoldedProjections(store, [runsProjection]),
    ...parts,
  })
  return {
    api,
    store,
    projects,
    async append(wish) {
      const event = eventOf(wish)
      const projectId = wish.projectId ?? 'shop'
      const write = {
        stream: `inbox:${projectId}`,
        expectedVersion: 'any' as const,
        events: [{ event, projectId }],
      }
      await store.commit({ writes: [write], nowMs: Date.now() })
      return event.id
    },
    async close() {
      await api.close()
      await store.close()
    },
  }
}

function recordOf(name: string): ProjectRecord {
  return { projectId: name, name, createdMs: 0, stages: ['dev'], services: [], shipyard: '' }
}

function eventOf(wish: Partial<Wish>): KeptnEvent {
  return {
    id: randomUUID(),
    type: wish.type ?? 'sh.keptn.event.test.finished',
    source: 'a-test',
    specversion: '1.0',
    time: '2026-01-02T15:04:05.000Z',
    shkeptncontext: wish.context ?? '00000000-0000-4000-8000-000000000001',
    data: { stage: wish.stage ?? 'dev', service: wish.service ?? 'carts', ...wish.data },
  }
}

function hurriedClock(): Clock {
  const startMs = Date.now()
  const nowMs = () => startMs + (Date.now() - startMs) * HURRY
  return {
    nowMs,
    at(dueMs, callback) {
      const timer = setTimeout(callback, Math.max(0, dueMs - nowMs()) / HURRY)
      return () => clearTimeout(timer)
    },
    sleep(durationMs, signal) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, durationMs / HURRY)
        signal?.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(signal.reason)
        })
      })
    },
  }
}
