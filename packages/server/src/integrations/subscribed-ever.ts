import { createHash } from 'node:crypto'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Documents } from '../ports/documents.ts'
import { hears, type SubscriptionWish, type TaskPlace } from './integration.ts'

/** By hash of what was subscribed to. */
const EVER_KIND = 'subscribed-ever'
/** Whoever may register could fill the disk otherwise; beyond it only what is registered now counts. */
const MOST_RECORDS = 10_000

/**
 * What integrations ever subscribed to. A task that somebody once took over is not given back to a built-in executor with a neutral
 * result because that somebody is gone (behaviour.md 4): a gate must not open by a service that died.
 */
export async function createSubscribedEver(documents: Documents) {
  const keys = new Set<string>()
  /** Every task of every run that is planned asks. */
  const byEvent = new Map<string, SubscriptionWish[]>()

  function take(key: string, record: SubscriptionWish): void {
    keys.add(key)
    const known = byEvent.get(record.event)
    if (known === undefined) byEvent.set(record.event, [record])
    else known.push(record)
  }

  for (const { key, body } of await documents.list(EVER_KIND)) take(key, stored(body))

  return {
    async remember(wishes: readonly SubscriptionWish[]): Promise<void> {
      for (const { event, projects, stages, services } of wishes) {
        const record = { event, projects, stages, services }
        const key = createHash('sha1').update(JSON.stringify(record)).digest('hex')
        if (keys.has(key) || keys.size >= MOST_RECORDS) continue
        await documents.put(EVER_KIND, key, record)
        take(key, record)
      }
    },
    /** From then on nothing more is remembered. */
    isFull: () => keys.size >= MOST_RECORDS,
    includes(event: string, place: TaskPlace): boolean {
      return byEvent.get(event)?.some((record) => hears(record, event, place)) ?? false
    },
  }
}

/** Written here and nowhere else. */
function stored(body: JsonObject): SubscriptionWish {
  return body as unknown as SubscriptionWish
}
