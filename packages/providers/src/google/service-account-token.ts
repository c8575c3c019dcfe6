import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import { importPKCS8, SignJWT } from 'jose'
import { z } from 'zod'
import { askForCredential, type CredentialPower } from '../credentials/credential-request.ts'
import type { Fetched } from '../credentials/kept-credential.ts'
import { readToken } from './token-answer.ts'

const ServiceAccountKey = z.looseObject({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  token_uri: z.url({ protocol: /^https?$/ }).default('https://oauth2.googleapis.com/token'),
})
type ServiceAccountKey = z.infer<typeof ServiceAccountKey>

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const ALGORITHM = 'RS256'
const MS_PER_SECOND = 1000
/** The longest that Google takes. */
const ASSERTION_LIFE_S = 3600

/**
 * A token for what the key of a service account signs ("Using OAuth 2.0 for Server to Server Applications", HTTP/REST, of Google's
 * identity platform).
 */
export async function serviceAccountToken(
  json: string,
  scope: string,
  power: CredentialPower,
  tls: ConnectionTls | undefined,
): Promise<Fetched<string>> {
  const key = readKey(json)
  if (!key.ok) return key
  const nowMs = power.nowMs()
  const assertion = await signed(key.value, scope, Math.floor(nowMs / MS_PER_SECOND))
  if (!assertion.ok) return assertion
  const { token_uri: url } = key.value
  const answer = await askForCredential(power, {
    url,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: GRANT_TYPE, assertion: assertion.value }).toString(),
    tls,
  })
  return readToken(new URL(url).host, answer, nowMs)
}

/** Messages never quote the key. */
function readKey(json: string): Fetched<ServiceAccountKey> {
  let given: unknown
  try {
    given = JSON.parse(json)
  } catch {
    return { ok: false, message: 'no access token: the key of the service account is no JSON' }
  }
  const key = ServiceAccountKey.safeParse(given)
  if (key.success) return { ok: true, value: key.data }
  const type = z.looseObject({ type: z.string() }).safeParse(given).data?.type
  const [issue] = key.error.issues
  const why =
    type !== undefined && type !== 'service_account'
      ? `it is of type ${type}; for others renew a token outside and name its file with accessTokenFile`
      : `${issue?.path.join('.') || 'it'} is missing or malformed`
  return { ok: false, message: `no access token: the key of the service account is none: ${why}` }
}

async function signed(
  key: ServiceAccountKey,
  scope: string,
  issuedAtS: number,
): Promise<Fetched<string>> {
  const { client_email: issuer, token_uri: audience, private_key_id: kid } = key
  try {
    const privateKey = await importPKCS8(key.private_key, ALGORITHM)
    const value = await new SignJWT({ scope })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', ...(kid === undefined ? {} : { kid }) })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(issuedAtS)
      .setExpirationTime(issuedAtS + ASSERTION_LIFE_S)
      .sign(privateKey)
    return { ok: true, value }
  } catch {
    // What the key says about itself stays out of messages.
    return {
      ok: false,
      message: 'no access token: private_key of the service account is no RSA key in PEM (PKCS 8)',
    }
  }
}
