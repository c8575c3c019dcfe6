import { taskEventType } from '@tiphys/contract/event.ts'
import type { Found, IntegrationRefusal, IntegrationsPart } from '../api/integrations-part.ts'
import type { Actor } from '../intake/actor.ts'
import type { Clock } from '../ports/clock.ts'
import type { Documents } from '../ports/documents.ts'
import type { Log } from '../ports/log.ts'
import {
  hears,
  type Integration,
  integrationId,
  type SubscriptionWish,
  type TaskPlace,
} from './integration.ts'
import { createIntegrationLogs } from './integration-logs.ts'
import {
  heardBy,
  incompleteness,
  mayManage,
  refusal,
  registered,
  shownTo,
  withSubscription,
} from './integration-rules.ts'
import { createIntegrationStore } from './integration-store.ts'
import { createSubscribedEver } from './subscribed-ever.ts'

export type IntegrationsParts = {
  readonly documents: Documents
  readonly clock: Clock
  readonly log: Log
  readonly newId: (nowMs: number) => string
  readonly mask: (text: string) => string
}

/** Registrations of services that carry out tasks: Keptn's uniform. Fits `integrations` of the API's parts. */
export type Integrations = IntegrationsPart & {
  /** Whether anybody ever subscribed to a task of this name, there (behaviour.md 4). */
  isSubscribed(task: string, place: TaskPlace): boolean
  /** Who is subscribed to it now. */
  subscribersOf(task: string, place: TaskPlace): readonly TaskSubscriber[]
}

export type TaskSubscriber = {
  readonly name: string
  readonly lastSeenMs: number
}

/** The slowest client says something every 10 s (facts/keptn-v1.md 2.8); a few of them may get lost. */
const SILENT_AFTER_MS = 60_000
/** More registered services than this is a mistake or an attack. */
const MOST_INTEGRATIONS = 1000
const MOST_SUBSCRIPTIONS = 200

export async function createIntegrations(parts: IntegrationsParts): Promise<Integrations> {
  const { documents, clock } = parts
  const store = await createIntegrationStore({ documents, clock })
  const ever = await createSubscribedEver(documents)
  const logs = await createIntegrationLogs(parts)
  const isSilent = ({ lastSeenMs }: Pick<Integration, 'lastSeenMs'>) =>
    clock.nowMs() - lastSeenMs > SILENT_AFTER_MS

  function find(id: string, actor: Actor): Found | IntegrationRefusal {
    const integration = store.get(id)
    if (integration === undefined) {
      return refusal('not-found', `uniform integration not found: ${id}`)
    }
    if (mayManage(actor, integration)) return { code: 'found', integration }
    const projects = actor.projects.join(', ') || 'none'
    return refusal(
      'forbidden',
      `integration ${integration.name} was registered by a token of other projects than ${projects}`,
    )
  }

  async function save(integration: Integration): Promise<void> {
    // First, so that a crash in between at worst leaves a task open that could have been passed, never the other way round.
    await ever.remember(heardBy(integration))
    await store.put(integration)
  }

  function subscribersOf(task: string, place: TaskPlace): readonly TaskSubscriber[] {
    const event = taskEventType(task, 'triggered')
    return store
      .list()
      .filter((one) => heardBy(one).some((wish) => hears(wish, event, place)))
      .map(({ name, lastSeenMs }) => ({ name, lastSeenMs }))
  }

  const desk = { ...parts, store, find, save }
  return {
    logs,
    find,
    isSilent,
    list: (actor) => store.list().flatMap((integration) => shownTo(actor, integration)),
    ...registrationDesk(desk),
    ...subscriptionDesk(desk),
    subscribersOf,
    isSubscribed: (task, place) =>
      ever.includes(taskEventType(task, 'triggered'), place) ||
      (ever.isFull() && subscribersOf(task, place).length > 0),
  }
}

type Desk = IntegrationsParts & {
  readonly store: Awaited<ReturnType<typeof createIntegrationStore>>
  readonly find: (id: string, actor: Actor) => Found | IntegrationRefusal
  readonly save: (integration: Integration) => Promise<void>
}

function registrationDesk(desk: Desk): Pick<Integrations, 'register' | 'ping' | 'unregister'> {
  const { store, clock, log, newId, find, save } = desk
  return {
    register: (wish, actor) =>
      store.serially(async () => {
        const incomplete = incompleteness(wish)
        if (incomplete !== undefined) return incomplete
        const known = store
          .list()
          .filter((one) => one.name === wish.name && one.namespace === wish.namespace)
          .filter((one) => mayManage(actor, one))
          .sort((left, right) => right.lastSeenMs - left.lastSeenMs)[0]
        const id = known?.id ?? integrationId(wish.name, wish.namespace, wish.hostname)
        const found = find(id, actor)
        if (found.code === 'forbidden') return found
        if (known === undefined && store.list().length >= MOST_INTEGRATIONS) {
          return refusal('invalid', `there are ${MOST_INTEGRATIONS} integrations already`)
        }
        const nowMs = clock.nowMs()
        const withId = (one: SubscriptionWish) => ({ ...one, id: newId(nowMs) })
        await save(registered(wish, known, { id, nowMs, actor, withId }))
        const code = known === undefined ? 'created' : 'known'
        log.info({ integration: wish.name, id, by: actor.name }, `integration registered (${code})`)
        return { code, id }
      }),
    async ping(id, actor) {
      const found = find(id, actor)
      if (found.code !== 'found') return found
      return { code: 'found', integration: await store.seen(found.integration) }
    },
    unregister: (id, actor) =>
      store.serially(async () => {
        const found = find(id, actor)
        if (found.code === 'forbidden') return found
        if (found.code === 'found') {
          await store.delete(id)
          log.info({ integration: found.integration.name, id, by: actor.name }, 'integration left')
        }
        return { code: 'gone' }
      }),
  }
}

function subscriptionDesk(desk: Desk): Pick<Integrations, 'subscribe' | 'unsubscribe'> {
  const { store, clock, newId, find, save } = desk

  function change(
    id: string,
    actor: Actor,
    changeOf: (integration: Integration) => Integration | IntegrationRefusal,
  ): Promise<Found | IntegrationRefusal> {
    return store.serially(async () => {
      const found = find(id, actor)
      if (found.code !== 'found') return found
      const integration = changeOf(found.integration)
      if ('code' in integration) return integration
      await save(integration)
      return { code: 'found', integration }
    })
  }

  return {
    async subscribe(id, wish, actor, subscriptionId) {
      if (wish.event === '') return refusal('invalid', 'a subscription needs an event')
      const subscription = { ...wish, id: subscriptionId ?? newId(clock.nowMs()) }
      const changed = await change(id, actor, (integration) => {
        const subscriptions = withSubscription(integration.subscriptions, subscription)
        if (subscriptions.length <= MOST_SUBSCRIPTIONS) return { ...integration, subscriptions }
        return refusal('invalid', `an integration has ${MOST_SUBSCRIPTIONS} subscriptions at most`)
      })
      return changed.code === 'found' ? { code: 'subscribed', subscription } : changed
    },
    async unsubscribe(id, subscriptionId, actor) {
      const changed = await change(id, actor, (integration) => ({
        ...integration,
        subscriptions: integration.subscriptions.filter((one) => one.id !== subscriptionId),
      }))
      return changed.code === 'found' ? { code: 'gone' } : changed
    },
  }
}
