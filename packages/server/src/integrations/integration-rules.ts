import type { IntegrationRefusal } from '../api/integrations-part.ts'
import type { Actor } from '../intake/actor.ts'
import { reaches } from '../security/allows.ts'
import {
  type Integration,
  type RegistrationWish,
  type Subscription,
  type SubscriptionWish,
  within,
} from './integration.ts'

/** What it really hears: its subscriptions, within the projects of the token that registered it. */
export function heardBy(integration: Integration): readonly SubscriptionWish[] {
  return integration.subscriptions.flatMap((one) => within(integration.projects, one) ?? [])
}

/** A registration decides who hears what; a token of some projects may not touch one that hears more. */
export function mayManage(actor: Actor, integration: Integration): boolean {
  if (reaches(actor.projects)) return true
  const { projects } = integration
  return projects.length > 0 && projects.every((project) => reaches(actor.projects, project))
}

/** The integration with what concerns the projects of the actor, and nothing of others; empty when that is nothing. */
export function shownTo(actor: Actor, integration: Integration): readonly Integration[] {
  if (mayManage(actor, integration)) return [integration]
  const subscriptions = integration.subscriptions.flatMap((one): Subscription[] => {
    const heard = within(integration.projects, one)
    const own = heard === undefined ? undefined : within(actor.projects, heard)
    return own === undefined ? [] : [{ ...own, id: one.id }]
  })
  return subscriptions.length === 0 ? [] : [{ ...integration, projects: [], subscriptions }]
}

/**
 * What is known stays: its id, and its subscriptions, which people may have edited; the rest is what the service says of itself now. One
 * that was left without subscriptions takes those the service brings.
 */
export function registered(
  wish: RegistrationWish,
  known: Integration | undefined,
  by: {
    readonly id: string
    readonly nowMs: number
    readonly actor: Actor
    readonly withId: (wish: SubscriptionWish) => Subscription
  },
): Integration {
  const { id, nowMs, actor, withId } = by
  const kept = known?.subscriptions ?? []
  return {
    ...wish,
    id,
    registeredMs: known?.registeredMs ?? nowMs,
    lastSeenMs: nowMs,
    projects: actor.projects,
    subscriptions: kept.length > 0 ? kept : wish.subscriptions.map(withId),
  }
}

export function withSubscription(
  all: readonly Subscription[],
  one: Subscription,
): readonly Subscription[] {
  const isKnown = all.some(({ id }) => id === one.id)
  return isKnown ? all.map((other) => (other.id === one.id ? one : other)) : [...all, one]
}

/** Keptn's id of an integration is made of these three. */
export function incompleteness(wish: RegistrationWish): IntegrationRefusal | undefined {
  const missing = [
    ...(wish.name === '' ? ['name'] : []),
    ...(wish.namespace === '' ? ['metadata.kubernetesmetadata.namespace'] : []),
    ...(wish.hostname === '' ? ['metadata.hostname'] : []),
  ]
  if (missing.length === 0) return undefined
  return refusal('invalid', `incomplete integration: ${missing.join(', ')} must be set`)
}

export function refusal(code: IntegrationRefusal['code'], message: string): IntegrationRefusal {
  return { code, message }
}
