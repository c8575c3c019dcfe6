import { createHash } from 'node:crypto'
import type { RegistrationBody, SubscriptionBody } from '@tiphys/contract/http/keptn-uniform.ts'
import { reaches } from '../security/allows.ts'

/** A service that registered itself to carry out tasks. Stored as it is here: JSON. */
export type Integration = {
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly hostname: string
  readonly podName: string
  readonly deploymentName: string
  readonly location: string
  readonly integrationVersion: string
  readonly distributorVersion: string
  readonly registeredMs: number
  readonly lastSeenMs: number
  /** The projects of the token that registered it: whatever a filter says, it hears of no others. */
  readonly projects: readonly string[]
  readonly subscriptions: readonly Subscription[]
}

export type Subscription = SubscriptionWish & { readonly id: string }

/** What to hear: an event type, and from where; an empty list is everything. */
export type SubscriptionWish = {
  readonly event: string
  readonly projects: readonly string[]
  readonly stages: readonly string[]
  readonly services: readonly string[]
}

/** What a client wants to register as, its nulls made empty. */
export type RegistrationWish = Omit<
  Integration,
  'id' | 'registeredMs' | 'lastSeenMs' | 'projects' | 'subscriptions'
> & { readonly subscriptions: readonly SubscriptionWish[] }

export type TaskPlace = {
  readonly project: string
  readonly stage: string
  readonly service: string
}

/** As Keptn computed it, so that an id in a script or a webhook file stays right. */
export function integrationId(name: string, namespace: string, hostname: string): string {
  return createHash('sha1').update(`${name}-${namespace}-${hostname}`).digest('hex')
}

export function registrationWish(body: RegistrationBody): RegistrationWish {
  const { metadata } = body
  const kubernetes = metadata?.kubernetesmetadata
  return {
    name: body.name ?? '',
    namespace: kubernetes?.namespace ?? '',
    hostname: metadata?.hostname ?? '',
    podName: kubernetes?.podname ?? '',
    deploymentName: kubernetes?.deploymentname ?? '',
    location: metadata?.location ?? '',
    integrationVersion: metadata?.integrationversion ?? '',
    distributorVersion: metadata?.distributorversion ?? '',
    // A distributor without topics names the empty event; nothing is ever called that.
    subscriptions: (body.subscriptions ?? []).map(subscriptionWish).filter(({ event }) => event),
  }
}

export function subscriptionWish(body: SubscriptionBody): SubscriptionWish {
  const { event, filter } = body
  return {
    event,
    projects: filter?.projects ?? [],
    stages: filter?.stages ?? [],
    services: filter?.services ?? [],
  }
}

/**
 * What a subscription may hear, within the projects of the token behind it; undefined: nothing. A token of every project leaves the
 * filter as it is, any other one narrows it, because clients of Keptn cannot say for which projects their token is.
 */
export function within(
  projects: readonly string[],
  wish: SubscriptionWish,
): SubscriptionWish | undefined {
  if (reaches(projects)) return wish
  const narrowed =
    wish.projects.length === 0
      ? projects
      : wish.projects.filter((project) => reaches(projects, project))
  return narrowed.length === 0 ? undefined : { ...wish, projects: narrowed }
}

/** Whether an event of this type from this place is among what the subscription asks for. Wildcards are the bus's, not ours. */
export function hears(wish: SubscriptionWish, event: string, place: TaskPlace): boolean {
  const includes = (names: readonly string[], name: string) =>
    names.length === 0 || names.includes(name)
  return (
    wish.event === event &&
    includes(wish.projects, place.project) &&
    includes(wish.stages, place.stage) &&
    includes(wish.services, place.service)
  )
}
