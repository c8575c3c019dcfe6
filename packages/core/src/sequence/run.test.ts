import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import fc from 'fast-check'
import { childrenOf, refusedRows, startRow } from './begin-run.ts'
import { nextDueMs, STANDSTILL_MS } from './deadlines.ts'
import { decideRun, type RunInput } from './decide-run.ts'
import { absentRun, evolveRun } from './evolve-run.ts'
import { NO_ANSWER_MS, NO_FINISH_MS, type RunPlan } from './plan.ts'
import type { NewRunRow, RunRow } from './run-row.ts'
import type { OpenTask, RunState } from './run-state.ts'
import { whyWaiting } from './why.ts'

const plan = (change: Partial<RunPlan> = {}): RunPlan => ({
  projectId: 'p1',
  project: 'sockshop',
  stage: 'dev',
  service: 'carts',
  sequence: 'delivery',
  pin: { main: 'c0ffee' },
  commitId: 'c0ffee',
  tasks: ['deployment', 'test'].map((name) => ({
    name,
    properties: {},
    afterMs: 0,
    finishMs: NO_FINISH_MS,
    carrier: 'external',
  })),
  downstream: [
    { stage: 'prod', sequence: 'delivery' },
    { stage: 'dev', sequence: 'rollback', match: { result: 'failed' } },
  ],
  queue: 'supersede',
  ...change,
})

const event = (
  type: string,
  data: JsonObject = {},
  more: Partial<KeptnEvent> = {},
): KeptnEvent => ({
  id: `e-${type}`,
  type: `sh.keptn.event.${type}`,
  source: 'a-service',
  specversion: '1.0',
  time: '1970-01-01T00:00:00.000Z',
  shkeptncontext: 'ctx',
  data,
  ...more,
})

const triggered = event('dev.delivery.triggered', { project: 'sockshop', labels: { build: '7' } })
const start = startRow({ event: triggered, plan: plan(), by: 'ci' })

/** A run that is driven by inputs, with the rows it wrote. */
function drive(first: NewRunRow = start) {
  const rows: RunRow[] = [{ ...first, timeMs: 0 }]
  let state: RunState = evolveRun(absentRun, rows[0] as RunRow)
  const apply = (input: RunInput, nowMs: number) => {
    const decided = decideRun(state, input, nowMs)
    for (const row of decided) {
      rows.push({ ...row, timeMs: nowMs })
      state = evolveRun(state, { ...row, timeMs: nowMs })
    }
    return decided.map((row) => row.event.type.replace('sh.keptn.event.', ''))
  }
  const openTask = (): OpenTask => {
    const task = state.phase === 'open' ? state.open[0] : undefined
    assert.ok(task, 'a task is open')
    return task
  }
  const answer = (type: string, data: JsonObject, nowMs = 1) =>
    apply(
      { type: 'answer', by: 't', event: event(type, data, { triggeredid: openTask().event.id }) },
      nowMs,
    )
  return { apply, answer, openTask, rows, state: () => state }
}

const pass: JsonObject = { status: 'succeeded', result: 'pass' }

test('tasks follow each other, and the end carries the result of the last one', () => {
  const run = drive()
  assert.deepEqual(run.apply({ type: 'proceed' }, 1), ['deployment.triggered'])
  assert.deepEqual(run.apply({ type: 'proceed' }, 1), [])
  run.answer('deployment.started', {})
  run.answer('deployment.finished', { ...pass, deployment: { gitCommit: 'abc' } })
  assert.deepEqual(run.apply({ type: 'proceed' }, 2), ['test.triggered'])
  assert.equal((run.openTask().event.data['deployment'] as JsonObject)['gitCommit'], 'abc')
  assert.deepEqual(run.answer('test.finished', { ...pass, result: 'warning' }), [
    'test.finished',
    'dev.delivery.finished',
  ])
  const end = run.rows.at(-1)?.event
  assert.equal(end?.data['result'], 'warning')
  assert.equal(end?.triggeredid, triggered.id)
  assert.equal(end?.data['test'], undefined)
  assert.deepEqual(end?.data['labels'], { build: '7' })
})

test('finished without started is enough, and a second handler is waited for', () => {
  const run = drive()
  run.apply({ type: 'proceed' }, 1)
  run.answer('deployment.started', {})
  run.answer('deployment.started', {})
  run.answer('deployment.finished', pass)
  assert.equal(run.openTask().name, 'deployment')
  run.answer('deployment.finished', { ...pass, result: 'fail' })
  const ended = run.state()
  assert.ok(ended.phase === 'ended')
  assert.equal(ended.result, 'fail')
})

test('the end of a failed run triggers the rollback, of a passed one the next stage', () => {
  for (const [result, expected] of [
    ['pass', 'prod.delivery.triggered'],
    ['fail', 'dev.rollback.triggered'],
  ] as const) {
    const run = drive(
      startRow({ event: triggered, plan: plan({ tasks: plan().tasks.slice(0, 1) }), by: 'ci' }),
    )
    run.apply({ type: 'proceed' }, 1)
    run.answer('deployment.finished', { ...pass, result, deployment: { image: 'x:1' } })
    const ended = run.state()
    assert.ok(ended.phase === 'ended')
    const children = childrenOf(ended)
    assert.deepEqual(
      children.map((child) => child.event.type),
      [`sh.keptn.event.${expected}`],
    )
    assert.equal(children[0]?.event.data['stage'], children[0]?.stage)
    assert.deepEqual(children[0]?.event.data['deployment'], { image: 'x:1' })
  }
})

test('a task that nobody answers ends errored after ten minutes, and triggers as any failure', () => {
  const run = drive()
  run.apply({ type: 'proceed' }, 0)
  assert.deepEqual(run.apply({ type: 'tick' }, NO_ANSWER_MS - 1), [])
  assert.deepEqual(run.apply({ type: 'tick' }, NO_ANSWER_MS), [
    'deployment.finished',
    'dev.delivery.finished',
  ])
  const ended = run.state()
  assert.ok(ended.phase === 'ended')
  assert.equal(ended.end, 'timed-out')
  assert.equal(ended.message, 'nobody answered deployment.triggered within 10m')
  assert.equal(childrenOf(ended)[0]?.sequence, 'rollback')
})

test('a task that was started and never finished names who did not finish', () => {
  const run = drive()
  run.apply({ type: 'proceed' }, 0)
  run.answer('deployment.started', {}, 1)
  run.answer('deployment.status.changed', { message: 'waiting for pods' }, 2)
  assert.deepEqual(run.apply({ type: 'tick' }, NO_FINISH_MS - 1), [])
  run.apply({ type: 'tick' }, NO_FINISH_MS)
  const ended = run.state()
  assert.ok(ended.phase === 'ended')
  assert.equal(
    ended.message,
    'deployment was not finished by a-service within 1d; last heard: waiting for pods',
  )
})

test('deadlines stand still during a pause and during a block, and overlaps count once', () => {
  const run = drive()
  run.apply({ type: 'proceed' }, 0)
  const before = run.openTask().finishByMs
  run.apply(
    {
      type: 'answer',
      by: 't',
      blocked: true,
      event: event('deployment.status.changed', {}, { triggeredid: run.openTask().event.id }),
    },
    100,
  )
  run.apply({ type: 'pause', by: 'ann', scope: 'context' }, 200)
  run.answer('deployment.status.changed', {}, 300)
  run.apply({ type: 'resume', by: 'ann' }, 400)
  assert.equal(run.openTask().finishByMs, before + 300)
})

test('while paused nothing is triggered, a running task may finish, and thirty days end it', () => {
  const run = drive()
  run.apply({ type: 'proceed' }, 0)
  run.apply({ type: 'pause', by: 'ann', scope: 'context' }, 1)
  run.answer('deployment.finished', pass, 2)
  assert.deepEqual(run.apply({ type: 'proceed' }, 3), [])
  assert.deepEqual(run.apply({ type: 'tick' }, STANDSTILL_MS), [])
  assert.deepEqual(run.apply({ type: 'tick' }, STANDSTILL_MS + 1), ['dev.delivery.finished'])
})

test('a deployment that degrades later fails its run: at once between tasks, else after the task under way', () => {
  const news = { type: 'news', outcome: 'degraded', message: 'carts-dev is Degraded' } as const
  const between = drive()
  between.apply({ type: 'proceed' }, 0)
  between.answer('deployment.finished', pass)
  assert.deepEqual(between.apply(news, 2), ['dev.tiphys.deployment.news', 'dev.delivery.finished'])
  const during = drive()
  during.apply({ type: 'proceed' }, 0)
  assert.deepEqual(during.apply(news, 1), ['dev.tiphys.deployment.news'])
  assert.deepEqual(during.apply(news, 1), [])
  during.answer('deployment.finished', pass)
  const ended = during.state()
  assert.ok(ended.phase === 'ended')
  assert.deepEqual([ended.result, ended.message], ['fail', 'carts-dev is Degraded'])
  assert.equal(childrenOf(ended)[0]?.sequence, 'rollback')
})

test('figures that came with the trigger do not pass for those of the tests of this run', () => {
  const claimed = { ...triggered, data: { test: { results: { error_rate: 0 }, start: 'then' } } }
  const own = drive(startRow({ event: claimed, plan: plan(), by: 'ci' }))
  own.apply({ type: 'proceed' }, 0)
  assert.deepEqual(own.openTask().event.data['test'], { start: 'then' })
  const tasks = plan().tasks.filter((task) => task.name !== 'test')
  const without = drive(startRow({ event: claimed, plan: plan({ tasks }), by: 'ci' }))
  without.apply({ type: 'proceed' }, 0)
  assert.deepEqual(without.openTask().event.data['test'], claimed.data.test)
})

test('figures of tests from somebody who may not answer tasks count for nothing, also after a later stage began', () => {
  const claimed = { ...triggered, data: { test: { results: { error_rate: 0 }, start: 'then' } } }
  const tasks = plan().tasks.filter((task) => task.name !== 'test')
  const start = { event: claimed, plan: plan({ tasks }), by: 'ci', senderMayAnswer: false } as const
  const run = drive(startRow(start))
  run.apply({ type: 'proceed' }, 0)
  assert.deepEqual(run.openTask().event.data['test'], { start: 'then' })
  run.answer('deployment.finished', pass)
  const ended = run.state()
  assert.ok(ended.phase === 'ended')
  assert.deepEqual(childrenOf(ended)[0]?.event.data['test'], { start: 'then' })
})

test('whoever decides an approval brings no figures of tests', () => {
  const [first] = plan().tasks
  assert.ok(first !== undefined)
  const tasks = ['approval', 'evaluation'].map((name) => ({ ...first, name }))
  const run = drive(startRow({ event: triggered, plan: plan({ tasks }), by: 'ci' }))
  run.apply({ type: 'proceed' }, 0)
  run.answer('approval.finished', { ...pass, test: { results: { error_rate: 0 } }, note: 'yes' })
  run.apply({ type: 'proceed' }, 2)
  const { data } = run.openTask().event
  assert.deepEqual([data['test'], data['note']], [{}, 'yes'])
})

test('abort ends a run at once and triggers nothing', () => {
  const run = drive()
  run.apply({ type: 'proceed' }, 0)
  run.apply({ type: 'abort', by: 'ann', message: 'aborted by ann' }, 1)
  const ended = run.state()
  assert.ok(ended.phase === 'ended')
  assert.deepEqual([ended.status, ended.result], ['aborted', 'fail'])
  assert.deepEqual(childrenOf(ended), [])
  assert.deepEqual(run.apply({ type: 'abort', by: 'ann', message: 'again' }, 2), [])
})

test('a run that cannot be planned ends errored and triggers nothing', () => {
  const rows = refusedRows(
    { event: triggered, by: 'ci', plan: plan(), message: 'no such stage' },
    0,
  )
  assert.deepEqual(
    rows.map((row) => row.event.type),
    ['sh.keptn.event.dev.delivery.triggered', 'sh.keptn.event.dev.delivery.finished'],
  )
  const ended = rows.reduce(
    (state: RunState, row) => evolveRun(state, { ...row, timeMs: 0 }),
    absentRun,
  )
  assert.ok(ended.phase === 'ended')
  assert.deepEqual(childrenOf(ended), [])
})

const anyInput: fc.Arbitrary<(run: ReturnType<typeof drive>) => RunInput> = fc.oneof(
  fc.constant(() => ({ type: 'proceed' }) as const),
  fc.constant(() => ({ type: 'tick' }) as const),
  fc.constant(() => ({ type: 'pause', by: 'ann', scope: 'context' }) as const),
  fc.constant(() => ({ type: 'resume', by: 'ann' }) as const),
  fc
    .record({
      kind: fc.constantFrom('started', 'status.changed', 'finished'),
      result: fc.constantFrom('pass', 'warning', 'fail'),
      status: fc.constantFrom('succeeded', 'errored'),
      blocked: fc.boolean(),
      late: fc.boolean(),
    })
    .map(({ kind, result, status, blocked, late }) => (run: ReturnType<typeof drive>) => {
      const state = run.state()
      const task = state.phase === 'open' ? state.open[0] : undefined
      return {
        type: 'answer' as const,
        by: 't',
        blocked,
        event: event(
          `${task?.name ?? 'test'}.${kind}`,
          { result, status },
          {
            triggeredid: late ? 'somebody-elses' : (task?.event.id ?? 'none'),
          },
        ),
      }
    }),
)

test('any order of inputs: one end, nothing after it, and an open run always says what it waits for', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyInput, fc.nat(NO_FINISH_MS)), { maxLength: 40 }), (steps) => {
      const run = drive()
      let nowMs = 0
      for (const [input, delayMs] of steps) {
        nowMs += delayMs
        run.apply(input(run), nowMs)
        const state = run.state()
        if (state.phase !== 'open') continue
        const isReady = state.next.some((next) => next.dueMs <= nowMs) && !state.paused
        assert.ok(
          isReady || whyWaiting(state, { place: { ahead: 0 }, nowMs }).length > 0,
          JSON.stringify(state),
        )
        assert.ok(isReady || nextDueMs(state, nowMs) !== undefined, 'every wait has an end')
      }
      const ends = run.rows.filter((row) => row.meta.k === 'end')
      assert.ok(ends.length <= 1 && (ends.length === 0 || run.rows.at(-1) === ends[0]))
      const replayed = run.rows.reduce(evolveRun, absentRun)
      assert.deepEqual(replayed, run.state())
      const ids = new Set(run.rows.map((row) => row.event.id))
      assert.ok(
        ids.size >= run.rows.filter((row) => row.event.source === 'shipyard-controller').length,
      )
    }),
    { numRuns: 300 },
  )
})
