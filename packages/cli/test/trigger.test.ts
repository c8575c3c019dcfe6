import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { nested } from '../src/commands/trigger.ts'
import { CONTEXT, PROJECT } from './fake-project.ts'
import { startFakeServer } from './fake-server.ts'
import { createCli } from './run-cli.ts'

const PROJECT_PATH = '/api/controlPlane/v1/project/shop'
const ROUTES = {
  [`GET ${PROJECT_PATH}`]: { body: PROJECT },
  'POST /api/v1/event': { body: { keptnContext: CONTEXT } },
  [`POST ${PROJECT_PATH}/stage/staging/service/carts/evaluation`]: {
    body: { keptnContext: CONTEXT },
  },
}

test("trigger delivery sends Keptn's event to the first stage and prints the context", async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t, { KEPTN_ENDPOINT: `${server.url}/api`, KEPTN_API_TOKEN: 'secret' })
  const { code, stdout } = await cli.run([
    'trigger',
    'delivery',
    '--project=shop',
    '--service=carts',
    '--image=ghcr.io/acme/carts:1.5',
    '--labels=build=7,by=ci',
    '-l',
    'ticket=A=1',
    '--values=replicas=3',
    '--values=db.size=small, or not',
  ])
  assert.deepEqual([code, stdout], [0, `${CONTEXT}\n`])
  const [sent] = server.of('POST', '/api/v1/event')
  assert.equal(sent?.headers['x-token'], 'secret')
  assert.match(String(sent?.headers['idempotency-key']), /^[0-9a-f-]{36}$/)
  assert.deepEqual(sent?.body, {
    specversion: '1.0',
    contenttype: 'application/json',
    type: 'sh.keptn.event.staging.delivery.triggered',
    source: 'https://github.com/keptn/keptn/cli#configuration-change',
    data: {
      configurationChange: {
        values: {
          replicas: '3',
          db: { size: 'small, or not' },
          image: 'ghcr.io/acme/carts:1.5',
        },
      },
      project: 'shop',
      stage: 'staging',
      service: 'carts',
      labels: { build: '7', by: 'ci', ticket: 'A=1' },
    },
  })
})

test('trigger sequence carries data, and -o json prints where it went', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code, stdout } = await cli.run([
    ...['trigger', 'sequence', 'delivery', '--project=shop', '--service=carts'],
    ...['--stage=production', '-d', 'a.b=c', '-o', 'json'],
  ])
  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(stdout), {
    keptnContext: CONTEXT,
    project: 'shop',
    service: 'carts',
    sequence: 'delivery',
    stage: 'production',
  })
  const body = server.of('POST', '/api/v1/event')[0]?.body as { type: string; data: object }
  assert.equal(body.type, 'sh.keptn.event.production.delivery.triggered')
  assert.deepEqual((body.data as { a?: unknown }).a, { b: 'c' })
})

test('trigger evaluation posts the window', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code } = await cli.run([
    ...['trigger', 'evaluation', '--project=shop', '--service=carts', '--stage=staging'],
    ...['--start=2026-11-22T20:00:00', '--timeframe=5m', '-l', 'a=b'],
  ])
  assert.equal(code, 0)
  const [sent] = server.seen.filter((one) => one.path.endsWith('/evaluation'))
  assert.deepEqual(sent?.body, {
    labels: { a: 'b' },
    start: '2026-11-22T20:00:00',
    timeframe: '5m',
  })
})

test('names that do not exist are refused before anything is sent, with what was meant', async (t) => {
  const server = await startFakeServer(t, {
    ...ROUTES,
    'GET /api/controlPlane/v1/project/shp': {
      status: 404,
      body: { code: 404, message: 'Project not found: shp' },
    },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const cases: [string[], string][] = [
    [
      ['delivery', '--project=shop', '--service=cart', '--image=i'],
      'project shop has no service cart; did you mean carts?',
    ],
    [
      ['delivery', '--project=shop', '--service=carts', '--image=i', '--stage=prod'],
      'project shop has no stage prod; it has staging, production',
    ],
    [
      ['sequence', 'delivry', '--project=shop', '--service=carts'],
      'stage staging has no sequence delivry; did you mean delivery?',
    ],
    [['delivery', '--project=shp', '--service=carts', '--image=i'], 'Project not found: shp'],
  ]
  for (const [args, message] of cases) {
    const { code, stderr, stdout } = await cli.run(['trigger', ...args])
    assert.deepEqual([code, stdout, stderr], [2, '', `tiphys: ${message}\n`])
  }
  assert.deepEqual(server.of('POST', '/api/v1/event'), [])
})

test('an evaluation can be triggered in a stage that defines none', async (t) => {
  const server = await startFakeServer(t, ROUTES)
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const args = [
    'trigger',
    'sequence',
    'evaluation',
    '--project=shop',
    '--service=carts',
    '--stage=production',
  ]
  assert.equal((await cli.run(args)).code, 0)
})

test('a token that may trigger and not read works when the stage is named', async (t) => {
  const server = await startFakeServer(t, {
    ...ROUTES,
    [`GET ${PROJECT_PATH}`]: { status: 403, body: { code: 403, message: 'lacks read' } },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'narrow' })
  const args = ['trigger', 'delivery', '--project=shop', '--service=carts', '--image=i']
  assert.equal((await cli.run([...args, '--stage=staging'])).code, 0)
  const { code, stderr } = await cli.run(args)
  assert.equal(code, 2)
  assert.match(stderr, /add --stage <name>/)
})

test('an event is sent again with the same key when the connection breaks', async (t) => {
  let tries = 0
  const server = await startFakeServer(t, {
    ...ROUTES,
    'POST /api/v1/event': () =>
      ++tries === 1 ? { hangUp: true } : { body: { keptnContext: CONTEXT } },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code } = await cli.run([
    'trigger',
    'delivery',
    '--project=shop',
    '--service=carts',
    '--image=i',
  ])
  assert.equal(code, 0)
  const keys = server.of('POST', '/api/v1/event').map((one) => one.headers['idempotency-key'])
  assert.equal(keys.length, 2)
  assert.equal(keys[0], keys[1])
})

test('dotted keys nest, also where they collide or mean something to JavaScript', () => {
  assert.deepEqual(nested(['a.b=1', 'a.c=2', 'd=3']), { a: { b: '1', c: '2' }, d: '3' })
  assert.deepEqual(nested(['a=1', 'a.b=2']), { a: { b: '2' } })
  assert.equal(JSON.stringify(nested(['__proto__.x=1'])), '{"__proto__":{"x":"1"}}')
  assert.equal(({} as { x?: string }).x, undefined)
})
