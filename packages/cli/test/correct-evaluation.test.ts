import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { at, CONTEXT } from './fake-project.ts'
import { startFakeServer } from './fake-server.ts'
import { createCli } from './run-cli.ts'

const EVALUATIONS = '/api/tiphys/v1/evaluations'
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
  result: 'pass',
  message: '',
  summary: { timeStart: '', timeEnd: '', result: 'pass', score: 91.26, indicatorResults: [] },
}
const BY_ANN = { by: 'ci', person: 'ann', at: at(9), reason: 'before the rewrite' }

test('invalidate and pin name an evaluation by id or place, and say who and why', async (t) => {
  const server = await startFakeServer(t, {
    [`GET ${EVALUATIONS}`]: { body: { evaluations: [EVALUATION], pageSize: 1, totalCount: 1 } },
    [`GET ${EVALUATIONS}/t1`]: { body: EVALUATION },
    [`POST ${EVALUATIONS}/t1/invalidation`]: { body: EVALUATION },
    [`DELETE ${EVALUATIONS}/t1/invalidation`]: { body: EVALUATION },
    [`POST ${EVALUATIONS}/t1/pin`]: { body: { ...EVALUATION, pinned: BY_ANN } },
    [`DELETE ${EVALUATIONS}/t1/pin`]: { body: EVALUATION },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const why = ['--reason', 'wrong load', '--as', 'ann']
  const cases: [string[], string][] = [
    [
      ['invalidate', 'evaluation', 't1', ...why],
      'The evaluation t1 (carts in staging, pass) is no longer compared with.\n',
    ],
    [
      ['invalidate', 'evaluation', '-p=shop', '--service=carts', '--undo', ...why],
      'The evaluation t1 (carts in staging, pass) counts again.\n',
    ],
    [
      ['pin', 'evaluation', '-p', 'shop', ...why],
      'The evaluation t1 (carts in staging, pass) is the reference of its place.\n',
    ],
    [
      ['pin', 'evaluation', 't1', '--undo', ...why],
      'The evaluation t1 (carts in staging, pass) is no longer the reference; the newest are compared with.\n',
    ],
  ]
  for (const [args, note] of cases) {
    const { code, stderr, stdout } = await cli.run(args)
    assert.deepEqual([code, stderr, stdout], [0, note, ''])
  }
  const said = { reason: 'wrong load', person: 'ann' }
  assert.deepEqual(server.of('POST', `${EVALUATIONS}/t1/invalidation`)[0]?.body, said)
  assert.deepEqual(server.of('POST', `${EVALUATIONS}/t1/pin`)[0]?.body, said)
  const undone = server.seen.filter(({ method }) => method === 'DELETE').map(({ path }) => path)
  const query = 'reason=wrong+load&person=ann'
  assert.deepEqual(undone, [
    `${EVALUATIONS}/t1/invalidation?${query}`,
    `${EVALUATIONS}/t1/pin?${query}`,
  ])
  const json = await cli.run(['pin', 'evaluation', 't1', ...why, '-o', 'json'])
  assert.equal(JSON.parse(json.stdout).pinned.person, 'ann')
})

test('what is missing, contradicts itself or is refused is said in one line', async (t) => {
  const message = 'there is no evaluation for the triggered event none'
  const server = await startFakeServer(t, {
    [`POST ${EVALUATIONS}/none/pin`]: { status: 404, body: { code: 404, message } },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const cases: [string[], RegExp][] = [
    [['pin', 'evaluation', 'none', '--reason', 'x'], /^tiphys: there is no evaluation for/],
    [['pin', 'evaluation', 't1'], /required option '--reason <text>'/],
    [['invalidate', 'evaluation', '--reason', 'x'], /^tiphys: say which evaluation: /],
    [
      ['invalidate', 'evaluation', 't1', '-c', CONTEXT, '--reason', 'x'],
      /^tiphys: an id and --keptn-context are two ways to say which evaluation/,
    ],
  ]
  for (const [args, sentence] of cases) {
    const { code, stderr } = await cli.run(args)
    assert.equal(code, 2)
    assert.match(stderr, sentence)
  }
})

test('lists show what is pinned and what was taken back', async (t) => {
  const taken = { ...EVALUATION, triggeredId: 't0', invalidated: { ...BY_ANN, reason: '' } }
  const pinned = { ...EVALUATION, pinned: BY_ANN }
  const place = { project: 'shop', stage: 'staging', service: 'carts' }
  const reference = {
    ...place,
    triggeredId: 't1',
    eventId: 'e1',
    pinned: BY_ANN,
    evaluation: pinned,
    problem: 'invalidated by ci: wrong load',
  }
  const server = await startFakeServer(t, {
    [`GET ${EVALUATIONS}`]: {
      body: { evaluations: [pinned, taken], pageSize: 20, totalCount: 2 },
    },
    'GET /api/tiphys/v1/references': {
      body: { references: [reference], pageSize: 50, totalCount: 1 },
    },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const list = await cli.run(['get', 'evaluations', '-p', 'shop'])
  assert.match(list.stdout, /pass {4}91\.3 .* pinned by ann: before the rewrite$/m)
  assert.match(list.stdout, / invalidated by ann$/m)
  const references = await cli.run(['get', 'references', '-p', 'shop'])
  assert.match(
    references.stdout,
    /staging {2}carts {4}pass {4}91\.3 {3}ann {2}before the rewrite {2}t1 {10}does not count: invalidated by ci: wrong load$/m,
  )
  const data = await cli.run(['get', 'references', '-p', 'shop', '-o', 'json'])
  assert.deepEqual(JSON.parse(data.stdout), { references: [reference] })
})

test('no pin is said', async (t) => {
  const server = await startFakeServer(t, {
    'GET /api/tiphys/v1/references': { body: { references: [], pageSize: 50, totalCount: 0 } },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const none = await cli.run(['get', 'references', '-p', 'other'])
  assert.deepEqual(
    [none.code, none.stdout],
    [0, 'No evaluation of project other is pinned: the newest ones are compared with.\n'],
  )
})
