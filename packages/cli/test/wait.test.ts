import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Run } from '@tiphys/contract/http/native-run.ts'
import { CONTEXT, PROJECT, run, timelineOf } from './fake-project.ts'
import { type FakeAnswer, type Routes, startFakeServer } from './fake-server.ts'
import { createCli } from './run-cli.ts'

const CONTEXT_PATH = `/api/tiphys/v1/contexts/${CONTEXT}`
const TRIGGER = [
  'trigger',
  'delivery',
  '--project=shop',
  '--service=carts',
  '--image=ghcr.io/acme/carts:1.5',
  '--wait',
]

/** Answers the looks at the context one after the other; the last one again and again. */
function looks(answers: readonly FakeAnswer[]): () => FakeAnswer {
  let next = 0
  return () => answers[Math.min(next++, answers.length - 1)] ?? { status: 500 }
}

function routes(answers: readonly FakeAnswer[], more: Routes = {}): Routes {
  return {
    'GET /api/controlPlane/v1/project/shop': { body: PROJECT },
    'POST /api/v1/event': { body: { keptnContext: CONTEXT } },
    [`GET ${CONTEXT_PATH}`]: looks(answers),
    ...more,
  }
}

const shown = (...runs: readonly Run[]): FakeAnswer => ({ body: timelineOf(runs) })

const STARTED = run({
  stage: 'staging',
  tasks: [{ name: 'deployment', from: 0 }, { name: 'test' }],
})
const PASSED = run({
  stage: 'staging',
  to: 9,
  tasks: [
    { name: 'deployment', from: 0, to: 4 },
    { name: 'test', from: 4, to: 8 },
  ],
})
const FAILED = run({
  stage: 'staging',
  to: 9,
  result: 'fail',
  tasks: [
    { name: 'deployment', from: 0, to: 4 },
    { name: 'evaluation', from: 4, to: 8, result: 'fail', message: 'score 0' },
  ],
})

test('plain lines as it goes, and exit code 0 for a pass', async (t) => {
  const server = await startFakeServer(t, routes([shown(STARTED), shown(PASSED)]))
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code, stdout, stderr } = await cli.run(TRIGGER)
  assert.equal(
    stderr,
    [
      `Triggered delivery in staging: ${CONTEXT}`,
      'staging delivery: triggered for carts',
      'staging delivery: deployment triggered',
      'staging delivery: deployment pass after 4s',
      'staging delivery: test triggered',
      'staging delivery: test pass after 4s',
      'staging delivery: pass after 9s',
      '',
    ].join('\n'),
  )
  assert.equal(stdout, `pass: everything passed\ncontext: ${CONTEXT}\n`)
  assert.equal(code, 0)
})

test('a failed evaluation is exit code 1 and says why in numbers', async (t) => {
  const evaluation = {
    triggeredId: 'evaluation-triggered',
    eventId: 'x',
    context: CONTEXT,
    project: 'shop',
    stage: 'staging',
    service: 'carts',
    at: '2026-11-22T21:00:08.000Z',
    source: 'lighthouse-service',
    by: 'tiphys',
    status: 'succeeded',
    result: 'fail',
    message: 'score 0',
    explanation: {
      version: 1,
      sentence:
        'carts failed in staging because response_time_p95 was 812 ms, above its limit of 500 ms.',
    },
  }
  const server = await startFakeServer(
    t,
    routes([shown(FAILED)], {
      'GET /api/tiphys/v1/evaluations/evaluation-triggered': { body: evaluation },
    }),
  )
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code, stdout } = await cli.run([...TRIGGER, '-o', 'json', '--quiet'])
  const conclusion = JSON.parse(stdout)
  assert.equal(code, 1)
  assert.equal(conclusion.verdict, 'fail')
  assert.equal(conclusion.keptnContext, CONTEXT)
  assert.match(conclusion.reason, /response_time_p95 was 812 ms, above its limit of 500 ms/)
})

test('errored is no verdict: exit code 3, in the words of the task', async (t) => {
  const errored = run({
    stage: 'staging',
    to: 9,
    status: 'errored',
    result: 'fail',
    tasks: [
      {
        name: 'deployment',
        from: 0,
        to: 9,
        status: 'errored',
        result: 'fail',
        message: 'Argo CD did not answer',
      },
    ],
  })
  const server = await startFakeServer(t, routes([shown(errored)]))
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code, stdout } = await cli.run(TRIGGER)
  assert.equal(code, 3)
  assert.match(stdout, /^no verdict: staging delivery deployment: Argo CD did not answer$/m)
})

test('a warning is exit code 0, and 1 with --fail-on warning', async (t) => {
  const warned = run({
    stage: 'staging',
    to: 9,
    result: 'warning',
    tasks: [{ name: 'test', from: 0, to: 9, result: 'warning', message: '2 % of requests failed' }],
  })
  const server = await startFakeServer(t, routes([shown(warned)]))
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const calm = await cli.run(TRIGGER)
  const strict = await cli.run([...TRIGGER, '--fail-on', 'warning'])
  assert.match(calm.stdout, /^warning: staging delivery test: 2 % of requests failed$/m)
  assert.deepEqual([calm.code, strict.code], [0, 1])
})

test('what the sequence triggers counts too, unless --wait=sequence', async (t) => {
  const child = run({
    stage: 'production',
    parent: 'staging-delivery',
    to: 20,
    result: 'fail',
    tasks: [{ name: 'deployment', from: 9, to: 20, result: 'fail', message: 'Degraded' }],
  })
  const server = await startFakeServer(t, routes([shown(PASSED, child)]))
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const all = await cli.run(TRIGGER)
  const one = await cli.run([...TRIGGER.slice(0, -1), '--wait=sequence'])
  assert.deepEqual([all.code, one.code], [1, 0])
  assert.match(all.stdout, /production delivery deployment: Degraded/)
})

test('a server that is away in the middle is asked again, and said once', async (t) => {
  const away: FakeAnswer = { hangUp: true }
  const starting: FakeAnswer = { status: 503, body: { code: 503, message: 'not ready' } }
  const server = await startFakeServer(
    t,
    routes([shown(STARTED), away, away, starting, shown(PASSED)]),
  )
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code, stderr } = await cli.run(TRIGGER)
  assert.equal(code, 0)
  const notes = stderr.split('\n').filter((line) => line.includes('still trying'))
  assert.deepEqual(notes, [
    `cannot reach ${server.url}: the connection was closed; still trying`,
    'not ready; still trying',
  ])
})

test('a context that is not shown yet is waited for, one that is forbidden is not', async (t) => {
  const unknown: FakeAnswer = { status: 404, body: { code: 404, message: 'no such context' } }
  const server = await startFakeServer(t, routes([unknown, shown(PASSED)]))
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  assert.equal((await cli.run(TRIGGER)).code, 0)

  const forbidden: FakeAnswer = {
    status: 403,
    body: { code: 403, message: 'token ci lacks the scope read' },
  }
  const strict = await startFakeServer(t, routes([forbidden]))
  const { code, stderr } = await cli.run(TRIGGER, { env: { TIPHYS_ENDPOINT: strict.url } })
  assert.deepEqual(
    [code, stderr],
    [2, `Triggered delivery in staging: ${CONTEXT}\ntiphys: token ci lacks the scope read\n`],
  )
})

test('--timeout ends the waiting with no verdict', async (t) => {
  const server = await startFakeServer(t, routes([shown(STARTED)]))
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code, stdout } = await cli.run([...TRIGGER, '--timeout', '300ms'])
  assert.equal(code, 3)
  assert.match(stdout, /^no verdict: not over after 300ms; it goes on: tiphys why 6c19f9c2/m)
})

test('Ctrl-C ends the watching, says that the sequence goes on, and how to end it', async (t) => {
  const server = await startFakeServer(t, routes([shown(STARTED)]))
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const running = cli.start(TRIGGER)
  await running.printed('deployment triggered')
  running.process.kill('SIGINT')
  const { code, stderr } = await running.ended
  assert.equal(code, 3)
  assert.match(stderr, /Stopped watching; the sequence goes on\. Look again: tiphys why 6c19f9c2/)
  assert.match(stderr, /End it: tiphys abort sequence --project shop --keptn-context 6c19f9c2/)
  assert.deepEqual(server.of('POST', '/api/controlPlane/v1/sequence/shop'), [])
})

test("Keptn's --watch shows how it goes and says nothing by its exit code", async (t) => {
  const server = await startFakeServer(t, routes([shown(FAILED)]))
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code, stdout } = await cli.run([...TRIGGER.slice(0, -1), '--watch'])
  assert.equal(code, 0)
  assert.match(stdout, /^fail: /)
})
