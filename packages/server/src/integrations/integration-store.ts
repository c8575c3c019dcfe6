import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Clock } from '../ports/clock.ts'
import type { Documents } from '../ports/documents.ts'
import type { Integration } from './integration.ts'

const INTEGRATION_KIND = 'integration'
/** UNIFORM_INTEGRATION_TTL of Keptn's chart: without a sign of life for so long a registration is gone. */
const EXPIRES_AFTER_MS = 48 * 60 * 60 * 1000
/** A sign of life comes every 5 s from each of them; on disk it need not be younger than this. */
const SEEN_WRITTEN_EVERY_MS = 60_000

/** Registrations in documents, and in memory: every open task asks for them. */
export async function createIntegrationStore(parts: {
  readonly documents: Documents
  readonly clock: Clock
}) {
  const { documents, clock } = parts
  const startedMs = clock.nowMs()
  const integrations = new Map<string, Integration>()
  const writtenMs = new Map<string, number>()
  let tail: Promise<unknown> = Promise.resolve()
  for (const { key, body } of await documents.list(INTEGRATION_KIND)) {
    integrations.set(key, stored(body))
  }

  /** While the server was not there nobody could have shown life, so that time does not count. */
  function isExpired({ lastSeenMs }: Integration): boolean {
    return clock.nowMs() - Math.max(lastSeenMs, startedMs) > EXPIRES_AFTER_MS
  }

  async function put(integration: Integration): Promise<void> {
    await documents.put(INTEGRATION_KIND, integration.id, { ...integration })
    integrations.set(integration.id, integration)
    writtenMs.set(integration.id, clock.nowMs())
  }

  async function remove(id: string): Promise<void> {
    await documents.delete(INTEGRATION_KIND, id)
    integrations.delete(id)
    writtenMs.delete(id)
  }

  /** One after the other: of two copies of a service that register at once, the second finds the first. */
  function serially<T>(work: () => Promise<T>): Promise<T> {
    const result = tail.then(async () => {
      for (const one of integrations.values()) if (isExpired(one)) await remove(one.id)
      return await work()
    })
    tail = result.catch(() => undefined)
    return result
  }

  return {
    serially,
    put,
    delete: remove,
    get(id: string): Integration | undefined {
      const found = integrations.get(id)
      return found === undefined || isExpired(found) ? undefined : found
    },
    /** By name, then id. */
    list(): readonly Integration[] {
      return [...integrations.values()]
        .filter((one) => !isExpired(one))
        .sort((left, right) => compare(left.name, right.name) || compare(left.id, right.id))
    },
    /** Notes a sign of life. */
    async seen(integration: Integration): Promise<Integration> {
      const nowMs = clock.nowMs()
      const { id } = integration
      const seen = { ...integration, lastSeenMs: nowMs }
      integrations.set(id, seen)
      if (nowMs - (writtenMs.get(id) ?? 0) < SEEN_WRITTEN_EVERY_MS) return seen
      writtenMs.set(id, nowMs)
      return await serially(async () => {
        const current = integrations.get(id)
        if (current !== undefined) await documents.put(INTEGRATION_KIND, id, { ...current })
        return current ?? seen
      })
    },
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** Written here and nowhere else. */
function stored(body: JsonObject): Integration {
  return body as unknown as Integration
}
