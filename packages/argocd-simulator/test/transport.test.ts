import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { startSimulation } from './support/simulation.ts'

const CARTS = '/api/v1/applications/carts'

test('everything but a GET needs exactly application/json, a DELETE without body too', async () => {
  await using simulation = await startSimulation()
  const { api } = simulation
  const charset = await api('POST', `${CARTS}/sync`, {
    body: {},
    headers: { 'content-type': 'application/json; charset=utf-8' },
  })
  assert.equal(charset.status, 415)
  assert.equal(charset.contentType, 'text/plain; charset=utf-8')
  assert.equal(charset.body, 'Invalid content type\n')
  const bare = await fetch(`${simulation.simulator.url}${CARTS}/operation?project=shop`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${simulation.simulator.token}` },
  })
  assert.equal(bare.status, 415)
  const upper = await api('DELETE', `${CARTS}/operation?project=shop`, {
    headers: { 'content-type': 'Application/JSON' },
  })
  assert.equal(upper.status, 400)
  assert.equal(upper.body.code, 3)
})

test('errors of the gRPC side carry their code and the text twice', async () => {
  await using simulation = await startSimulation()
  const { api } = simulation
  const anonymous = await api('GET', CARTS, { token: null })
  assert.equal(anonymous.status, 401)
  assert.deepEqual(anonymous.body, {
    error: 'no session information',
    code: 16,
    message: 'no session information',
  })
  const wrong = await api('GET', CARTS, { token: 'wrong' })
  assert.equal(wrong.status, 401)
  assert.match(wrong.body.message, /^invalid session: /)
  const broken = await api('POST', `${CARTS}/sync`, { body: '{' })
  assert.equal(broken.status, 400)
  assert.equal(broken.body.code, 3)
  const stringNumber = await api('POST', `${CARTS}/rollback`, { body: { id: '1' } })
  assert.equal(stringNumber.body.code, 3)
  assert.match(stringNumber.body.message, /cannot unmarshal/)
})

test('paths and methods that do not exist are answered in plain text', async () => {
  await using simulation = await startSimulation()
  const missing = await simulation.api('GET', '/api/v1/nothing')
  assert.deepEqual([missing.status, missing.body], [404, 'Not Found\n'])
  const method = await simulation.api('PUT', CARTS)
  assert.deepEqual([method.status, method.body], [405, 'Method Not Allowed\n'])
})

test('whether an application exists is only told to those who name its project', async () => {
  await using simulation = await startSimulation({
    simulator: {
      tokens: [
        { token: 'all', username: 'admin' },
        { token: 'shop', username: 'ci', rbac: [{ project: 'shop', actions: ['get'] }] },
      ],
    },
  })
  const { api } = simulation
  const answer = async (path: string, token = 'all') => {
    const { status, body } = await api('GET', path, { token })
    return [status, body.code]
  }
  assert.deepEqual(await answer('/api/v1/applications/nobody'), [403, 7])
  assert.deepEqual(await answer('/api/v1/applications/nobody?project=shop'), [404, 5])
  assert.deepEqual(await answer(`${CARTS}?project=other`), [404, 5])
  assert.deepEqual(await answer(`${CARTS}?projects=shop&project=other`), [400, 3])
  assert.deepEqual(await answer(`${CARTS}?projects=shop`), [200, undefined])
  assert.deepEqual(await answer(`${CARTS}?project=shop&appNamespace=elsewhere`), [404, 5])
  assert.deepEqual(await answer(`${CARTS}?project=other`, 'shop'), [403, 7])
  assert.deepEqual(await answer(CARTS, 'shop'), [200, undefined])
  const sync = await api('POST', `${CARTS}/sync`, { body: { project: 'shop' }, token: 'shop' })
  assert.deepEqual([sync.status, sync.body.code], [403, 7])
  assert.match(sync.body.message, /permission denied: applications, sync/)
  assert.deepEqual(simulation.simulator.counts().applications['argocd/carts']?.syncsRefused, {
    7: 1,
  })
})

test('a root path stands before every path, and who one is can be asked', async () => {
  await using simulation = await startSimulation({
    simulator: { rootPath: '/argo-cd', accounts: [{ username: 'anna', password: 'secret' }] },
  })
  const { api, simulator } = simulation
  assert.ok(simulator.url.endsWith('/argo-cd'))
  const outside = await fetch(new URL('/api/version', simulator.url))
  assert.equal(outside.status, 404)
  await outside.text()
  assert.deepEqual(Object.keys((await api('GET', '/api/version', { token: null })).body), [
    'Version',
  ])
  assert.ok('KubectlVersion' in (await api('GET', '/api/version')).body)
  assert.equal((await api('GET', '/healthz', { token: null })).body, 'ok\n')
  const nobody = await api('GET', '/api/v1/session/userinfo', { token: 'wrong' })
  assert.deepEqual([nobody.status, nobody.body], [200, { loggedIn: false }])
  const login = (password: string) =>
    api('POST', '/api/v1/session', { token: null, body: { username: 'anna', password } })
  const refused = await login('guess')
  assert.deepEqual([refused.status, refused.body.message], [401, 'Invalid username or password'])
  const { token } = (await login('secret')).body
  const known = await api('GET', '/api/v1/session/userinfo', { token })
  assert.equal(known.body.username, 'anna')
})

test('faults are met, counted, and go away', async () => {
  await using simulation = await startSimulation()
  const { api, simulator } = simulation
  simulator.setFault({ slowMs: 150, times: 1 })
  const startedMs = performance.now()
  assert.equal((await api('GET', CARTS)).status, 200)
  assert.ok(performance.now() - startedMs >= 140)
  simulator.setFault({ down: true, times: 1 })
  await assert.rejects(api('GET', CARTS))
  simulator.setFault({ status5xx: 502, match: '^POST .*/sync$' })
  const broken = await api('POST', `${CARTS}/sync`, { body: {} })
  assert.equal(broken.status, 502)
  assert.equal(broken.contentType, 'text/plain; charset=utf-8')
  assert.equal((await api('GET', CARTS)).status, 200)
  simulator.clearFaults()
  simulator.setFault({ loseAnswer: true, times: 1 })
  await assert.rejects(api('POST', `${CARTS}/sync`, { body: { project: 'shop' } }))
  const counts = simulator.counts()
  assert.equal(counts.applications['argocd/carts']?.syncsAccepted, 1)
  assert.equal(counts.requests['POST /api/v1/applications/{name}/sync 502'], 1)
  assert.equal(counts.requests['POST /api/v1/applications/{name}/sync 0'], 1)
  assert.equal(counts.requests['GET /api/v1/applications/{name} 0'], 1)
  await simulator.settled()
  assert.equal(simulator.application('carts').status.operationState?.phase, 'Succeeded')
})
