import type { TestContext } from 'node:test'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import type { Authentication } from '../../src/api/authenticate.ts'
import type { Actor } from '../../src/intake/actor.ts'
import { createIntegrations, type Integrations } from '../../src/integrations/integrations.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Documents } from '../../src/ports/documents.ts'
import { ACTORS, startTestApi, type TestApi } from '../api/test-api.ts'

export const REGISTRATION = '/api/controlPlane/v1/uniform/registration'
export const LOG = '/api/controlPlane/v1/log'

export type Desk = {
  readonly api: TestApi
  readonly integrations: Integrations
  readonly documents: Documents
  readonly clock: { nowMs: number }
  /** The same documents read by a server that starts now. */
  restarted(): Promise<Integrations>
}

const START_MS = Date.UTC(2026, 0, 2)

/** The registrations behind the real HTTP surface, on documents without a disk and a clock that tests set. */
export async function openDesk(t: TestContext): Promise<Desk> {
  const now = { nowMs: START_MS }
  const clock: Clock = {
    nowMs: () => now.nowMs,
    sleep: () => Promise.resolve(),
    at: () => () => undefined,
  }
  const documents = onASlowDisk(createMemoryDocuments())
  let ids = 0
  const open = () =>
    createIntegrations({
      documents,
      clock,
      log: { debug() {}, info() {}, warn() {}, error() {} },
      newId: () => `subscription-${++ids}`,
      mask: (text) => text.replaceAll('hunter22', '***'),
    })
  const integrations = await open()
  const api = await startTestApi({ integrations, clock, authenticate })
  t.after(() => api.close())
  return { api, integrations, documents, clock: now, restarted: open }
}

/** A write takes a while, so that two requests at once really meet. */
function onASlowDisk(documents: Documents): Documents {
  return {
    ...documents,
    async put(...write) {
      await new Promise((resolve) => setImmediate(resolve))
      return await documents.put(...write)
    },
  }
}

/** The tokens of every test server, and one of a service for one project. */
function authenticate(token: string | undefined): Authentication {
  if (token === 'shop-answerer') {
    const actor: Actor = { name: token, scopes: ['answer'], projects: ['shop'] }
    return { code: 'authenticated', actor }
  }
  const actor = token === undefined ? undefined : ACTORS[token]
  return actor === undefined ? { code: 'unauthenticated' } : { code: 'authenticated', actor }
}

/** As Keptn's go-sdk sends it: Go writes empty lists as null, and a zero time. */
export function registration(wish: {
  readonly name?: string
  readonly namespace?: string
  readonly hostname?: string
  readonly version?: string
  readonly subscriptions?: readonly object[]
}) {
  return {
    id: '',
    name: wish.name ?? 'int',
    metadata: {
      hostname: wish.hostname ?? 'n1',
      integrationversion: wish.version ?? '0.1',
      distributorversion: '0.15.0',
      location: 'remote-execution-plane',
      kubernetesmetadata: {
        namespace: wish.namespace ?? 'ns',
        podname: 'pod1',
        deploymentname: 'int',
      },
      lastseen: '0001-01-01T00:00:00Z',
    },
    subscriptions: wish.subscriptions ?? null,
  }
}

export function subscription(event: string, projects: readonly string[] | null = null) {
  return { id: '', event, filter: { projects, stages: null, services: null } }
}
