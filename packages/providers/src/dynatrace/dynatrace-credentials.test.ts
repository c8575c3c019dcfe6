import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DynatraceConnection } from '@tiphys/contract/connections/dynatrace.ts'
import { startServer } from '../../test/answering-server.ts'
import { REQUEST } from '../../test/provider-contract.ts'
import { createGuardedHttp } from '../http/guarded-http.ts'
import { metrics, QUERY, tuple } from './dynatrace-examples.ts'
import { createDynatraceProvider } from './dynatrace-provider.ts'

test('the platform is asked at its own path, with a bearer token', async () => {
  for (const [url, expected] of [
    [
      'https://abc12345.apps.dynatrace.com',
      'https://abc12345.apps.dynatrace.com/platform/classic/environment-api/v2/metrics/query?',
    ],
    [
      'https://proxy.example/platform/classic/environment-api/',
      'https://proxy.example/platform/classic/environment-api/v2/metrics/query?',
    ],
    [
      'https://abc12345.live.dynatrace.com/',
      'https://abc12345.live.dynatrace.com/api/v2/metrics/query?',
    ],
  ] as const) {
    const asked: { readonly url: string; readonly credentials?: object }[] = []
    const http = {
      ...createGuardedHttp(),
      request(request: { readonly url: string; readonly credentials?: object }) {
        asked.push(request)
        return Promise.reject(new TypeError('not sent'))
      },
    }
    const settings = { url, bearerToken: 'dt0s16.X' }
    const provider = createDynatraceProvider({ name: 'dynatrace', settings }, { http })
    await assert.rejects(provider.fetchValue({ ...REQUEST, query: QUERY }), /not sent/)
    assert.ok(asked[0]?.url.startsWith(expected), asked[0]?.url)
    assert.deepEqual(asked[0]?.credentials, { authorization: 'Bearer dt0s16.X' })
  }
})

test('an OAuth client asks for a token first, and again when it ends', async () => {
  let tokens = 0
  // As documented in "OAuth clients" (docs.dynatrace.com, access-tokens-and-oauth-clients).
  await using server = await startServer(({ url }) => {
    if (url !== '/sso/oauth2/token') return metrics([tuple([5])])
    const token = { token_type: 'Bearer', access_token: `t0ken-${++tokens}`, expires_in: 300 }
    return { body: { ...token, resource: 'urn:dtaccount:abc', scope: 'x' } }
  })
  let nowMs = 1_000_000
  const settings = {
    url: `${server.url}/platform/classic/environment-api`,
    clientId: 'dt0s02.CLIENT',
    clientSecret: 'dt0s02.CLIENT.s/cret',
    resource: 'urn:dtaccount:abc',
    tokenUrl: `${server.url}/sso/oauth2/token`,
  }
  const power = { http: createGuardedHttp(), nowMs: () => nowMs }
  const provider = createDynatraceProvider({ name: 'dynatrace', settings }, power)
  const ask = () => provider.fetchValue({ ...REQUEST, query: QUERY })
  assert.equal((await ask()).value, 5)
  assert.equal((await ask()).value, 5)
  nowMs += 301_000
  assert.equal((await ask()).value, 5)
  const [first] = server.seen
  assert.deepEqual(
    [first?.method, first?.headers['content-type'], first?.headers.authorization],
    ['POST', 'application/x-www-form-urlencoded', undefined],
  )
  assert.deepEqual(
    [...new URLSearchParams(first?.body)],
    [
      ['grant_type', 'client_credentials'],
      ['client_id', 'dt0s02.CLIENT'],
      ['client_secret', 'dt0s02.CLIENT.s/cret'],
      ['scope', 'environment-api:metrics:read'],
      ['resource', 'urn:dtaccount:abc'],
    ],
  )
  const questions = server.seen.filter(({ method }) => method === 'GET')
  assert.deepEqual(
    questions.map(({ headers }) => headers.authorization),
    ['Bearer t0ken-1', 'Bearer t0ken-1', 'Bearer t0ken-2'],
  )
})

test('an OAuth client that is refused says so, without its secret', async () => {
  await using server = await startServer(() => ({
    status: 400,
    body: { error: 'invalid_client', error_description: 'Unknown client' },
  }))
  const settings = {
    url: server.url,
    clientId: 'dt0s02.CLIENT',
    clientSecret: 'dt0s02.CLIENT.s/cret',
    tokenUrl: `${server.url}/token`,
  }
  const power = { http: createGuardedHttp() }
  const provider = createDynatraceProvider({ name: 'dynatrace', settings }, power)
  const value = await provider.fetchValue({ ...REQUEST, query: QUERY })
  assert.equal(value.detail.problem, 'auth-refused')
  assert.match(value.message, /answered 400, invalid_client: Unknown client$/)
  assert.ok(!JSON.stringify(value).includes('s/cret'))
  assert.equal(server.seen.length, 1)
})

test('a connection says in one way who asks', () => {
  const url = 'https://abc12345.live.dynatrace.com'
  const problemOf = (given: object) =>
    DynatraceConnection.safeParse(given).error?.issues[0]?.message ?? ''
  assert.equal(problemOf({ url, apiTokenFile: '/run/secrets/dt' }), '')
  assert.equal(problemOf({ url, clientId: 'x', clientSecretEnv: 'Y' }), '')
  assert.match(problemOf({ url }), /^apiToken, bearerToken or clientSecret is missing/)
  assert.match(problemOf({ url, apiToken: 'x', bearerTokenEnv: 'Y' }), /give one of them$/)
  assert.match(problemOf({ url, clientSecret: 'x' }), /belong together$/)
  assert.match(problemOf({ url, clientId: 'x', apiToken: 'x' }), /belong together$/)
  assert.match(problemOf({ url: 'abc.live.dynatrace.com', apiToken: 'x' }), /http or https/)
})
