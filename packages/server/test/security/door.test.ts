import { strict as assert } from 'node:assert'
import { type TestContext, test } from 'node:test'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import { createLog } from '../../src/adapters/system/create-log.ts'
import { FAILURES_AT_ONCE, ONE_FAILURE_PER_MS } from '../../src/security/login-throttle.ts'
import { createSecrets } from '../../src/security/secrets.ts'
import { createTokens } from '../../src/security/tokens.ts'
import { startTestApi } from '../api/test-api.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'

const MS_PER_SECOND = 1000
const TOKENS = '/api/tiphys/v1/tokens'
const SECRETS = '/api/secrets/v1/secret'

/** The real tokens and secrets behind the real HTTP surface. */
async function door(t: TestContext) {
  const documents = createMemoryDocuments()
  const clock = virtualClock(1_700_000_000_000)
  const lines: string[] = []
  let known: () => readonly string[] = () => []
  const log = createLog({
    level: 'debug',
    write: (line) => lines.push(line),
    secrets: () => known(),
  })
  const key = { source: 'settings' as const, material: Buffer.from('the key of this test') }
  const secrets = await createSecrets({ documents, key, log })
  known = secrets.knownValues
  const tokens = createTokens({ documents, clock, log })
  const { generated: admin } = await tokens.ensureBootstrapToken({})
  assert.ok(admin)
  const { authenticate } = tokens
  const api = await startTestApi({ tokens, secrets, authenticate, clock, log })
  t.after(api.close)
  async function mint(body: object): Promise<string> {
    const answer = await api.send('POST', TOKENS, { token: admin, body })
    assert.equal(answer.status, 201, answer.text)
    return String((answer.json as { token: unknown }).token)
  }
  return { api, clock, admin, mint, lines }
}

test('a token does by HTTP what its scopes say, in both headers, until it is revoked', async (t) => {
  const { api, admin, mint } = await door(t)
  const reader = await mint({ name: 'reader', scopes: ['read'] })
  assert.equal((await api.send('GET', TOKENS, { token: admin })).status, 200)
  const forbidden = await api.send('GET', TOKENS, { token: reader })
  assert.equal(forbidden.status, 403)
  assert.match(forbidden.text, /token reader lacks the scope admin/)
  const headers = { authorization: `Bearer ${reader}` }
  const path = '/api/tiphys/v1/info'
  assert.equal((await api.send('GET', path, { token: undefined, headers })).status, 200)
  assert.equal((await api.send('DELETE', `${TOKENS}/reader`, { token: admin })).status, 200)
  assert.equal((await api.send('GET', path, { token: reader })).status, 401)
})

test('the admin of one project cannot make itself admin of all', async (t) => {
  const { api, mint } = await door(t)
  const shop = await mint({ name: 'shop', scopes: ['admin'], projects: ['shop'] })
  const body = { name: 'more', scopes: ['admin'], projects: ['*'] }
  const answer = await api.send('POST', TOKENS, { token: shop, body })
  assert.equal(answer.status, 400)
  assert.match(answer.text, /token shop may not mint a token for project \*/)
})

test('failed logins get 401 in words of Keptn, then 429 with the time to wait', async (t) => {
  const { api, clock, admin } = await door(t)
  const login = (token: string | undefined) => api.send('POST', '/api/v1/auth', { token })
  const missing = await login(undefined)
  const wrong = await login('wrong')
  assert.deepEqual([missing.status, wrong.status], [401, 401])
  assert.equal(missing.text, wrong.text)
  assert.deepEqual(wrong.json, { code: 401, message: 'unauthenticated or invalid credentials' })
  for (let count = 1; count < FAILURES_AT_ONCE; count++) await login(`wrong ${count}`)
  const throttled = await login(admin)
  assert.equal(throttled.status, 429)
  assert.deepEqual(throttled.json, { code: 429, message: 'too many requests' })
  const seconds = Number(throttled.headers.get('retry-after'))
  assert.equal(seconds, ONE_FAILURE_PER_MS / MS_PER_SECOND)
  clock.jump(seconds * MS_PER_SECOND)
  assert.equal((await login(admin)).status, 200)
})

test('a secret goes in and never comes out, neither by HTTP nor into the log', async (t) => {
  const { api, admin, mint, lines } = await door(t)
  const value = 'sup3r-s3cret'
  const body = { name: 'db', data: { password: value } }
  const seen: string[] = []
  for (const [method, path, sent, status] of [
    ['POST', SECRETS, body, 201],
    ['POST', SECRETS, body, 409],
    ['PUT', SECRETS, body, 200],
    ['PUT', SECRETS, { ...body, name: 'none' }, 404],
    ['POST', SECRETS, { ...body, name: 'a/b' }, 400],
    ['GET', SECRETS, undefined, 200],
    ['GET', `${SECRETS}?name=db`, undefined, 200],
    ['DELETE', `${SECRETS}?name=db&scope=keptn-default`, undefined, 200],
    ['DELETE', `${SECRETS}?name=db&scope=keptn-default`, undefined, 404],
  ] as const) {
    const options = sent === undefined ? { token: admin } : { token: admin, body: sent }
    const answer = await api.send(method, path, options)
    assert.equal(answer.status, status, answer.text)
    seen.push(answer.text)
  }
  assert.deepEqual(JSON.parse(seen[5] ?? ''), {
    Secrets: [{ name: 'db', scope: 'keptn-default', keys: ['password'] }],
  })
  const minted = await mint({ name: 'ci', scopes: ['read'] })
  for (const text of [...seen, ...lines]) {
    assert.ok(!text.includes(value) && !text.includes(admin) && !text.includes(minted), text)
  }
  assert.ok(
    lines.some((line) => line.includes('secret created') && line.includes('"by":"bootstrap"')),
  )
})
