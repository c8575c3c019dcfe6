import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import type { DynatraceConnection } from '@tiphys/contract/connections/dynatrace.ts'
import { askForCredential, type CredentialPower } from '../credentials/credential-request.ts'
import { keptCredential } from '../credentials/kept-credential.ts'
// Answers of OAuth 2, whoever gives them.
import { readToken } from '../google/token-answer.ts'
import type { HttpSliAdapter } from '../sli/http-sli.ts'

const TOKEN_URL = 'https://sso.dynatrace.com/sso/oauth2/token'
const SCOPE = 'environment-api:metrics:read'

/** An access token, a platform token, or a token that an OAuth client is given and that lives for minutes. */
export function dynatraceCredentials(
  connection: { readonly name: string; readonly settings: DynatraceConnection },
  tls: ConnectionTls | undefined,
  power: CredentialPower,
): NonNullable<HttpSliAdapter['credentials']> {
  const { apiToken, bearerToken, clientId, clientSecret } = connection.settings
  if (apiToken !== undefined) return () => headers(`Api-Token ${apiToken}`)
  if (bearerToken !== undefined) return () => headers(`Bearer ${bearerToken}`)
  if (clientId === undefined || clientSecret === undefined) {
    const message = `${connection.name} has no apiToken, no bearerToken and no clientSecret`
    return () => ({ ok: false, message })
  }
  const client = { ...connection.settings, clientId, clientSecret }
  const source = keptCredential(() => clientToken(client, tls, power), power.nowMs)
  return async (_question, signal) => {
    const token = await source(signal)
    return token.ok ? headers(`Bearer ${token.value}`) : token
  }
}

function headers(authorization: string) {
  return { ok: true as const, headers: { authorization } }
}

/** "OAuth clients", client credentials (docs.dynatrace.com, access-tokens-and-oauth-clients). */
async function clientToken(
  settings: DynatraceConnection & { readonly clientId: string; readonly clientSecret: string },
  tls: ConnectionTls | undefined,
  power: CredentialPower,
) {
  const { clientId, clientSecret, resource, scope = SCOPE, tokenUrl: url = TOKEN_URL } = settings
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope,
    ...(resource === undefined ? {} : { resource }),
  })
  const answer = await askForCredential(power, {
    url,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    tls,
  })
  return readToken(new URL(url).host, answer, power.nowMs())
}
