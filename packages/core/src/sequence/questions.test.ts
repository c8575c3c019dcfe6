import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import fc from 'fast-check'
import { startRow } from './begin-run.ts'
import { deadlineOf, nextDueMs } from './deadlines.ts'
import { decideRun, type RunInput } from './decide-run.ts'
import { absentRun, evolveRun } from './evolve-run.ts'
import { NO_ANSWER_MS } from './plan.ts'
import { openQuestions } from './questions.ts'
import type { RunRow } from './run-row.ts'
import type { OpenTask, Question, RunState } from './run-state.ts'
import { whyWaiting } from './why.ts'

const MINUTE_MS = 60_000
const FINISH_MS = 30 * MINUTE_MS

const triggered: KeptnEvent = {
  id: 'first',
  type: 'sh.keptn.event.dev.evaluation.triggered',
  source: 'ci',
  specversion: '1.0',
  time: '1970-01-01T00:00:00.000Z',
  shkeptncontext: 'ctx',
  data: { project: 'sockshop', stage: 'dev', service: 'carts', labels: { build: '7' } },
}

/** A run whose evaluation has begun. */
function evaluating(finishMs = FINISH_MS) {
  const start = startRow({
    event: triggered,
    by: 'ci',
    plan: {
      projectId: 'p1',
      project: 'sockshop',
      stage: 'dev',
      service: 'carts',
      sequence: 'evaluation',
      pin: {},
      commitId: 'c0ffee',
      tasks: [{ name: 'evaluation', properties: {}, afterMs: 0, finishMs, carrier: 'tiphys' }],
      downstream: [],
      queue: 'supersede',
    },
  })
  const rows: RunRow[] = [{ ...start, timeMs: 0 }]
  let state: RunState = evolveRun(absentRun, rows[0] as RunRow)
  const apply = (input: RunInput, nowMs: number) => {
    const decided = decideRun(state, input, nowMs)
    for (const row of decided) {
      rows.push({ ...row, timeMs: nowMs })
      state = evolveRun(state, { ...row, timeMs: nowMs })
    }
    return decided.map(({ event }) => event)
  }
  const run = () => (state.phase === 'open' ? state : assert.fail('the run is open'))
  const task = (): OpenTask => run().open[0] ?? assert.fail('the evaluation is open')
  const question = (key = 'dynatrace'): Question =>
    task().questions.find((one) => one.key === key) ?? assert.fail('it was asked')
  const report = (action: 'started' | 'finished' | 'blocked', nowMs: number) =>
    apply(
      {
        type: 'report',
        triggeredId: task().event.id,
        action: action === 'blocked' ? 'status.changed' : action,
        source: 'lighthouse-service',
        data: { status: 'succeeded', result: 'pass' },
        ...(action === 'blocked' ? { blocked: true } : {}),
      },
      nowMs,
    )
  const ask = (nowMs: number, key = 'dynatrace') =>
    apply(
      {
        type: 'ask',
        triggeredId: task().event.id,
        key,
        name: 'get-sli',
        who: `SLI provider ${key}`,
        source: 'lighthouse-service',
        data: { 'get-sli': { sliProvider: key } },
      },
      nowMs,
    )
  const tell = (kind: string, data: JsonObject, nowMs: number, source = 'a-service') =>
    apply({ type: 'answer', by: 't', event: told(question().event.id, kind, data, source) }, nowMs)
  apply({ type: 'proceed' }, 0)
  report('started', 0)
  return { apply, report, ask, tell, run, task, question, rows, state: () => state }
}

function told(triggeredid: string, kind: string, data: JsonObject, source: string): KeptnEvent {
  return {
    ...triggered,
    id: `${source}-${kind}`,
    type: `sh.keptn.event.${kind}`,
    source,
    triggeredid,
    data,
  }
}

const why = (state: RunState, nowMs: number, names: readonly string[] = []) =>
  state.phase === 'open'
    ? whyWaiting(state, {
        place: { ahead: 0 },
        nowMs,
        subscribersOf: (_run, task) =>
          task === 'get-sli' ? names.map((name) => ({ name, lastSeenMs: nowMs - 3_000 })) : [],
      }).map(({ code, message }) => `${code}: ${message}`)
    : []

test('a question is asked once, as an event of its own, and answered like a task', () => {
  const { ask, tell, question, task, state } = evaluating()
  const [event, ...more] = ask(5)
  assert.equal(more.length, 0)
  assert.equal(event?.type, 'sh.keptn.event.get-sli.triggered')
  assert.equal(event?.source, 'lighthouse-service')
  assert.equal(event?.triggeredid, task().event.id)
  assert.deepEqual(event?.data, {
    project: 'sockshop',
    stage: 'dev',
    service: 'carts',
    labels: { build: '7' },
    'get-sli': { sliProvider: 'dynatrace' },
  })
  assert.deepEqual(ask(6), [])
  assert.deepEqual(why(state(), 10, ['dynatrace-service']), [
    'answer: evaluation is waiting for SLI provider dynatrace to answer get-sli; subscribed: dynatrace-service, last seen 3s ago',
  ])
  assert.deepEqual(why(state(), 10), [
    'nobody: evaluation is waiting for SLI provider dynatrace to answer get-sli; whoever was subscribed to get-sli.triggered is no longer registered',
  ])
  assert.equal(tell('get-sli.started', {}, 20).length, 1)
  assert.deepEqual(why(state(), 20), [
    'finish: evaluation is waiting for SLI provider dynatrace to answer get-sli, which has begun',
  ])
  assert.equal(question().reply, undefined)
  tell('get-sli.finished', { status: 'succeeded', result: 'pass', n: 1 }, 30)
  assert.equal(question().reply?.code, 'answered')
  assert.equal(question().reply?.result, 'pass')
  assert.equal(question().reply?.finished[0]?.data['n'], 1)
  assert.deepEqual(tell('get-sli.finished', { status: 'errored' }, 40), [])
  assert.deepEqual(openQuestions(task()), [])
})

test('several who began are all waited for, and the worst of them counts', () => {
  const { ask, tell, question } = evaluating()
  ask(0)
  tell('get-sli.started', {}, 1, 'one')
  tell('get-sli.started', {}, 1, 'two')
  tell('get-sli.finished', { status: 'succeeded', result: 'pass' }, 2, 'one')
  assert.equal(question().reply, undefined)
  tell('get-sli.finished', { status: 'errored', result: 'fail', message: 'no' }, 3, 'two')
  assert.deepEqual([question().reply?.status, question().reply?.message], ['errored', 'no'])
})

test('what is no answer to it changes nothing', () => {
  const { ask, tell, apply, question } = evaluating()
  ask(0)
  assert.deepEqual(tell('evaluation.finished', { status: 'succeeded', result: 'pass' }, 1), [])
  const other = told('another', 'get-sli.finished', {}, 'a-service')
  assert.deepEqual(apply({ type: 'answer', by: 't', event: other }, 1), [])
  assert.equal(question().answered, false)
})

test('nobody answers within ten minutes, or nobody finishes before the task is given up', () => {
  const silent = evaluating()
  silent.ask(0)
  assert.equal(nextDueMs(silent.run(), 0), NO_ANSWER_MS)
  assert.deepEqual(silent.apply({ type: 'tick' }, NO_ANSWER_MS - 1), [])
  const [given] = silent.apply({ type: 'tick' }, NO_ANSWER_MS)
  assert.equal(given?.type, 'sh.keptn.event.get-sli.finished')
  assert.equal(
    silent.question().reply?.message,
    'SLI provider dynatrace did not answer get-sli.triggered within 10m',
  )
  assert.equal(silent.question().reply?.code, 'unanswered')
  assert.deepEqual(silent.apply({ type: 'tick' }, NO_ANSWER_MS), [])

  const slow = evaluating()
  slow.ask(0)
  slow.tell('get-sli.started', {}, MINUTE_MS)
  slow.tell('get-sli.status.changed', { message: 'half way' }, 2 * MINUTE_MS)
  assert.deepEqual(slow.apply({ type: 'tick' }, FINISH_MS - MINUTE_MS), [])
  slow.apply({ type: 'tick' }, FINISH_MS - MINUTE_MS / 2)
  assert.equal(
    slow.question().reply?.message,
    'SLI provider dynatrace did not finish get-sli (a-service) within 29m 30s; last heard: half way',
  )
  assert.equal(slow.state().phase, 'open')
})

test('a short task gives its question up a tenth of its time before itself', () => {
  const { ask, run } = evaluating(10_000)
  ask(0)
  assert.equal(nextDueMs(run(), 0), 9_000)
})

test('a pause stops the clock of a question from when it was asked', () => {
  const { ask, apply, run, task } = evaluating()
  ask(0)
  apply({ type: 'pause', by: 'me', scope: 'context' }, MINUTE_MS)
  ask(3 * MINUTE_MS, 'other')
  assert.deepEqual(apply({ type: 'tick' }, NO_ANSWER_MS + 1), [])
  apply({ type: 'resume', by: 'me' }, 11 * MINUTE_MS)
  const [first, second] = task().questions
  assert.equal(first?.answerByMs, 20 * MINUTE_MS)
  assert.equal(second?.answerByMs, 21 * MINUTE_MS)
  assert.equal(deadlineOf(task()), FINISH_MS + 10 * MINUTE_MS)
  assert.equal(nextDueMs(run(), 11 * MINUTE_MS), 20 * MINUTE_MS)
})

test('a question is given up in time, also while its task is blocked', () => {
  const { ask, apply, report, run, question } = evaluating()
  report('blocked', 0)
  ask(0)
  assert.equal(nextDueMs(run(), 0), NO_ANSWER_MS)
  apply({ type: 'tick' }, NO_ANSWER_MS)
  assert.equal(question().reply?.code, 'unanswered')
})

test('questions go with their task: an abort, or its end', () => {
  const aborted = evaluating()
  aborted.ask(0)
  const { id } = aborted.question().event
  aborted.apply({ type: 'abort', by: 'me', message: 'no more' }, 1)
  const late = told(id, 'get-sli.finished', { status: 'succeeded', result: 'pass' }, 'a-service')
  assert.deepEqual(aborted.apply({ type: 'answer', by: 't', event: late }, 2), [])

  const finished = evaluating()
  finished.ask(0)
  finished.report('finished', 1)
  assert.equal(finished.state().phase, 'ended')
})

test('property: a replay of the rows is the live state, one question is asked per key, and a reply never changes', () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: 4 * MINUTE_MS }),
    what: fc.constantFrom(
      'ask',
      'other',
      'started',
      'changed',
      'finished',
      'tick',
      'pause',
      'resume',
    ),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const one = evaluating(60 * MINUTE_MS)
      one.ask(0)
      let nowMs = 0
      let reply = one.question().reply
      for (const { afterMs, what } of steps) {
        nowMs += afterMs
        if (one.state().phase !== 'open') break
        if (what === 'ask') one.ask(nowMs)
        else if (what === 'other') one.ask(nowMs, 'other')
        else if (what === 'started') one.tell('get-sli.started', {}, nowMs)
        else if (what === 'changed') one.tell('get-sli.status.changed', {}, nowMs)
        else if (what === 'finished')
          one.tell('get-sli.finished', { status: 'succeeded', result: 'pass' }, nowMs)
        else if (what === 'pause') one.apply({ type: 'pause', by: 'me', scope: 'context' }, nowMs)
        else one.apply({ type: what as 'tick' }, nowMs)
        if (one.state().phase !== 'open') break
        if (reply !== undefined) assert.deepEqual(one.question().reply, reply)
        reply = one.question().reply
        const due = nextDueMs(one.run(), nowMs)
        assert.ok(due !== undefined, 'a run with an open question is looked at by itself')
      }
      const replayed = one.rows.reduce((state: RunState, row) => evolveRun(state, row), absentRun)
      assert.deepEqual(replayed, one.state())
      const asked = one.rows.flatMap(({ meta }) => (meta.k === 'asked' ? [meta.q] : []))
      assert.equal(new Set(asked).size, asked.length)
    }),
  )
})
