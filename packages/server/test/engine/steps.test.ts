import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Actor } from '../../src/intake/actor.ts'
import { CI, engineHarness } from './engine-harness.ts'

const dev = (tasks: readonly object[], more: readonly object[] = []) => [
  { name: 'dev', sequences: [{ name: 'delivery', tasks }, ...more] },
]
const beside = (name: string, more: object = {}) => ({ name, parallel: true, ...more })

test('tasks of a step start together, and the next step waits for all of them', async () => {
  const engine = await engineHarness({
    stages: dev([{ name: 'deployment' }, { name: 'test' }, beside('scan'), { name: 'release' }]),
  })
  await engine.trigger('dev.delivery', 'c')
  await engine.finish('c')
  assert.deepEqual(engine.open(), ['c:test', 'c:scan'])
  await engine.restart()
  await engine.finish('c', { scan: { found: [1] } }, CI, 'scan')
  assert.deepEqual(engine.open(), ['c:test'], 'the step is not over')
  await engine.finish('c', { scan: { found: [2] }, result: 'warning' }, CI, 'test')
  const [release] = engine.engine().openTriggered({ context: 'c' })
  assert.equal(release?.type, 'sh.keptn.event.release.triggered')
  assert.equal(release?.data['result'], 'warning', 'a step is as good as its worst task')
  // Keptn lays later elements first: the order is that of the file, not of the answers.
  assert.deepEqual((release?.data['scan'] as JsonObject | undefined)?.['found'], [1, 2])
})

test('a failed task of a step turns back at once and cancels the others', async () => {
  const rollback = {
    name: 'rollback',
    tasks: [{ name: 'rollback' }],
    triggeredOn: [
      { event: 'dev.delivery.finished', selector: { match: { 'scan.result': 'fail' } } },
    ],
  }
  const cancelled: string[] = []
  const engine = await engineHarness({
    stages: dev([{ name: 'load', properties: { executor: 'tiphys' } }, beside('scan')], [rollback]),
    executors: [
      {
        task: 'load',
        source: 'load-service',
        takes: () => 'configured',
        execute: (job) =>
          new Promise((_, reject) => {
            job.signal.addEventListener('abort', () => {
              cancelled.push(String(job.signal.reason))
              reject(new Error('cancelled'))
            })
          }),
      },
    ],
  })
  await engine.trigger('dev.delivery', 'c')
  assert.deepEqual(engine.open(), ['c:load', 'c:scan'])
  await engine.finish('c', { result: 'fail' }, CI, 'scan')
  assert.deepEqual(engine.open(), ['c:rollback'])
  assert.deepEqual(cancelled, ['Error: the task is over'])
})

test('a condition leaves a task out at once, also before its delay, and the lane is not held for it', async () => {
  const engine = await engineHarness({
    stages: dev([
      { name: 'deployment' },
      { name: 'test', if: "labels.speed != 'fast'", triggeredAfter: '1h' },
      { name: 'release', if: "tasks.deployment.result == 'pass' && !('test' in tasks)" },
    ]),
  })
  const labels = { labels: { speed: 'fast' } }
  const event = engine.event('dev.delivery.triggered', { stage: 'dev', ...labels })
  await engine.trigger('dev.delivery', 'c', { event: { ...event, shkeptncontext: 'c' } })
  await engine.finish('c')
  assert.deepEqual(engine.open(), ['c:release'])
  await engine.finish('c')
  assert.deepEqual((await engine.types('c')).slice(-4), [
    'dev.tiphys.task.skipped',
    'release.triggered',
    'release.finished',
    'dev.delivery.finished',
  ])
})

test('when every condition is false the run passes, says so, and triggers nothing', async () => {
  const after = {
    name: 'next',
    tasks: [{ name: 'x' }],
    triggeredOn: [{ event: 'dev.delivery.finished' }],
  }
  const engine = await engineHarness({
    stages: dev(
      [{ name: 'a', if: 'false' }, beside('b', { if: "stage == 'production'" })],
      [after],
    ),
  })
  await engine.trigger('dev.delivery', 'c')
  assert.deepEqual(engine.open(), [])
  const rows = await engine.store.readLog(0, 100)
  assert.equal(rows.at(-1)?.event.data['message'], 'every task was left out by its condition')
  assert.equal(rows.at(-1)?.event.data['result'], 'pass')
  await engine.trigger('dev.delivery', 'next')
  assert.deepEqual(engine.open(), [], 'and the lane is free')
})

test('a condition that cannot be evaluated ends the run errored and names it', async () => {
  const engine = await engineHarness({
    stages: dev([{ name: 'deployment' }, { name: 'test', if: 'data.canary.weight > 5' }]),
  })
  await engine.trigger('dev.delivery', 'c')
  await engine.finish('c')
  const { event } = (await engine.store.readLog(0, 100)).at(-1) ?? {}
  assert.equal(event?.data['status'], 'errored')
  assert.equal(
    event?.data['message'],
    'the condition of test could not be evaluated: no such key: canary (data.canary.weight > 5)',
  )
})

test('a task is retried with its pause, keeps its lane, and only the last attempt counts', async () => {
  const rollback = {
    name: 'rollback',
    tasks: [{ name: 'rollback' }],
    triggeredOn: [{ event: 'dev.delivery.finished', selector: { match: { result: 'fail' } } }],
  }
  const retry = { times: 2, after: '1m' }
  const engine = await engineHarness({
    stages: dev([{ name: 'test', retry }, { name: 'release' }], [rollback]),
  })
  await engine.trigger('dev.delivery', 'c')
  await engine.trigger('dev.delivery', 'other')
  await engine.finish('c', {
    status: 'errored',
    result: 'fail',
    message: 'no agent',
    test: { a: 1 },
  })
  assert.deepEqual(engine.open(), [])
  const [reason] = engine.why('c')
  assert.equal(reason?.code, 'retry')
  assert.match(
    reason?.message ?? '',
    /^test is tried again in 1m: attempt 2 after errored \(no agent\)$/,
  )
  await engine.restart()
  await engine.pass(60_000)
  assert.deepEqual(engine.open(), ['c:test'])
  const [second] = engine.engine().openTriggered({ context: 'c' })
  assert.deepEqual(second?.data['test'], {}, 'what the first attempt brought is not merged')
  await engine.finish('c', { result: 'pass' })
  assert.deepEqual(engine.open(), ['c:release'])
})

test('nobody answers, attempt after attempt: the run ends, and a failing verdict is not retried', async () => {
  const stages = dev([{ name: 'test', retry: 1 }])
  const silent = await engineHarness({ stages })
  await silent.trigger('dev.delivery', 'c')
  await silent.pass(60 * 60_000)
  const types = await silent.types('c')
  assert.equal(types.filter((type) => type === 'test.triggered').length, 2)
  assert.equal(types.at(-1), 'dev.delivery.finished')
  const failing = await engineHarness({ stages })
  await failing.trigger('dev.delivery', 'c')
  await failing.finish('c', { result: 'fail' })
  assert.deepEqual(failing.open(), [])
  const wanted = await engineHarness({
    stages: dev([{ name: 'test', retry: { times: 1, on: ['fail'] } }]),
  })
  await wanted.trigger('dev.delivery', 'c')
  await wanted.finish('c', { result: 'fail' })
  await wanted.pass(10_000)
  assert.deepEqual(wanted.open(), ['c:test'])
})

test('results of tests that come with a trigger count from whoever may answer, and from nobody else', async () => {
  const sequences = [{ name: 'verify', tasks: [{ name: 'evaluation' }] }]
  const engine = await engineHarness({ stages: [{ name: 'dev', sequences }] })
  const brought = async (context: string, scopes: Actor['scopes']) => {
    const data = { stage: 'dev', test: { results: { checks_failed: 0 }, start: 'then' } }
    const event = engine.event('dev.verify.triggered', data, { shkeptncontext: context })
    const actor = { name: context, scopes, projects: ['shop'] }
    await engine.trigger('dev.verify', context, { event, actor })
    return engine.engine().openTriggered({ context })[0]?.data['test']
  }
  const all = { results: { checks_failed: 0 }, start: 'then' }
  assert.deepEqual(await brought('pipeline', ['trigger', 'answer']), all)
  await engine.finish('pipeline')
  assert.deepEqual(await brought('operator', ['admin']), all)
  await engine.finish('operator')
  assert.deepEqual(await brought('notifications', ['trigger']), { start: 'then' })
  await engine.restart()
  const [open] = engine.engine().openTriggered({ context: 'notifications' })
  assert.deepEqual(open?.data['test'], { start: 'then' })
})
