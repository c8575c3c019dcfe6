import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { PROJECT_ID } from '../simulation/simulated-project.ts'
import { CI, engineHarness } from './engine-harness.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const delivery = (...names: string[]) => ({
  name: 'delivery',
  tasks: names.map((name) => ({ name })),
})
const joined = [
  { name: 'eu', sequences: [delivery('deployment')] },
  { name: 'us', sequences: [delivery('deployment')] },
  {
    name: 'global',
    sequences: [
      {
        ...delivery('release'),
        triggeredOn: [
          {
            event: 'eu.delivery.finished',
            and: [{ event: 'us.delivery.finished', selector: { match: { result: 'pass' } } }],
            within: '24h',
          },
        ],
      },
    ],
  },
]

test('a join starts once, when the last of its ends has come, with what all of them brought', async () => {
  const engine = await engineHarness({ stages: joined })
  await engine.trigger('eu.delivery', 'c')
  await engine.trigger('us.delivery', 'c')
  await engine.finish('c', { eu: { url: 'e' }, list: ['a'], result: 'warning' })
  const [, waiting] = engine.why('c')
  assert.equal(waiting?.code, 'join')
  assert.equal(
    waiting?.message,
    'delivery in global waits for us.delivery.finished; eu.delivery.finished came',
  )
  await engine.restart()
  await engine.finish('c', { us: { url: 'u' }, list: ['a'] })
  assert.deepEqual(engine.open(), ['c:release'])
  const [release] = engine.engine().openTriggered({ context: 'c' })
  assert.deepEqual([release?.data['eu'], release?.data['us']], [{ url: 'e' }, { url: 'u' }])
  assert.deepEqual(release?.data['list'], ['a'], 'what both branches share is there once')
  assert.equal(
    release?.data['result'],
    'warning',
    'the worst branch is what an approval is asked about',
  )
  assert.deepEqual(
    engine.why('c').map((reason) => reason.code),
    ['nobody'],
  )
  assert.deepEqual(await engine.store.openStreams().then((all) => all.filter(isJoin)), [])
})

const isJoin = (stream: string) => stream.startsWith('join/')

test('what a join starts in a paused context is paused, and says which run completed it', async () => {
  const engine = await engineHarness({ stages: joined })
  await engine.trigger('eu.delivery', 'c')
  await engine.trigger('us.delivery', 'c')
  await engine.finish('c')
  await engine.control('c', 'pause')
  await engine.finish('c')
  assert.deepEqual(engine.open(), [])
  assert.deepEqual(
    engine.why('c').map((reason) => reason.code),
    ['paused'],
  )
  const [, us, global] = await engine.runs('c')
  const [begun] = await engine.store.read(`run/${PROJECT_ID}/${global}`)
  assert.equal((begun?.meta as JsonObject | undefined)?.['parent'], us)
  await engine.control('c', 'resume')
  assert.deepEqual(engine.open(), ['c:release'])
})

test('ends of other contexts do not join, and a join that never comes ends after its time', async () => {
  const engine = await engineHarness({ stages: joined })
  await engine.trigger('eu.delivery', 'a')
  await engine.finish('a')
  await engine.trigger('us.delivery', 'b')
  await engine.finish('b')
  assert.deepEqual(engine.open(), [])
  assert.equal(engine.why('a')[0]?.untilMs, engine.clock.nowMs() + 24 * HOUR_MS)
  await engine.restart()
  await engine.pass(24 * HOUR_MS)
  assert.deepEqual([...engine.why('a'), ...engine.why('b')], [])
  await engine.trigger('us.delivery', 'a')
  await engine.finish('a')
  assert.deepEqual(engine.open(), [], 'what came before the join gave up does not count any more')
})

test('whoever aborts the context, or the stage it would start in, ends the join', async () => {
  const engine = await engineHarness({ stages: joined })
  for (const context of ['all', 'stage', 'other']) {
    await engine.trigger('eu.delivery', context)
    await engine.finish(context)
  }
  await engine.control('all', 'abort')
  const abort = (context: string, stage: string) =>
    engine.engine().control({ projectId: PROJECT_ID, context, stage, action: 'abort', actor: CI })
  await abort('stage', 'global')
  await abort('other', 'eu')
  await engine.restart()
  assert.deepEqual([...engine.why('all'), ...engine.why('stage')], [])
  assert.equal(engine.why('other')[0]?.code, 'join')
  await engine.trigger('us.delivery', 'all')
  await engine.finish('all')
  assert.deepEqual(engine.open(), [])
})

test('a branch that failed is taken up again, and the join goes on', async () => {
  const engine = await engineHarness({ stages: joined })
  await engine.trigger('us.delivery', 'c')
  await engine.finish('c', { result: 'fail' })
  await engine.trigger('eu.delivery', 'c')
  await engine.finish('c')
  assert.match(
    engine.why('c')[0]?.message ?? '',
    /waits for us.delivery.finished \(it ended fail\)/,
  )
  const [failed] = await engine.runs('c')
  assert.equal((await engine.rerun(failed ?? '')).code, 'started')
  await engine.finish('c')
  assert.deepEqual(engine.open(), ['c:release'])
})

test('a run is taken up at the step that failed, with the data as it was before', async () => {
  const stages = [{ name: 'dev', sequences: [delivery('deployment', 'test', 'release')] }]
  const engine = await engineHarness({ stages })
  await engine.trigger('dev.delivery', 'c')
  await engine.finish('c', { deployment: { gitCommit: 'abc' } })
  await engine.finish('c', { result: 'fail', test: { log: 'x' } })
  const [runId = ''] = await engine.runs('c')
  const answer = await engine.rerun(runId)
  assert.equal(answer.code, 'started')
  const [test] = engine.engine().openTriggered({ context: 'c' })
  assert.equal(test?.type, 'sh.keptn.event.test.triggered')
  assert.deepEqual(test?.data['deployment'], { gitCommit: 'abc' })
  assert.deepEqual(test?.data['test'], {})
  assert.equal(test?.data['result'], 'pass')
  await engine.finish('c')
  await engine.finish('c')
  assert.equal((await engine.rerun((await engine.runs('c'))[1] ?? '')).code, 'nothing-failed')
  assert.equal((await engine.rerun(runId, 'deployment')).code, 'started')
  assert.deepEqual(engine.open(), ['c:deployment'])
  assert.equal((await engine.rerun(runId, 'depoyment')).code, 'no-such-task')
  assert.equal((await engine.rerun(runId, 'release')).code, 'not-reached')
  engine.rewrite([{ name: 'dev', sequences: [delivery('deployment', 'check', 'release')] }])
  assert.equal((await engine.rerun(runId)).code, 'changed')
  assert.equal((await engine.rerun('nobody')).code, 'not-found')
})

test('an attempt that was repeated and a task that was left out are nothing to take up', async () => {
  const tasks = [
    { name: 'test', retry: { times: 1, after: '0s' } },
    { name: 'scan', parallel: true, if: 'false' },
    { name: 'evaluation' },
  ]
  const engine = await engineHarness({
    stages: [{ name: 'dev', sequences: [{ name: 'delivery', tasks }] }],
  })
  for (const context of ['aborted', 'passed']) {
    await engine.trigger('dev.delivery', context)
    await engine.finish(context, { status: 'errored', result: 'fail' })
    await engine.finish(context)
    assert.deepEqual(engine.open(), [`${context}:evaluation`])
    if (context === 'aborted') await engine.control(context, 'abort')
    else await engine.finish(context)
  }
  const [passed = ''] = await engine.runs('passed')
  assert.equal((await engine.rerun(passed)).code, 'nothing-failed')
  const [aborted = ''] = await engine.runs('aborted')
  assert.equal((await engine.rerun(aborted)).code, 'started')
  assert.deepEqual(engine.open(), ['aborted:evaluation'])
})

test('an aborted run is taken up at its first undone task, an open one is not', async () => {
  const stages = [{ name: 'dev', sequences: [delivery('deployment', 'test')] }]
  const engine = await engineHarness({ stages })
  await engine.trigger('dev.delivery', 'c')
  const [runId = ''] = await engine.runs('c')
  assert.equal((await engine.rerun(runId)).code, 'still-open')
  await engine.finish('c')
  await engine.control('c', 'abort')
  const twice = await Promise.all([engine.rerun(runId), engine.rerun(runId)])
  assert.deepEqual(twice.map((answer) => answer.code).sort(), ['started', 'under-way'])
  assert.deepEqual(engine.open(), ['c:test'])
})

const promoted = [
  { name: 'staging', sequences: [delivery('deployment')] },
  {
    name: 'production',
    sequences: [
      {
        ...delivery('deployment'),
        triggeredOn: [{ event: 'staging.delivery.finished', soak: '2h' }],
      },
    ],
  },
]

test('a version soaks before it goes on, over a restart, and says so', async () => {
  const engine = await engineHarness({ stages: promoted })
  await engine.trigger('staging.delivery', 'c')
  await engine.finish('c')
  assert.deepEqual(engine.open(), [])
  const [reason] = engine.why('c')
  assert.equal(reason?.code, 'soak')
  assert.match(
    reason?.message ?? '',
    /^what is to go to production soaks in staging\/carts for another 2h$/,
  )
  await engine.restart()
  await engine.pass(2 * HOUR_MS - 1)
  assert.deepEqual(engine.open(), [])
  await engine.pass(1)
  assert.deepEqual(engine.open(), ['c:deployment'])
})

test('a newer deployment ends the soak of the older version, and bad news do too', async () => {
  const engine = await engineHarness({ stages: promoted })
  await engine.trigger('staging.delivery', 'old')
  await engine.finish('old')
  await engine.pass(HOUR_MS)
  await engine.trigger('staging.delivery', 'new')
  const last = async (context: string) =>
    (await engine.store.readLog(0, 1_000))
      .filter((row) => row.event.shkeptncontext === context)
      .at(-1)?.event.data['message']
  assert.equal(
    await last('old'),
    'superseded: deployment of context new began in staging/carts before what was there had soaked',
  )
  await engine.finish('new')
  const [runId = ''] = await engine.runs('new')
  const told = await engine
    .engine()
    .tell({ key: 'k', runId, outcome: 'degraded', message: 'pod restarts' })
  assert.equal(told, 'told')
  assert.match(String(await last('new')), /^superseded: what was to be promoted is degraded/)
  await engine.pass(3 * HOUR_MS)
  assert.deepEqual(engine.open(), [])
  const [, lost = ''] = await engine.runs('new')
  const again = await engine.rerun(lost)
  assert.equal(again.code, 'replaced')
  assert.match(again.code === 'replaced' ? again.message : '', /before what is to go to production/)
})

const peak = { name: 'peak', from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' }

test('a freeze holds deployments and nothing else, also one that was declared after the run began', async () => {
  const rollback = {
    name: 'rollback',
    tasks: [{ name: 'rollback' }],
    triggeredOn: [{ event: 'dev.delivery.finished', selector: { match: { result: 'fail' } } }],
  }
  const stages = [
    { name: 'dev', sequences: [delivery('deployment', 'test'), rollback] },
    {
      name: 'prod',
      sequences: [{ ...delivery('deployment'), triggeredOn: [{ event: 'dev.delivery.finished' }] }],
    },
  ]
  const engine = await engineHarness({ stages })
  await engine.trigger('dev.delivery', 'c')
  await engine.finish('c')
  engine.freeze([{ ...peak, stages: ['prod'], reason: 'season' }])
  assert.deepEqual(engine.open(), ['c:test'])
  await engine.finish('c')
  assert.deepEqual(engine.open(), [])
  const [reason] = engine.why('c')
  assert.equal(reason?.code, 'freeze')
  assert.equal(reason?.message, 'deployment waits for the end of the freeze peak (season)')
  assert.equal(reason?.untilMs, Date.UTC(2026, 0, 2))
  await engine.restart()
  await engine.trigger('dev.delivery', 'bad')
  await engine.finish('bad')
  await engine.finish('bad', { result: 'fail' })
  assert.deepEqual(engine.open(), ['bad:rollback'], 'the way back is open')
  await engine.pass(Date.UTC(2026, 0, 2) - engine.clock.nowMs() - 1)
  assert.deepEqual(
    engine.open().filter((one) => one.startsWith('c:')),
    [],
  )
  await engine.pass(1)
  assert.deepEqual(
    engine.open().filter((one) => one.startsWith('c:')),
    ['c:deployment'],
  )
})

test('who waits behind another run when a freeze begins goes on when it ends', async () => {
  const stages = [{ name: 'dev', sequences: [delivery('deployment')] }]
  const engine = await engineHarness({ stages })
  await engine.trigger('dev.delivery', 'first')
  await engine.trigger('dev.delivery', 'second')
  engine.freeze([peak])
  await engine.finish('first')
  assert.deepEqual(engine.open(), [])
  assert.equal(engine.why('second')[0]?.code, 'freeze')
  await engine.pass(24 * HOUR_MS)
  assert.deepEqual(engine.open(), ['second:deployment'])
})

test('a freeze that is taken back lets go within a minute; an override lets go at once and is kept', async () => {
  const stages = [{ name: 'dev', sequences: [delivery('deployment')] }]
  const engine = await engineHarness({ stages, freezes: [peak] })
  await engine.trigger('dev.delivery', 'urgent')
  await engine.trigger('dev.delivery', 'patient')
  assert.deepEqual(engine.open(), [])
  assert.equal(await engine.control('urgent', 'override-freeze', 'fixes the outage'), 1)
  assert.equal(await engine.control('urgent', 'override-freeze', 'again'), 0)
  assert.deepEqual(engine.open(), ['urgent:deployment'])
  const note = (await engine.store.readLog(0, 100)).find(
    (row) => row.event.type === 'dev.tiphys.freeze.overridden',
  )
  const { by, reason } = (note?.event.data ?? {}) as JsonObject
  assert.deepEqual([by, reason], [CI.name, 'fixes the outage'])
  await engine.finish('urgent')
  engine.freeze()
  await engine.pass(MINUTE_MS)
  assert.deepEqual(engine.open(), ['patient:deployment'])
})

test('a project that is deleted takes its joins along', async () => {
  const engine = await engineHarness({ stages: joined })
  await engine.trigger('eu.delivery', 'c')
  await engine.finish('c')
  await engine.engine().forgetProject(PROJECT_ID)
  assert.deepEqual(engine.why('c'), [])
})
