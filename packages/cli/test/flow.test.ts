import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { at, CONTEXT, run, timelineOf } from './fake-project.ts'
import { startFakeServer } from './fake-server.ts'
import { createCli } from './run-cli.ts'

const APPROVAL = {
  triggeredId: 'approval-1',
  context: CONTEXT,
  runId: 'r1',
  project: 'shop',
  stage: 'production',
  service: 'carts',
  sequence: 'delivery',
  since: at(0),
  until: at(100),
}
const APPROVALS = '/api/tiphys/v1/approvals'

test('approve finds the open approval by context or id, and says who and why', async (t) => {
  const server = await startFakeServer(t, {
    [`GET ${APPROVALS}`]: { body: { approvals: [APPROVAL] } },
    [`POST ${APPROVALS}/approval-1`]: { body: { keptnContext: CONTEXT, eventId: 'f1' } },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const yes = await cli.run(['approve', CONTEXT, '--comment', 'looks good', '--as', 'ada'])
  assert.deepEqual([yes.code, yes.stderr], [0, 'Approved: carts in production (delivery).\n'])
  const no = await cli.run([
    'approve',
    'approval-1',
    '--stage=production',
    '--decline',
    '--as=ada',
    '-o',
    'json',
  ])
  assert.equal(JSON.parse(no.stdout).decision, 'fail')
  const form = [
    'send',
    'event',
    'approval.finished',
    '-p',
    'shop',
    '-s',
    'production',
    '--id=approval-1',
    '--as=ada',
  ]
  assert.equal((await cli.run(form)).code, 0)
  assert.deepEqual(
    server.of('POST', `${APPROVALS}/approval-1`).map((request) => request.body),
    [
      { decision: 'pass', comment: 'looks good', person: 'ada' },
      { decision: 'fail', person: 'ada' },
      { decision: 'pass', person: 'ada' },
    ],
  )
})

test('no open approval, and several, are said', async (t) => {
  const other = { ...APPROVAL, triggeredId: 'approval-2', stage: 'staging' }
  const server = await startFakeServer(t, {
    [`GET ${APPROVALS}`]: { body: { approvals: [APPROVAL, other] } },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const several = await cli.run(['approve', CONTEXT])
  assert.equal(several.code, 2)
  assert.match(
    several.stderr,
    /2 approvals are open .*; choose one by its id: approval-1 \(production, carts\), approval-2/,
  )
  const none = await cli.run(['approve', 'unknown'])
  assert.equal(none.code, 2)
  assert.match(none.stderr, /^tiphys: no approval is open for unknown/)
})

test('send event posts the file as it is', async (t) => {
  const server = await startFakeServer(t, {
    'POST /api/v1/event': { body: { keptnContext: CONTEXT } },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const event = {
    type: 'sh.keptn.event.staging.verify.triggered',
    source: 'argocd',
    data: { project: 'shop', x: [1] },
  }
  writeFileSync(join(cli.home, 'event.json'), JSON.stringify(event))
  const { code, stdout } = await cli.run(['send', 'event', '--file=event.json'])
  assert.deepEqual([code, stdout], [0, `${CONTEXT}\n`])
  const piped = await cli.run(['send', 'event', '-f', '-', '-o', 'json'], {
    stdin: JSON.stringify(event),
  })
  assert.deepEqual(JSON.parse(piped.stdout), { keptnContext: CONTEXT })
  assert.deepEqual(
    server.seen.map((request) => request.body),
    [event, event],
  )
})

test('what is no event is not sent', async (t) => {
  const server = await startFakeServer(t, {})
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  for (const stdin of ['{', '[]', '"text"']) {
    const { code, stderr } = await cli.run(['send', 'event', '-f', '-'], { stdin })
    assert.equal(code, 2)
    assert.match(stderr, /^tiphys: - (is not JSON|holds no event): /)
  }
  assert.equal((await cli.run(['send', 'event'])).code, 2)
  assert.deepEqual(server.seen, [])
})

test('pause, resume and abort reach the context, and an unknown one is said', async (t) => {
  const path = '/api/controlPlane/v1/sequence/shop'
  const server = await startFakeServer(t, {
    [`GET ${path}`]: (request) => ({
      body: {
        states: request.path.includes(CONTEXT)
          ? [
              {
                name: 'delivery',
                service: 'carts',
                project: 'shop',
                time: at(0),
                shkeptncontext: CONTEXT,
                state: 'started',
                stages: [],
              },
            ]
          : [],
        pageSize: 1,
        totalCount: 1,
      },
    }),
    [`POST ${path}/${CONTEXT}/control`]: {},
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  for (const word of ['pause', 'resume', 'abort']) {
    const { code } = await cli.run([word, 'sequence', '-p', 'shop', '-c', CONTEXT, '-s', 'staging'])
    assert.equal(code, 0)
  }
  assert.deepEqual(
    server.of('POST', `${path}/${CONTEXT}/control`).map((request) => request.body),
    ['pause', 'resume', 'abort'].map((state) => ({ state, stage: 'staging' })),
  )
  const unknown = await cli.run(['abort', 'sequence', '-p', 'shop', '-c', 'nope'])
  assert.deepEqual(
    [unknown.code, unknown.stderr],
    [2, 'tiphys: project shop has no sequence with the context nope\n'],
  )
})

test('why says what it waits for and who can end it', async (t) => {
  const waiting = {
    runId: 'production-delivery',
    stage: 'production',
    service: 'carts',
    sequence: 'delivery',
    code: 'approval',
    message: 'waits for an approval',
    since: new Date(Date.now() - 61_000).toISOString(),
    resolvedBy: `tiphys approve ${CONTEXT} --project shop --stage production`,
    until: new Date(Date.now() + 3_600_500).toISOString(),
  }
  const open = run({
    stage: 'production',
    state: 'waitingForApproval',
    from: (Date.now() - 61_000 - Date.parse(at(0))) / 1_000,
    tasks: [{ name: 'approval', from: (Date.now() - 61_000 - Date.parse(at(0))) / 1_000 }],
    waiting: [waiting],
  })
  const server = await startFakeServer(t, {
    [`GET /api/tiphys/v1/contexts/${CONTEXT}`]: { body: timelineOf([open]) },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code, stdout } = await cli.run(['why', CONTEXT])
  assert.equal(code, 0)
  assert.match(stdout, /production delivery {2}carts · waitingForApproval · 1m \ds/)
  assert.match(
    stdout,
    /^production delivery: waits for an approval\n {2}since 1m \ds; ends by: tiphys approve \S+ --project shop --stage production; it gives up in 1h/m,
  )
  const data = await cli.run(['why', CONTEXT, '-o', 'json'])
  assert.deepEqual(JSON.parse(data.stdout).waiting, [waiting])
})
