import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { createArgoCdClient } from '../../src/adapters/argocd/client.ts'
import { type ArgoCdConnection, connectionFault } from '../../src/adapters/argocd/connection.ts'
import type { ArgoCd, ArgoCdAnswer, ArgoCdFailureCode } from '../../src/ports/argocd.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'
import { type StubAnswer, startStub } from './stub-server.ts'

const TOKEN = 'secret-token'
const carts = { name: 'carts', namespace: 'argocd', project: 'shop' }
const resource = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Rollout',
  namespace: 'shop',
  name: 'carts',
}

const application = {
  metadata: { name: 'carts', namespace: 'argocd', uid: 'u-1', labels: null },
  spec: { project: 'shop', source: { repoURL: 'https://git.example.com/shop', path: 'carts' } },
  status: { sync: { status: 'Synced', revision: 'abc' }, history: null },
}

function client(url: string, change: Partial<ArgoCdConnection> = {}): ArgoCd {
  const connection = { name: 'default', url, token: TOKEN, ...change }
  return createArgoCdClient({ connection, clock: virtualClock(0) })
}

function grpc(status: number, code: number, message: string): StubAnswer {
  return { status, body: { error: message, code, message } }
}

test('every call names the project, carries the token, and the exact Content-Type when it is no GET', async () => {
  await using stub = await startStub((request) => ({
    status: 200,
    body: request.path.endsWith('/carts') || request.method === 'POST' ? application : {},
  }))
  const argocd = client(`${stub.url}/root/`)
  await argocd.get(carts, { refresh: 'normal' })
  await argocd.sync(carts, { infos: [{ name: 'tiphys.dev/run', value: 'r-1' }] })
  await argocd.terminate(carts)
  await argocd.rollback(carts, { historyId: 7 })
  await argocd.patch(carts, { metadata: { annotations: { a: 'b' } } })
  await argocd.listActions(carts, resource)
  await argocd.runAction(carts, resource, 'resume')
  await argocd.resourceTree(carts)
  await argocd.liveResource(carts, resource)
  await argocd.syncWindows(carts)
  await argocd.revisionMetadata(carts, 'a/b', { sourceIndex: 1 })
  for (const request of stub.seen) {
    const sent = request.body === '' ? request.query : JSON.parse(request.body)
    assert.equal(sent.project, 'shop', `${request.method} ${request.path}`)
    assert.equal(sent.appNamespace, 'argocd')
    assert.equal(request.headers.authorization, `Bearer ${TOKEN}`)
    const type = request.method === 'GET' ? undefined : 'application/json'
    assert.equal(request.headers['content-type'], type, request.method)
  }
  assert.deepEqual(
    stub.seen.map(({ method, path }) => `${method} ${path}`),
    [
      'GET /root/api/v1/applications/carts',
      'POST /root/api/v1/applications/carts/sync',
      'DELETE /root/api/v1/applications/carts/operation',
      'POST /root/api/v1/applications/carts/rollback',
      'PATCH /root/api/v1/applications/carts',
      'GET /root/api/v1/applications/carts/resource/actions',
      'POST /root/api/v1/applications/carts/resource/actions/v2',
      'GET /root/api/v1/applications/carts/resource-tree',
      'GET /root/api/v1/applications/carts/resource',
      'GET /root/api/v1/applications/carts/syncwindows',
      'GET /root/api/v1/applications/carts/revisions/a%2Fb/metadata',
    ],
  )
  assert.equal(stub.seen[0]?.query['refresh'], 'normal')
  assert.equal(JSON.parse(stub.seen[3]?.body ?? '').id, 7)
  const patch = JSON.parse(stub.seen[4]?.body ?? '')
  assert.equal(patch.patchType, 'merge')
  assert.deepEqual(JSON.parse(patch.patch), { metadata: { annotations: { a: 'b' } } })
})

test('answers are parsed loosely: lists may be null, unknown things survive', async () => {
  await using stub = await startStub((request) => ({
    status: 200,
    body: request.path.endsWith('/carts')
      ? { ...application, status: { ...application.status, novelty: { a: 1 } } }
      : { metadata: { resourceVersion: '7' }, items: null },
  }))
  const argocd = client(stub.url)
  const read = await argocd.get(carts)
  assert.ok(read.code === 'ok')
  assert.deepEqual(read.value.status['novelty'], { a: 1 })
  assert.deepEqual(await argocd.list(), { code: 'ok', value: [] })
  assert.match(stub.seen[1]?.query['fields'] ?? '', /items\.status\.operationState\.startedAt/)
})

test('the gRPC code decides what a refusal means', async () => {
  const cases: [number, number, string, ArgoCdFailureCode, boolean][] = [
    [401, 16, 'no session information', 'unauthenticated', false],
    [403, 7, 'permission denied: applications, sync, shop/carts', 'permission-denied', false],
    [403, 7, 'cannot sync: blocked by sync window', 'blocked', true],
    [404, 5, 'applications.argoproj.io "carts" not found', 'not-found', false],
    [400, 9, 'rpc: another operation is already in progress', 'operation-in-progress', true],
    [400, 9, 'Cannot sync to abc: auto-sync currently set to main', 'auto-sync-refused', false],
    [400, 9, 'rollback cannot be initiated when auto-sync is enabled', 'auto-sync-refused', false],
    [400, 9, 'application is deleting', 'being-deleted', false],
    [400, 3, 'Unable to terminate operation. No operation is in progress', 'no-operation', false],
    [400, 3, 'invalid revision', 'invalid', false],
    [409, 10, 'the object has been modified', 'conflict', true],
    [429, 8, 'too many requests', 'throttled', true],
    [504, 4, 'deadline exceeded', 'timed-out', true],
    [503, 14, 'connection refused by repo server', 'server-error', true],
    [500, 2, 'rpc error', 'server-error', true],
    [501, 12, 'not implemented', 'unsupported', false],
  ]
  let next: StubAnswer = { status: 500, body: '' }
  await using stub = await startStub(() => next)
  for (const [status, code, words, expected, retryable] of cases) {
    next = grpc(status, code, words)
    const answer = await client(stub.url).sync(carts, { infos: [] })
    assert.deepEqual(answer, {
      code: expected,
      message: `cannot sync application argocd/carts on Argo CD default: ${words}`,
      retryable,
    })
  }
})

test('text and HTML from routers and proxies are read with care', async () => {
  const cases: [StubAnswer, ArgoCdFailureCode, RegExp][] = [
    [{ status: 415, body: 'Invalid content type\n' }, 'unexpected-answer', /HTTP 415: Invalid/],
    [{ status: 404, body: 'Not Found' }, 'unexpected-answer', /HTTP 404: Not Found/],
    [
      { status: 502, body: '<html><head><title>502 Bad Gateway</title></head></html>' },
      'server-error',
      /HTTP 502: 502 Bad Gateway/,
    ],
    [{ status: 503, body: '' }, 'server-error', /HTTP 503$/],
    [{ status: 200, body: '<html>login</html>' }, 'unexpected-answer', /not JSON/],
    [{ status: 200, body: { metadata: {} } }, 'unexpected-answer', /metadata\.name/],
    [
      { status: 307, body: '', headers: { location: 'https://argocd.example.com/x?token=t' } },
      'unexpected-answer',
      /redirects to https:\/\/argocd\.example\.com\/x; correct the URL/,
    ],
  ]
  let next: StubAnswer = { status: 500, body: '' }
  await using stub = await startStub(() => next)
  for (const [answer, code, words] of cases) {
    next = answer
    const got = await client(stub.url).get(carts)
    assert.ok(got.code !== 'ok')
    assert.equal(got.code, code, got.message)
    assert.match(got.message, words)
  }
})

test('silence, a closed port and a broken connection are answers, and an abort is the reason it was given', async () => {
  await using stub = await startStub((request) =>
    request.path.endsWith('/broken')
      ? { handle: (response) => response.destroy() }
      : { handle: () => undefined },
  )
  const argocd = client(stub.url, { requestTimeoutMs: 30, refreshTimeoutMs: 40 })
  const codes = (answers: ArgoCdAnswer<unknown>[]) => answers.map(({ code }) => code)
  const closed = client('http://127.0.0.1:1')
  const answers = [
    await argocd.get(carts),
    await argocd.get(carts, { refresh: 'normal' }),
    await argocd.get({ ...carts, name: 'broken' }),
    await closed.version(),
  ]
  assert.deepEqual(codes(answers), ['timed-out', 'timed-out', 'unreachable', 'unreachable'])
  for (const answer of answers) {
    assert.ok(answer.code !== 'ok' && answer.retryable)
    assert.ok(!answer.message.includes(TOKEN))
  }
  const stop = new AbortController()
  const waiting = client(stub.url).get(carts, {}, stop.signal)
  stop.abort(new Error('enough'))
  await assert.rejects(waiting, /enough/)
})

test('who the token is, what it may do, which version answers', async () => {
  await using stub = await startStub((request) => {
    if (request.path.endsWith('/userinfo')) {
      return { status: 200, body: { loggedIn: true, username: 'cp' } }
    }
    if (request.path === '/api/version') return { status: 200, body: { Version: 'v3.5.1' } }
    return { status: 200, body: { value: request.path.includes('/sync/') ? 'yes' : 'no' } }
  })
  const argocd = client(stub.url)
  const user = await argocd.userInfo()
  assert.ok(user.code === 'ok' && user.value.loggedIn)
  assert.deepEqual(await argocd.version(), { code: 'ok', value: 'v3.5.1' })
  assert.deepEqual(await argocd.can('sync', 'applications', 'shop/carts'), {
    code: 'ok',
    value: true,
  })
  assert.deepEqual(await argocd.can('update', 'applications', 'shop/carts'), {
    code: 'ok',
    value: false,
  })
  assert.equal(stub.seen[2]?.path, '/api/v1/account/can-i/applications/sync/shop/carts')
})

test('a connection is checked before it is used', () => {
  const good = { name: 'default', url: 'https://argocd.example.com/argo', token: 'abc' }
  assert.equal(connectionFault(good), undefined)
  const faults = [
    connectionFault({ ...good, url: 'argocd.example.com' }),
    connectionFault({ ...good, url: 'ftp://argocd.example.com' }),
    connectionFault({ ...good, url: 'https://me:pw@argocd.example.com' }),
    connectionFault({ ...good, url: 'https://argocd.example.com/?a=b' }),
    connectionFault({ ...good, token: '' }),
    connectionFault({ ...good, token: 'a\r\nb' }),
  ]
  for (const fault of faults) assert.match(fault ?? '', /Argo CD default/)
})
