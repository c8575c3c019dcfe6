import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import {
  askForCredential,
  type CredentialPower,
  LINK_LOCAL_TIMEOUT_MS,
} from '../credentials/credential-request.ts'
import {
  type CredentialSource,
  type Fetched,
  keptCredential,
} from '../credentials/kept-credential.ts'
import { readSecretFile } from '../credentials/secret-file.ts'
import { serviceAccountToken } from './service-account-token.ts'
import { readToken } from './token-answer.ts'

/** Where the access token comes from, as the operator chose. */
export type GoogleIdentity = {
  readonly credentials: 'service-account-key' | 'metadata' | 'access-token'
  readonly serviceAccountKey?: string | undefined
  readonly accessToken?: string | undefined
  readonly accessTokenFile?: string | undefined
  readonly tls?: ConnectionTls | undefined
}

const METADATA_HOST = 'metadata.google.internal'
const TOKEN_PATH = '/computeMetadata/v1/instance/service-accounts/default/token'

/** An access token for a scope, asked for anew only shortly before it ends. */
export function googleTokenSource(
  identity: GoogleIdentity,
  scope: string,
  power: CredentialPower,
): CredentialSource<string> {
  const { serviceAccountKey = '', tls } = identity
  switch (identity.credentials) {
    case 'service-account-key':
      return keptCredential(
        () => serviceAccountToken(serviceAccountKey, scope, power, tls),
        power.nowMs,
      )
    case 'metadata':
      return keptCredential(() => metadataToken(scope, power), power.nowMs)
    case 'access-token':
      return () => givenToken(identity)
    default:
      return identity.credentials satisfies never
  }
}

/** Of the service account that the machine or, with Workload Identity, the pod runs as ("Access VM metadata" of Compute Engine). */
async function metadataToken(scope: string, power: CredentialPower): Promise<Fetched<string>> {
  const host = power.environment['GCE_METADATA_HOST'] || METADATA_HOST
  const url = URL.parse(`http://${host}${TOKEN_PATH}`)
  if (url === null) return { ok: false, message: 'no access token: GCE_METADATA_HOST is no host' }
  url.search = new URLSearchParams({ scopes: scope }).toString()
  const answer = await askForCredential(power, {
    url: url.href,
    headers: { 'metadata-flavor': 'Google' },
    timeoutMs: LINK_LOCAL_TIMEOUT_MS,
  })
  return readToken(url.host, answer, power.nowMs())
}

/** Whoever renews the file may do so at any time. */
async function givenToken({
  accessToken = '',
  accessTokenFile,
}: GoogleIdentity): Promise<Fetched<string>> {
  if (accessTokenFile === undefined) return { ok: true, value: accessToken }
  const read = await readSecretFile(accessTokenFile)
  if (!read.ok) return { ok: false, message: `no access token: ${read.message}` }
  return { ok: true, value: read.text }
}
