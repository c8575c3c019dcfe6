import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { parse } from 'yaml'
import { at, CONTEXT, PROJECT } from './fake-project.ts'
import { startFakeServer } from './fake-server.ts'
import { createCli } from './run-cli.ts'

const event = (id: string, type: string, data: object) => ({
  id,
  type: `sh.keptn.event.${type}`,
  source: 'shipyard-controller',
  specversion: '1.0',
  time: at(0),
  shkeptncontext: CONTEXT,
  data,
})
const EVENTS = [
  event('2', 'staging.delivery.finished', { stage: 'staging', service: 'carts', result: 'pass' }),
  event('1', 'staging.delivery.triggered', { stage: 'staging', service: 'carts' }),
]
const STATE = {
  name: 'delivery',
  service: 'carts',
  project: 'shop',
  time: at(0),
  shkeptncontext: CONTEXT,
  state: 'finished',
  stages: [
    { name: 'staging', state: 'succeeded', latestEvaluation: { result: 'fail', score: 42.4666 } },
    { name: 'production', state: 'triggered' },
  ],
}
const EVALUATION = {
  triggeredId: 't1',
  eventId: 'e1',
  context: CONTEXT,
  project: 'shop',
  stage: 'staging',
  service: 'carts',
  at: at(0),
  source: 'lighthouse-service',
  by: 'tiphys',
  status: 'succeeded',
  result: 'fail',
  message: 'no report',
}

test('projects, stages and services as tables and as data', async (t) => {
  const server = await startFakeServer(t, {
    'GET /api/controlPlane/v1/project': {
      body: { projects: [PROJECT], nextPageKey: '0', pageSize: 0, totalCount: 1 },
    },
    'GET /api/controlPlane/v1/project/shop': { body: PROJECT },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const cases: [string[], string][] = [
    [
      ['project'],
      'NAME  CREATED              STAGES\nshop  2025-11-22 21:59:04  staging, production\n',
    ],
    [
      ['stages', '-p', 'shop'],
      'NAME        SERVICES  AFTER\nstaging     carts\nproduction  carts     staging\n',
    ],
    [
      ['services', '-p', 'shop'],
      'NAME   STAGE       DEPLOYED\ncarts  staging     ghcr.io/acme/carts:1.4\ncarts  production  nothing yet\n',
    ],
  ]
  for (const [args, text] of cases) {
    const { code, stdout } = await cli.run(['get', ...args])
    assert.deepEqual([code, stdout], [0, text])
  }
  const json = await cli.run(['get', 'projects', '-o', 'json'])
  assert.deepEqual(JSON.parse(json.stdout), { projects: [PROJECT] })
  const yaml = await cli.run(['get', 'project', 'shop', '-o', 'yaml'])
  assert.deepEqual(parse(yaml.stdout), PROJECT)
  const unknown = await cli.run(['get', 'service', 'cart', '-p', 'shop'])
  assert.deepEqual(
    [unknown.code, unknown.stderr],
    [2, 'tiphys: project shop has no service cart; did you mean carts?\n'],
  )
})

test('all pages of a list are read', async (t) => {
  const server = await startFakeServer(t, {
    'GET /api/mongodb-datastore/event': (request) => {
      const isSecond = new URL(request.path, 'http://x').searchParams.get('nextPageKey') === '1'
      const events = isSecond ? EVENTS.slice(1) : EVENTS.slice(0, 1)
      return { body: { events, nextPageKey: isSecond ? '0' : '1', pageSize: 1, totalCount: 2 } }
    },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { stdout } = await cli.run([
    'get',
    'event',
    '--project=shop',
    '--page-size=1',
    '-o',
    'text',
  ])
  assert.equal(
    stdout,
    [
      'TIME                 TYPE                        RESULT  STAGE    SERVICE  CONTEXT',
      `2026-11-22 21:00:00  staging.delivery.finished   pass    staging  carts    ${CONTEXT}`,
      `2026-11-22 21:00:00  staging.delivery.triggered          staging  carts    ${CONTEXT}`,
      '',
    ].join('\n'),
  )
  const first = await cli.run([
    'get',
    'event',
    '--project=shop',
    '--page-size=1',
    '--num-of-pages=1',
    '-o',
    'json',
  ])
  assert.deepEqual(JSON.parse(first.stdout), EVENTS[0])
})

test('short event types are completed, and approval.triggered lists the open ones', async (t) => {
  const open = event('9', 'approval.triggered', { stage: 'production', service: 'carts' })
  const page = { nextPageKey: '0', pageSize: 20, totalCount: 1 }
  const server = await startFakeServer(t, {
    'GET /api/mongodb-datastore/event': { body: { events: [], ...page } },
    'GET /api/controlPlane/v1/event/triggered/sh.keptn.event.approval.triggered': {
      body: { events: [open], ...page },
    },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const none = await cli.run(['get', 'event', 'evaluation.finished', '--keptn-context', CONTEXT])
  assert.deepEqual([none.code, none.stdout], [0, '[]\n'])
  assert.match(server.seen[0]?.path ?? '', /type=sh\.keptn\.event\.evaluation\.finished/)
  const approvals = await cli.run([
    'get',
    'event',
    'approval.triggered',
    '-p',
    'shop',
    '-o',
    'json',
  ])
  assert.deepEqual(JSON.parse(approvals.stdout), open)
  assert.equal((await cli.run(['get', 'event'])).code, 2)
})

test('sequences say how far they got and what their evaluations said', async (t) => {
  const server = await startFakeServer(t, {
    'GET /api/controlPlane/v1/sequence/shop': {
      body: { states: [STATE], pageSize: 20, totalCount: 1 },
    },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { stdout } = await cli.run(['get', 'sequences', '-p', 'shop', '--state=finished'])
  assert.equal(
    stdout,
    [
      'TRIGGERED            PROJECT  SERVICE  SEQUENCE  STATE     STAGES                                   CONTEXT                               WAITS FOR',
      `2026-11-22 21:00:00  shop     carts    delivery  finished  staging:fail(42.5) production:triggered  ${CONTEXT}`,
      '',
    ].join('\n'),
  )
  assert.match(server.seen[0]?.path ?? '', /state=finished/)
})

test('evaluations: a list, and the report of the newest one', async (t) => {
  const server = await startFakeServer(t, {
    'GET /api/tiphys/v1/evaluations': {
      body: { evaluations: [EVALUATION], pageSize: 20, totalCount: 1 },
    },
    'GET /api/tiphys/v1/evaluations/t1': { body: EVALUATION },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const list = await cli.run(['get', 'evaluations', '-p', 'shop'])
  assert.match(list.stdout, /^2026-11-22 21:00:00 {2}staging {2}carts {4}fail/m)
  const report = await cli.run(['get', 'evaluation', '-p', 'shop', '-s', 'staging'])
  assert.deepEqual([report.code, report.stdout], [0, 'fail: no report\n'])
  assert.match(server.seen.at(-2)?.path ?? '', /project=shop&stage=staging&pageSize=1/)
  const data = await cli.run(['get', 'evaluation', '-p', 'shop', '-o', 'json'])
  assert.deepEqual(JSON.parse(data.stdout), EVALUATION)
})
