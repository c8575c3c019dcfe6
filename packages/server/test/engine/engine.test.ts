import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { TaskExecutor, TaskJob } from '../../src/executors/executor.ts'
import { PROJECT_ID } from '../simulation/simulated-project.ts'
import { CI, engineHarness } from './engine-harness.ts'

const delivery = (...tasks: object[]) => ({ name: 'delivery', tasks })
const oneStage = (...tasks: object[]) => [{ name: 'dev', sequences: [delivery(...tasks)] }]

test('a delivery goes from task to task and from stage to stage, in the order Keptn wrote', async () => {
  const stages = [
    { name: 'dev', sequences: [delivery({ name: 'deployment' }, { name: 'test' })] },
    {
      name: 'prod',
      sequences: [
        { ...delivery({ name: 'deployment' }), triggeredOn: [{ event: 'dev.delivery.finished' }] },
      ],
    },
  ]
  const engine = await engineHarness({ stages })
  await engine.trigger('dev.delivery', 'c1')
  await engine.finish('c1')
  await engine.finish('c1')
  await engine.finish('c1')
  assert.deepEqual(await engine.types('c1'), [
    'dev.delivery.triggered',
    'deployment.triggered',
    'deployment.finished',
    'test.triggered',
    'test.finished',
    'dev.delivery.finished',
    'prod.delivery.triggered',
    'deployment.triggered',
    'deployment.finished',
    'prod.delivery.finished',
  ])
})

test('runs of one stage and service come one after the other, others side by side', async () => {
  const engine = await engineHarness({ stages: oneStage({ name: 'deployment' }) })
  await engine.trigger('dev.delivery', 'first')
  await engine.trigger('dev.delivery', 'second')
  assert.deepEqual(engine.open(), ['first:deployment'])
  const [reason] = engine.engine().why(PROJECT_ID, 'second')
  assert.equal(reason?.code, 'lane')
  assert.match(reason?.message ?? '', /held by delivery \(context first\), which is at deployment/)
  await engine.finish('first')
  assert.deepEqual(engine.open(), ['second:deployment'])
})

test('a rollback comes before the deliveries that already wait', async () => {
  const engine = await engineHarness({
    stages: [
      {
        name: 'dev',
        sequences: [
          delivery({ name: 'deployment' }),
          {
            name: 'rollback',
            tasks: [{ name: 'rollback' }],
            triggeredOn: [
              { event: 'dev.delivery.finished', selector: { match: { result: 'failed' } } },
            ],
          },
        ],
      },
    ],
  })
  await engine.trigger('dev.delivery', 'bad')
  await engine.trigger('dev.delivery', 'next')
  await engine.finish('bad', { result: 'fail' })
  assert.deepEqual(engine.open(), ['bad:rollback'])
  await engine.finish('bad')
  assert.deepEqual(engine.open(), ['next:deployment'])
})

test('an open approval: superseded by a newer run, held, or overtaken', async () => {
  const stages = oneStage({ name: 'approval' }, { name: 'release' })
  const supersede = await engineHarness({ stages })
  await supersede.trigger('dev.delivery', 'old')
  await supersede.trigger('dev.delivery', 'new')
  assert.deepEqual(supersede.open(), ['new:approval'])
  assert.equal((await supersede.types('old')).at(-1), 'dev.delivery.finished')

  const hold = await engineHarness({ stages, queue: 'hold' })
  await hold.trigger('dev.delivery', 'old')
  await hold.trigger('dev.delivery', 'new')
  assert.deepEqual(hold.open(), ['old:approval'])

  const overtake = await engineHarness({ stages, queue: 'overtake' })
  await overtake.trigger('dev.delivery', 'old')
  await overtake.trigger('dev.delivery', 'new')
  assert.deepEqual(overtake.open(), ['old:approval', 'new:approval'])
  await overtake.finish('old')
  assert.deepEqual(overtake.open(), ['new:approval'], 'the lane is lent, so the older one waits')
  await overtake.finish('new')
  await overtake.finish('new')
  assert.deepEqual(overtake.open(), ['old:release'])
})

test('an unknown stage, sequence or service is accepted and ends errored with the reason', async () => {
  const engine = await engineHarness({ stages: oneStage({ name: 'deployment' }) })
  await engine.trigger('nowhere.delivery', 'c1')
  await engine.trigger('dev.sail', 'c2')
  const rows = await engine.store.readLog(0, 10)
  const messages = rows
    .filter((row) => row.event.type.endsWith('.finished'))
    .map((row) => row.event.data['message'])
  assert.deepEqual(messages, [
    'stage nowhere is not in the shipyard',
    'sequence sail is not defined in stage dev',
  ])
})

test('a key that was accepted before is answered with the first context, also when both arrive at once', async () => {
  const engine = await engineHarness({ stages: oneStage({ name: 'deployment' }) })
  const keys = (value: string) => ({
    dedupeKeys: [{ key: 'k', value, untilMs: engine.clock.nowMs() + 1_000 }],
  })
  const answers = await Promise.all([
    engine.trigger('dev.delivery', 'c1', keys('c1')),
    engine.trigger('dev.delivery', 'c2', keys('c2')),
  ])
  assert.deepEqual(answers.map((answer) => answer.code).sort(), ['accepted', 'repeat'])
  const contexts = new Set(answers.map((answer) => answer.context))
  assert.equal(contexts.size, 1)
  assert.equal((await engine.trigger('dev.delivery', 'c3', keys('c3'))).code, 'repeat')
  await engine.pass(2_000)
  assert.equal((await engine.trigger('dev.delivery', 'c4', keys('c4'))).code, 'accepted')
})

test('pause holds the next task back, resume lets it go, and runs that follow inherit the pause', async () => {
  const engine = await engineHarness({ stages: oneStage({ name: 'deployment' }, { name: 'test' }) })
  await engine.trigger('dev.delivery', 'c1')
  const control = (action: 'pause' | 'resume') =>
    engine.engine().control({ projectId: PROJECT_ID, context: 'c1', action, actor: CI })
  assert.deepEqual(await control('pause'), { runs: 1 })
  await engine.finish('c1')
  assert.deepEqual(engine.open(), [])
  assert.equal(engine.engine().why(PROJECT_ID, 'c1')[0]?.message, 'paused by ci')
  await engine.trigger('dev.delivery', 'c1')
  await control('resume')
  await engine.settle()
  assert.deepEqual(engine.open(), ['c1:test'])
})

/** An executor that waits until it is told to finish, and remembers what happened to it. */
function slowExecutor(task: string) {
  const begun: TaskJob[] = []
  let cancelled = 0
  const executor: TaskExecutor = {
    task,
    source: 'tiphys',
    takes: () => 'configured',
    execute: (job) => {
      begun.push(job)
      return new Promise((_, reject) => {
        job.signal.addEventListener('abort', () => {
          cancelled++
          reject(job.signal.reason)
        })
      })
    },
  }
  return { executor, begun, cancelled: () => cancelled }
}

test('abort ends the run, cancels its executor and triggers nothing', async () => {
  const slow = slowExecutor('deployment')
  const engine = await engineHarness({
    stages: oneStage({ name: 'deployment' }),
    executors: [slow.executor],
  })
  await engine.trigger('dev.delivery', 'c1')
  await engine
    .engine()
    .control({ projectId: PROJECT_ID, context: 'c1', action: 'abort', actor: CI })
  await engine.settle()
  assert.equal(slow.cancelled(), 1)
  const last = (await engine.store.readLog(0, 100)).at(-1)
  assert.equal(last?.event.data['status'], 'aborted')
  assert.equal(last?.event.data['message'], 'aborted by ci')
})

test('nobody from outside answers for a built-in executor', async () => {
  const slow = slowExecutor('deployment')
  const engine = await engineHarness({
    stages: oneStage({ name: 'deployment' }),
    executors: [slow.executor],
  })
  await engine.trigger('dev.delivery', 'c1')
  const answer = await engine.finish('c1')
  assert.ok(answer.code === 'accepted' && answer.routed === 'inbox')
  assert.deepEqual(engine.open(), ['c1:deployment'])
})

test('after a restart open tasks go on, their executors begin again, and no deadline is forgotten', async () => {
  const slow = slowExecutor('deployment')
  const engine = await engineHarness({
    stages: oneStage({ name: 'deployment', properties: { timeout: '1h' } }),
    executors: [slow.executor],
  })
  await engine.trigger('dev.delivery', 'c1')
  await engine.trigger('dev.delivery', 'c2')
  await engine.restart()
  assert.equal(slow.begun.length, 2)
  assert.deepEqual(engine.open(), ['c1:deployment'])
  await engine.pass(3_600_000)
  assert.deepEqual(engine.open(), ['c2:deployment'])
  const finished = (await engine.store.readLog(0, 100)).find((row) =>
    row.event.type.endsWith('delivery.finished'),
  )
  assert.equal(finished?.event.data['message'], 'deployment was not finished by tiphys within 1h')
})

test('a delayed first task holds no lane; a delayed later one does', async () => {
  const engine = await engineHarness({
    stages: [
      {
        name: 'dev',
        sequences: [
          { name: 'audit', tasks: [{ name: 'scan', triggeredAfter: '10m' }] },
          delivery(
            { name: 'deployment' },
            { name: 'evaluation', triggeredAfter: '5m', properties: { executor: 'external' } },
          ),
        ],
      },
    ],
  })
  await engine.trigger('dev.audit', 'late')
  await engine.trigger('dev.delivery', 'c1')
  assert.deepEqual(engine.open(), ['c1:deployment'])
  await engine.finish('c1')
  await engine.trigger('dev.delivery', 'c2')
  assert.deepEqual(engine.open(), [])
  await engine.pass(300_000)
  assert.deepEqual(engine.open(), ['c1:evaluation'])
  await engine.finish('c1')
  assert.deepEqual(engine.open(), ['c2:deployment'])
})
