import {
  type ProviderConnection,
  ProviderList,
  TriedSli,
  type TrySliBody,
} from '@tiphys/contract/http/native-provider.ts'
import type { HttpClient } from './http-client.ts'

/** Who can be asked for values of indicators. */

export async function listProviders(client: HttpClient): Promise<readonly ProviderConnection[]> {
  const path = '/api/tiphys/v1/providers'
  return (await client.request({ method: 'GET', path, schema: ProviderList })).providers
}

export async function trySli(client: HttpClient, body: TrySliBody): Promise<TriedSli> {
  const path = '/api/tiphys/v1/providers/try'
  return await client.request({ method: 'POST', path, body, schema: TriedSli })
}
