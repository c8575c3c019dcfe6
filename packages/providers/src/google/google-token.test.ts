import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { importSPKI, jwtVerify } from 'jose'
import { startServer } from '../../test/answering-server.ts'
import type { Answer, Seen } from '../../test/provider-contract.ts'
import { createGuardedHttp } from '../http/guarded-http.ts'
import { type GoogleIdentity, googleTokenSource } from './google-token.ts'

const SCOPE = 'https://www.googleapis.com/auth/monitoring.read'
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const RETRY = { attempts: 2, firstDelayMs: 1, maxDelayMs: 2 }
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
/** "Using OAuth 2.0 for Server to Server Applications": the answer to a signed assertion. */
const TOKEN: Answer = {
  body: {
    access_token: '1/8xbJqaOZXSUZbHLl5EOtu1pxz3fmmetKx9W8CV4t79M',
    token_type: 'Bearer',
    expires_in: 3600,
  },
}
const FOUND = {
  ok: true,
  value: '1/8xbJqaOZXSUZbHLl5EOtu1pxz3fmmetKx9W8CV4t79M',
  expiresAtMs: NOW + 3_600_000,
}

/** As the console gives it. */
function keyFile(url: string): string {
  return JSON.stringify({
    type: 'service_account',
    project_id: 'shop-123',
    private_key_id: '0123abcd',
    private_key: privateKey,
    client_email: 'tiphys@shop-123.iam.gserviceaccount.com',
    client_id: '1234567890',
    token_uri: `${url}/token`,
  })
}

async function find(
  identity: (url: string) => GoogleIdentity,
  answer: (seen: Seen) => Answer,
  environment: (url: string) => Readonly<Record<string, string>> = () => ({}),
) {
  await using server = await startServer((seen) => answer(seen))
  const source = googleTokenSource(identity(server.url), SCOPE, {
    http: createGuardedHttp(),
    retry: RETRY,
    environment: environment(server.url),
    nowMs: () => NOW,
  })
  const [found, second] = await Promise.all([source(), source()])
  assert.deepEqual(second, found)
  assert.deepEqual(await source(), found, 'the same again')
  return { found, message: found.ok ? '' : found.message, seen: server.seen, url: server.url }
}

test('a service account signs for a token, once', async () => {
  const { found, seen, url } = await find(
    (at) => ({ credentials: 'service-account-key', serviceAccountKey: keyFile(at) }),
    () => TOKEN,
  )
  assert.deepEqual(found, FOUND)
  assert.equal(seen.length, 1)
  assert.deepEqual([seen[0]?.method, seen[0]?.url], ['POST', '/token'])
  const form = new URLSearchParams(seen[0]?.body)
  assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer')
  const key = await importSPKI(publicKey, 'RS256')
  const { payload, protectedHeader } = await jwtVerify(form.get('assertion') ?? '', key, {
    currentDate: new Date(NOW),
  })
  assert.deepEqual(protectedHeader, { alg: 'RS256', typ: 'JWT', kid: '0123abcd' })
  assert.deepEqual(payload, {
    iss: 'tiphys@shop-123.iam.gserviceaccount.com',
    scope: SCOPE,
    aud: `${url}/token`,
    iat: NOW / 1000,
    exp: NOW / 1000 + 3600,
  })
})

test('a key that is none is said without what stands in it', async () => {
  const good = JSON.parse(keyFile('http://127.0.0.1:1')) as Record<string, unknown>
  for (const [key, message] of [
    ['-----BEGIN s3cret', /^no access token: the key of the service account is no JSON$/],
    [{ ...good, type: 'external_account' }, /it is of type external_account; for others renew/],
    [{ ...good, client_email: undefined }, /client_email is missing or malformed$/],
    [{ ...good, private_key: 's3cret' }, /private_key of the service account is no RSA key/],
    [good, /^no access token: 127\.0\.0\.1:1 refused the connection$/],
  ] as const) {
    const serviceAccountKey = typeof key === 'string' ? key : JSON.stringify(key)
    const identity = () => ({ credentials: 'service-account-key', serviceAccountKey }) as const
    const { message: said } = await find(identity, () => TOKEN)
    assert.match(said, message)
    assert.doesNotMatch(said, /s3cret/)
  }
  const refused = await find(
    (at) => ({ credentials: 'service-account-key', serviceAccountKey: keyFile(at) }),
    () => ({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' },
    }),
  )
  assert.match(
    refused.message,
    /^no access token: 127\.0\.0\.1:\d+ answered 400, invalid_grant: Invalid JWT Signature\.$/,
  )
})

test('a pod or machine asks the metadata server', async () => {
  const environment = (url: string) => ({ GCE_METADATA_HOST: new URL(url).host })
  const { found, seen } = await find(
    () => ({ credentials: 'metadata' }),
    () => TOKEN,
    environment,
  )
  assert.deepEqual(found, FOUND)
  assert.equal(seen.length, 1)
  assert.equal(
    seen[0]?.url,
    '/computeMetadata/v1/instance/service-accounts/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fmonitoring.read',
  )
  assert.equal(seen[0]?.headers['metadata-flavor'], 'Google')
  const none = await find(
    () => ({ credentials: 'metadata' }),
    () => ({ status: 404, body: '<html>' }),
    environment,
  )
  assert.match(none.message, /answered 404, it sent no token$/)
})

test('a token that others renew is read each time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-google-'))
  try {
    const accessTokenFile = join(folder, 'token')
    await writeFile(accessTokenFile, 'first\n')
    const source = googleTokenSource(
      { credentials: 'access-token', accessToken: 'at the start', accessTokenFile },
      SCOPE,
      { http: createGuardedHttp(), environment: {}, nowMs: () => NOW },
    )
    assert.deepEqual(await source(), { ok: true, value: 'first' })
    await writeFile(accessTokenFile, 'second')
    assert.deepEqual(await source(), { ok: true, value: 'second' })
    await rm(accessTokenFile)
    const gone = await source()
    assert.match(
      gone.ok ? '' : gone.message,
      /^no access token: .*token cannot be read \(ENOENT\)$/,
    )
  } finally {
    await rm(folder, { recursive: true })
  }
  const fixed = await find(
    () => ({ credentials: 'access-token', accessToken: 'ya29.x' }),
    () => TOKEN,
  )
  assert.deepEqual(fixed.found, { ok: true, value: 'ya29.x' })
})
