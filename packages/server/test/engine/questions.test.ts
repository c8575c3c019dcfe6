import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Reply } from '@tiphys/core/sequence/run-state.ts'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { foldRun } from '../../src/engine/run-book.ts'
import type { TaskExecutor } from '../../src/executors/executor.ts'
import type { Store } from '../../src/ports/store.ts'
import { PROJECT_ID } from '../simulation/simulated-project.ts'
import { CI, engineHarness, type Harness } from './engine-harness.ts'

const MINUTE_MS = 60_000
const STAGES = [{ name: 'dev', sequences: [{ name: 'gate', tasks: [{ name: 'evaluation' }] }] }]

/** Asks what it is told to ask, and finishes with what came of it. */
function askingExecutor(keys: readonly string[] = ['metrics']) {
  const begun: string[] = []
  const replies: Reply[] = []
  const executor: TaskExecutor = {
    task: 'evaluation',
    source: 'lighthouse-service',
    defaultTimeoutMs: 30 * MINUTE_MS,
    takes: () => 'configured',
    async execute(job) {
      begun.push(job.runId)
      const asked = keys.map((key) =>
        job.ask({ key, name: 'get-sli', who: `SLI provider ${key}`, data: { key } }),
      )
      const answers = await Promise.all(asked)
      replies.push(...answers)
      const message = answers.map((one) => `${one.code} ${one.status} ${one.message}`).join('; ')
      return { code: 'finished', status: 'succeeded', result: 'pass', message }
    },
  }
  return { executor, begun, replies }
}

async function tell(harness: Harness, kind: string, data: JsonObject = {}, id?: string) {
  const triggeredid = id ?? openQuestion(harness)
  const answer = await harness.engine().submit({
    event: harness.event(
      `get-sli.${kind}`,
      { stage: 'dev', ...data },
      { triggeredid, shkeptncontext: 'c1' },
    ),
    projectId: PROJECT_ID,
    actor: CI,
  })
  await harness.settle()
  return answer.code === 'accepted' ? answer.routed : answer.code
}

function openQuestion(harness: Harness): string {
  const [open] = harness.engine().openTriggered({ type: 'sh.keptn.event.get-sli.triggered' })
  return open?.id ?? assert.fail('there is an open question')
}

const asked = async (harness: Harness) =>
  (await harness.types('c1')).filter((type) => type === 'get-sli.triggered').length

async function lastMessage(harness: Harness): Promise<unknown> {
  const rows = await harness.store.readLog(0, 1_000)
  const end = rows.findLast(({ event }) => event.type === 'sh.keptn.event.evaluation.finished')
  return end?.event.data['message']
}

test('a question is an open event like a task, and is asked once, however often the server starts', async () => {
  const { executor, begun } = askingExecutor()
  const harness = await engineHarness({ stages: STAGES, executors: [executor] })
  await harness.trigger('dev.gate', 'c1')
  assert.deepEqual(harness.open(), ['c1:evaluation', 'c1:get-sli'])
  await harness.restart()
  assert.equal(await tell(harness, 'started'), 'run')
  await harness.restart()
  assert.equal(begun.length, 3)
  assert.equal(await asked(harness), 1)
  const id = openQuestion(harness)
  assert.equal(await tell(harness, 'finished', { status: 'succeeded', result: 'pass' }), 'run')
  assert.equal(await lastMessage(harness), 'answered succeeded ')
  assert.deepEqual(harness.open(), [])
  assert.equal(await tell(harness, 'finished', { status: 'errored' }, id), 'inbox')
})

test('what is answered while the server is away is not asked again', async () => {
  const { executor } = askingExecutor(['one', 'two'])
  const harness = await engineHarness({ stages: STAGES, executors: [executor] })
  await harness.trigger('dev.gate', 'c1')
  assert.deepEqual(harness.open(), ['c1:evaluation', 'c1:get-sli', 'c1:get-sli'])
  await tell(harness, 'finished', { status: 'succeeded', result: 'pass', message: 'first' })
  await harness.restart()
  assert.deepEqual(harness.open(), ['c1:evaluation', 'c1:get-sli'])
  await tell(harness, 'finished', { status: 'succeeded', result: 'warning', message: 'second' })
  assert.equal(await lastMessage(harness), 'answered succeeded first; answered succeeded second')
  assert.equal(await asked(harness), 2)
})

test('nobody answers: after ten minutes the executor hears it, and says so', async () => {
  const { executor } = askingExecutor()
  const harness = await engineHarness({ stages: STAGES, executors: [executor] })
  await harness.trigger('dev.gate', 'c1')
  assert.match(
    harness.why('c1')[0]?.message ?? '',
    /^evaluation is waiting for SLI provider metrics/,
  )
  await harness.pass(10 * MINUTE_MS - 1)
  assert.deepEqual(harness.open(), ['c1:evaluation', 'c1:get-sli'])
  const id = openQuestion(harness)
  await harness.pass(1)
  assert.equal(
    await lastMessage(harness),
    'unanswered errored SLI provider metrics did not answer get-sli.triggered within 10m',
  )
  assert.equal(await tell(harness, 'finished', { status: 'succeeded' }, id), 'inbox')
})

test('a pause stops its clock, and an abort takes it away', async () => {
  const { executor } = askingExecutor()
  const harness = await engineHarness({ stages: STAGES, executors: [executor] })
  await harness.trigger('dev.gate', 'c1')
  await harness.control('c1', 'pause')
  await harness.pass(60 * MINUTE_MS)
  assert.deepEqual(harness.open(), ['c1:evaluation', 'c1:get-sli'])
  await harness.control('c1', 'resume')
  await harness.pass(9 * MINUTE_MS)
  const id = openQuestion(harness)
  await harness.control('c1', 'abort')
  assert.deepEqual(harness.open(), [])
  assert.equal(await tell(harness, 'finished', { status: 'succeeded' }, id), 'inbox')
})

test('only its own project answers, and only with its own events', async () => {
  const { executor } = askingExecutor()
  const harness = await engineHarness({ stages: STAGES, executors: [executor] })
  await harness.trigger('dev.gate', 'c1')
  const triggeredid = openQuestion(harness)
  const send = (type: string, projectId: string) =>
    harness.engine().submit({
      event: harness.event(type, { stage: 'dev' }, { triggeredid, shkeptncontext: 'c1' }),
      projectId,
      actor: CI,
    })
  const foreign = await send('get-sli.finished', 'another-project')
  const other = await send('evaluation.finished', PROJECT_ID)
  assert.deepEqual(
    [foreign, other].map((one) => (one.code === 'accepted' ? one.routed : one.code)),
    ['inbox', 'inbox'],
  )
  assert.deepEqual(harness.open(), ['c1:evaluation', 'c1:get-sli'])
})

/** A store whose process dies after its n-th write: what comes later is not written. */
function dyingStore(store: Store, writes: number): Store {
  let left = writes
  return {
    ...store,
    commit: (unit) => (left-- > 0 ? store.commit(unit) : new Promise(() => undefined)),
  }
}

test('a kill after any write asks nobody twice, and the replay is the live state', async () => {
  for (let writes = 1; writes <= 6; writes++) {
    const disk = createMemoryStore()
    const first = askingExecutor()
    const doomed = await engineHarness({
      stages: STAGES,
      executors: [first.executor],
      store: dyingStore(disk, writes),
    })
    void doomed.trigger('dev.gate', 'c1').catch(() => undefined)
    for (let turn = 0; turn < 50; turn++) await new Promise<void>((next) => setImmediate(next))
    const second = askingExecutor()
    const harness = await engineHarness({
      stages: STAGES,
      executors: [second.executor],
      store: disk,
    })
    await harness.settle()
    assert.deepEqual(harness.open(), ['c1:evaluation', 'c1:get-sli'], `after ${writes} writes`)
    await tell(harness, 'finished', { status: 'succeeded', result: 'pass' })
    assert.equal(await asked(harness), 1, `after ${writes} writes`)
    assert.equal(await lastMessage(harness), 'answered succeeded ')
    const [runId = ''] = await harness.runs('c1')
    const rows = await disk.read(`run/${PROJECT_ID}/${runId}`)
    assert.equal(foldRun(rows).phase, 'ended')
  }
})
