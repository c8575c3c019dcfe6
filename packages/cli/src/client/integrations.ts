import { IdBody, type SubscriptionBody } from '@tiphys/contract/http/keptn-uniform.ts'
import { type IntegrationEntry, IntegrationList } from '@tiphys/contract/http/native-integration.ts'
import type { HttpClient } from './http-client.ts'

/** Services that registered themselves to carry out tasks. */

const REGISTRATION = '/api/controlPlane/v1/uniform/registration'

export async function listIntegrations(client: HttpClient): Promise<readonly IntegrationEntry[]> {
  const path = '/api/tiphys/v1/integrations'
  return (await client.request({ method: 'GET', path, schema: IntegrationList })).integrations
}

/** Answers the id of the subscription. */
export async function subscribe(
  client: HttpClient,
  integration: string,
  body: SubscriptionBody,
): Promise<string> {
  const path = `${REGISTRATION}/${encodeURIComponent(integration)}/subscription`
  return (await client.request({ method: 'POST', path, body, schema: IdBody })).id
}

export async function unsubscribe(
  client: HttpClient,
  integration: string,
  subscription: string,
): Promise<void> {
  const [one, other] = [integration, subscription].map(encodeURIComponent)
  const path = `${REGISTRATION}/${one}/subscription/${other}`
  await client.request({ method: 'DELETE', path })
}

export async function unregister(client: HttpClient, integration: string): Promise<void> {
  await client.request({
    method: 'DELETE',
    path: `${REGISTRATION}/${encodeURIComponent(integration)}`,
  })
}
