import { SecretList } from '@tiphys/contract/http/keptn-secret.ts'
import type { HttpClient } from './http-client.ts'

/** Secrets: values go in and never come out (facts/keptn-v1.md 2.6). */

const SECRETS = '/api/secrets/v1/secret'

export type SecretDraft = {
  readonly name: string
  readonly scope: string
  readonly data: Readonly<Record<string, string>>
}

export async function createSecret(client: HttpClient, secret: SecretDraft): Promise<void> {
  await client.request({ method: 'POST', path: SECRETS, body: secret })
}

export async function updateSecret(client: HttpClient, secret: SecretDraft): Promise<void> {
  await client.request({ method: 'PUT', path: SECRETS, body: secret })
}

export async function deleteSecret(client: HttpClient, name: string, scope: string): Promise<void> {
  await client.request({ method: 'DELETE', path: SECRETS, query: { name, scope } })
}

export async function listSecrets(client: HttpClient) {
  return (await client.request({ method: 'GET', path: SECRETS, schema: SecretList })).Secrets
}
