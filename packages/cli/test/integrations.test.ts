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
