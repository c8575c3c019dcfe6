import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { startFakeServer } from './fake-server.ts'
import { createCli } from './run-cli.ts'

const subscription = (event: string, projects: string[]) => ({
  id: event,
  event,
  filter: { projects, stages: [], services: [] },
})
const INTEGRATION = {
  id: 'f478',
  name: 'greetings-service',
  namespace: 'keptn',
  hostname: 'node1',
  location: 'remote',
  version: '0.1',
  registeredAt: '2026-01-02T15:04:05.000Z',
  lastSeenAt: '2026-01-02T15:04:05.000Z',
  silent: true,
  subscriptions: [
    subscription('sh.keptn.event.greeting.triggered', ['shop', 'bank']),
    subscription('sh.keptn.event.test.triggered', []),
  ],
  lastError: {
    message: 'no route',
    at: '2026-01-02T15:04:05.000Z',
    context: 'c',
    task: 'greeting',
  },
}

test('integrations with what they listen to, who is silent, and what went wrong', async (t) => {
  const server = await startFakeServer(t, {
    'GET /api/tiphys/v1/integrations': { body: { integrations: [INTEGRATION] } },
  })
  const cli = createCli(t, {
    TIPHYS_ENDPOINT: server.url,
    TIPHYS_API_TOKEN: 'secret',
  })
  const { stdout, code } = await cli.run(['get', 'integrations'])
  assert.equal(code, 0)
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines.length, 3)
  assert.match(
    lines[1] ?? '',
    /^greetings-service +2026-01-02 15:04:05 \(silent\) +sh\.keptn\.event\.greeting\.triggered +shop, bank +all +all +no route$/,
  )
  assert.match(lines[2] ?? '', /^ +sh\.keptn\.event\.test\.triggered +all +all +all/)
  const json = await cli.run(['get', 'integrations', '-o', 'json'])
  assert.deepEqual(JSON.parse(json.stdout), { integrations: [INTEGRATION] })
})

test('without any integration it says how one comes about', async (t) => {
  const server = await startFakeServer(t, {
    'GET /api/tiphys/v1/integrations': { body: { integrations: [] } },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { stdout } = await cli.run(['get', 'integrations'])
  assert.match(stdout, /No integrations are registered; a service registers itself/)
})

test('what an integration listens to is changed by name, and forgotten by name', async (t) => {
  const path = '/api/controlPlane/v1/uniform/registration/f478'
  const server = await startFakeServer(t, {
    'GET /api/tiphys/v1/integrations': { body: { integrations: [INTEGRATION] } },
    [`POST ${path}/subscription`]: { status: 201, body: { id: 's3' } },
    [`DELETE ${path}/subscription/sh.keptn.event.test.triggered`]: { body: {} },
    [`DELETE ${path}`]: { body: {} },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const name = 'greetings-service'
  const made = await cli.run(
    ['create', 'subscription', name, '--event', 'test.triggered'].concat([
      '-p',
      'shop',
      '-p',
      'bank',
      '--stage',
      'dev',
    ]),
  )
  assert.deepEqual([made.code, made.stdout], [0, 's3\n'])
  assert.deepEqual(server.of('POST', `${path}/subscription`)[0]?.body, {
    event: 'sh.keptn.event.test.triggered',
    filter: { projects: ['shop', 'bank'], stages: ['dev'], services: [] },
  })
  const wrong = await cli.run(['delete', 'subscription', name, 'nope'])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /greetings-service has no subscription nope; it has sh\.keptn/)
  const ended = await cli.run(['delete', 'subscription', 'f478', 'sh.keptn.event.test.triggered'])
  assert.deepEqual(
    [ended.code, server.of('DELETE', `${path}/subscription/sh.keptn.event.test.triggered`).length],
    [0, 1],
  )
  const gone = await cli.run(['delete', 'integration', name])
  assert.deepEqual([gone.code, server.of('DELETE', path).length], [0, 1])
})

test('what nobody is called, and what is never heard, is said and not sent', async (t) => {
  const twins = [INTEGRATION, { ...INTEGRATION, id: 'a1', hostname: 'node2' }]
  const server = await startFakeServer(t, {
    'GET /api/tiphys/v1/integrations': { body: { integrations: twins } },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const cases: [string[], RegExp][] = [
    [
      ['delete', 'integration', 'greeting-service'],
      /the server has no integration greeting-service; did you mean greetings-service\?/,
    ],
    [
      ['delete', 'integration', 'greetings-service'],
      /2 integrations are called greetings-service: f478 \(keptn, node1\), a1 \(keptn, node2\)/,
    ],
    [
      ['create', 'subscription', 'f478', '--event', 'test.finished'],
      /sh\.keptn\.event\.test\.finished is never heard/,
    ],
    [['create', 'subscription', 'f478', '--event', 'sh.keptn.>'], /sh\.keptn\.> is never heard/],
    [['create', 'subscription', 'f478'], /required option '--event <type>' not specified/],
  ]
  for (const [args, sentence] of cases) {
    const { code, stderr } = await cli.run(args)
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, sentence)
  }
  assert.ok(server.seen.every(({ method }) => method === 'GET'))
})
