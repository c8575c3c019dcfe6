import { type IntegrationEntry, IntegrationList } from '@tiphys/contract/http/native-integration.ts'
import type { HttpClient } from './http-client.ts'

/** Services that registered themselves to carry out tasks. */
export async function listIntegrations(client: HttpClient): Promise<readonly IntegrationEntry[]> {
  const path = '/api/tiphys/v1/integrations'
  return (await client.request({ method: 'GET', path, schema: IntegrationList })).integrations
}
