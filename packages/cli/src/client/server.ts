import {
  ArgocdInstances,
  type ServerInformation,
  ServerInformation as ServerInformationBody,
} from '@tiphys/contract/http/native-server.ts'
import { MintedToken, type MintTokenBody } from '@tiphys/contract/http/native-token.ts'
import type { HttpClient } from './http-client.ts'

/** The server and the token that asks. */
export function readServerInformation(client: HttpClient): Promise<ServerInformation> {
  return client.request({
    method: 'GET',
    path: '/api/tiphys/v1/info',
    schema: ServerInformationBody,
  })
}

export async function listArgocdInstances(client: HttpClient) {
  const path = '/api/tiphys/v1/argocd/instances'
  return (await client.request({ method: 'GET', path, schema: ArgocdInstances })).instances
}

/** The text of the new token, shown this once. */
export async function mintToken(client: HttpClient, token: MintTokenBody): Promise<string> {
  const path = '/api/tiphys/v1/tokens'
  return (await client.request({ method: 'POST', path, body: token, schema: MintedToken })).token
}
