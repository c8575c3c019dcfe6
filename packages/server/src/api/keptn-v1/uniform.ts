import { Empty } from '@tiphys/contract/http/keptn-project.ts'
import {
  IdBody,
  IntegrationFilter,
  RegistrationBody,
  ShownIntegration,
  ShownSubscription,
  SubscriptionBody,
} from '@tiphys/contract/http/keptn-uniform.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { z } from 'zod'
import {
  type Integration,
  registrationWish,
  type Subscription,
  subscriptionWish,
} from '../../integrations/integration.ts'
import { created, ok, refusalOf, refuse } from '../answer.ts'
import type { IntegrationsPart } from '../integrations-part.ts'
import type { AddRoute } from '../route.ts'

const CREATED = 201
const REGISTRATION = '/api/controlPlane/v1/uniform/registration'

/** Keptn's uniform API: services register, and learn with each sign of life what to listen to (facts/keptn-v1.md 2.3, 2.8). */
export function addUniformRoutes(add: AddRoute, integrations: IntegrationsPart): void {
  add({
    method: 'GET',
    path: REGISTRATION,
    summary: 'Registered integrations',
    query: IntegrationFilter,
    success: z.array(ShownIntegration),
    handle: ({ query, actor }) =>
      ok(
        integrations
          .list(actor)
          .filter((one) => isWanted(one, query))
          .map(shownIntegration),
      ),
  })
  add({
    method: 'POST',
    path: REGISTRATION,
    summary: 'Registers an integration; 200 when its name is known in its namespace',
    body: RegistrationBody,
    success: IdBody,
    successStatus: CREATED,
    async handle({ body, actor }) {
      const answer = await integrations.register(registrationWish(body), actor)
      if ('message' in answer) return refusalOf(answer)
      const { id, code } = answer
      return code === 'created' ? created({ id }) : ok({ id })
    },
  })
  add({
    method: 'PUT',
    path: `${REGISTRATION}/:integration/ping`,
    summary: 'A sign of life; answers with the current subscriptions',
    success: ShownIntegration,
    async handle({ params, actor }) {
      const answer = await integrations.ping(params.integration, actor)
      return answer.code === 'found' ? ok(shownIntegration(answer.integration)) : refusalOf(answer)
    },
  })
  add({
    method: 'DELETE',
    path: `${REGISTRATION}/:integration`,
    summary: 'Unregisters an integration',
    success: Empty,
    async handle({ params, actor }) {
      const answer = await integrations.unregister(params.integration, actor)
      return answer.code === 'gone' ? ok({}) : refusalOf(answer)
    },
  })
  addSubscriptionRoutes(add, integrations)
}

function addSubscriptionRoutes(add: AddRoute, integrations: IntegrationsPart): void {
  add({
    method: 'GET',
    path: `${REGISTRATION}/:integration/subscription`,
    summary: 'What an integration listens to',
    success: z.array(ShownSubscription),
    handle({ params, actor }) {
      const found = integrations.find(params.integration, actor)
      return found.code === 'found'
        ? ok(found.integration.subscriptions.map(shownSubscription))
        : refusalOf(found)
    },
  })
  add({
    method: 'GET',
    path: `${REGISTRATION}/:integration/subscription/:subscription`,
    summary: 'One subscription of an integration',
    success: ShownSubscription,
    handle({ params, actor }) {
      const found = integrations.find(params.integration, actor)
      if (found.code !== 'found') return refusalOf(found)
      const { subscriptions } = found.integration
      const subscription = subscriptions.find(({ id }) => id === params.subscription)
      return subscription === undefined
        ? refuse('not-found', `subscription not found: ${params.subscription}`)
        : ok(shownSubscription(subscription))
    },
  })
  add({
    method: 'POST',
    path: `${REGISTRATION}/:integration/subscription`,
    summary: 'Subscribes an integration to an event type',
    body: SubscriptionBody,
    success: IdBody,
    successStatus: CREATED,
    async handle({ params, body, actor }) {
      const answer = await integrations.subscribe(params.integration, subscriptionWish(body), actor)
      return answer.code === 'subscribed' ? created(idOf(answer)) : refusalOf(answer)
    },
  })
  add({
    method: 'PUT',
    path: `${REGISTRATION}/:integration/subscription/:subscription`,
    summary: 'Replaces a subscription, or adds it under this id',
    body: SubscriptionBody,
    success: IdBody,
    successStatus: CREATED,
    async handle({ params, body, actor }) {
      const { integration, subscription } = params
      const wish = subscriptionWish(body)
      const answer = await integrations.subscribe(integration, wish, actor, subscription)
      return answer.code === 'subscribed' ? created(idOf(answer)) : refusalOf(answer)
    },
  })
  add({
    method: 'DELETE',
    path: `${REGISTRATION}/:integration/subscription/:subscription`,
    summary: 'Ends a subscription',
    success: Empty,
    async handle({ params, actor }) {
      const { integration, subscription } = params
      const answer = await integrations.unsubscribe(integration, subscription, actor)
      return answer.code === 'gone' ? ok({}) : refusalOf(answer)
    },
  })
}

function idOf(answer: { readonly subscription: Subscription }): IdBody {
  return { id: answer.subscription.id }
}

/** Filters look at what subscriptions name, as in Keptn: one that listens to everything names no project. */
function isWanted(integration: Integration, filter: IntegrationFilter): boolean {
  const { name, id, namespace, hostname, project, stage, service } = filter
  const { subscriptions } = integration
  return (
    (!name || integration.name === name) &&
    (!id || integration.id === id) &&
    (!namespace || integration.namespace === namespace) &&
    (!hostname || integration.hostname === hostname) &&
    (!project || subscriptions.some(({ projects }) => projects.includes(project))) &&
    (!stage || subscriptions.some(({ stages }) => stages.includes(stage))) &&
    (!service || subscriptions.some(({ services }) => services.includes(service)))
  )
}

function shownIntegration(integration: Integration): ShownIntegration {
  return {
    id: integration.id,
    name: integration.name,
    metadata: {
      hostname: integration.hostname,
      integrationversion: integration.integrationVersion,
      distributorversion: integration.distributorVersion,
      location: integration.location,
      kubernetesmetadata: {
        namespace: integration.namespace,
        podname: integration.podName,
        deploymentname: integration.deploymentName,
      },
      lastseen: formatTimestamp(integration.lastSeenMs),
    },
    subscriptions: integration.subscriptions.map(shownSubscription),
  }
}

export function shownSubscription(subscription: Subscription): ShownSubscription {
  const { id, event, projects, stages, services } = subscription
  return {
    id,
    event,
    filter: { projects: [...projects], stages: [...stages], services: [...services] },
  }
}
