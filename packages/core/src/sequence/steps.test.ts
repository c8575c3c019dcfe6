import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import fc from 'fast-check'
import { startRow } from './begin-run.ts'
import { conditionProblem } from './condition.ts'
import { nextDueMs } from './deadlines.ts'
import { decideRun, type RunInput } from './decide-run.ts'
import { absentRun, evolveRun } from './evolve-run.ts'
import type { PlannedTask, RunPlan } from './plan.ts'
import type { RunState } from './run-state.ts'
import { stepOf } from './steps.ts'

const DAY_MS = 24 * 60 * 60 * 1000

const anyTask: fc.Arbitrary<Omit<PlannedTask, 'name'>> = fc.record(
  {
    properties: fc.constant({}),
    afterMs: fc.constantFrom(0, 1_000),
    finishMs: fc.constant(DAY_MS),
    carrier: fc.constant('external' as const),
    parallel: fc.constant(true as const),
    condition: fc.constantFrom('true', 'false', "'t0' in tasks", "result == 'warning'"),
    retry: fc.record({
      times: fc.integer({ min: 1, max: 2 }),
      afterMs: fc.constantFrom(0, 5_000),
      on: fc.constantFrom<('errored' | 'fail')[][]>(['errored'], ['fail'], ['errored', 'fail']),
    }),
  },
  { requiredKeys: ['properties', 'afterMs', 'finishMs', 'carrier'] },
)

const anyPlan: fc.Arbitrary<RunPlan> = fc
  .array(anyTask, { minLength: 1, maxLength: 6 })
  .map((tasks) => ({
    projectId: 'p',
    project: 'shop',
    stage: 'dev',
    service: 'carts',
    sequence: 'delivery',
    pin: {},
    commitId: 'c0ffee',
    tasks: tasks.map((task, index) => ({ ...task, name: `t${index}` })),
    downstream: [],
    queue: 'supersede' as const,
  }))

function answerTo(triggered: KeptnEvent, result: string, data: JsonObject = {}): RunInput {
  const event: KeptnEvent = {
    ...triggered,
    id: `a-${triggered.id}`,
    type: triggered.type.replace(/triggered$/, 'finished'),
    triggeredid: triggered.id,
    data: {
      status: result === 'errored' ? 'errored' : 'succeeded',
      result: worded(result),
      ...data,
    },
  }
  return { type: 'answer', by: 't', event }
}

function worded(result: string): string {
  return result === 'errored' ? 'fail' : result
}

/** Plays a run to its end: whoever is open is answered in the order that `pick` chooses. */
function play(
  plan: RunPlan,
  pick: (open: number) => number,
  resultOf: (name: string, attempt: number) => string,
) {
  const event: KeptnEvent = {
    id: 'r',
    type: 'sh.keptn.event.dev.delivery.triggered',
    source: 'ci',
    specversion: '1.0',
    time: '1970-01-01T00:00:00.000Z',
    data: {},
  }
  const start = startRow({ event, plan, by: 'ci' })
  let nowMs = 0
  let state: RunState = evolveRun(absentRun, { ...start, timeMs: 0 })
  const rows = [{ ...start, timeMs: 0 }]
  const apply = (input: RunInput) => {
    for (const row of decideRun(state, input, nowMs)) {
      rows.push({ ...row, timeMs: nowMs })
      state = evolveRun(state, { ...row, timeMs: nowMs })
    }
  }
  apply({ type: 'begin' })
  for (let guard = 0; state.phase === 'open' && guard < 200; guard++) {
    apply({ type: 'proceed' })
    const now: RunState = state
    if (now.phase !== 'open') break
    const task = now.open[pick(now.open.length)]
    if (task !== undefined) {
      const data = { list: [task.index], [task.name]: { attempt: task.attempt } }
      apply(answerTo(task.event, resultOf(task.name, task.attempt), data))
      continue
    }
    const dueMs = nextDueMs(now, nowMs)
    assert.ok(
      dueMs !== undefined,
      `nothing is open and nothing is due: ${JSON.stringify(now.next)}`,
    )
    nowMs = dueMs
  }
  return { state, rows }
}

const anyResult = fc.constantFrom('pass', 'warning', 'fail', 'errored')

test('every plan comes to one end, no task starts before its step, no attempt too many', () => {
  fc.assert(
    fc.property(
      anyPlan,
      fc.infiniteStream(fc.nat()),
      fc.infiniteStream(anyResult),
      (plan, picks, results) => {
        const next = <T>(stream: Iterator<T>): T => stream.next().value
        const { state, rows } = play(
          plan,
          (open) => (open === 0 ? 0 : next(picks) % open),
          () => next(results),
        )
        assert.equal(state.phase, 'ended')
        assert.equal(rows.filter((row) => row.meta.k === 'end').length, 1)
        const openNow = new Set<number>()
        const over = new Set<number>()
        for (const { meta } of rows) {
          if (meta.k === 'skipped') over.add(meta.i)
          if (meta.k === 'task') {
            const { first } = stepOf(plan.tasks, meta.i)
            for (let index = 0; index < first; index++)
              assert.ok(over.has(index), 'a step too early')
            assert.ok(meta.a <= 1 + (plan.tasks[meta.i]?.retry?.times ?? 0))
            openNow.add(meta.i)
            over.delete(meta.i)
          }
          if (meta.k === 'finished' || meta.k === 'expired') {
            openNow.delete(meta.i)
            over.add(meta.i)
          }
        }
        assert.deepEqual(rows.reduce(evolveRun, absentRun), state, 'replay equals live')
      },
    ),
    { numRuns: 400 },
  )
})

test('who of a step answers first changes nothing that comes after it', () => {
  fc.assert(
    fc.property(anyPlan, fc.array(fc.nat(), { minLength: 50, maxLength: 50 }), (plan, picks) => {
      const resultOf = (name: string) => (name === 't1' ? 'warning' : 'pass')
      const inOrder = play(plan, () => 0, resultOf)
      let turn = 0
      const shuffled = play(
        plan,
        (open) => (open === 0 ? 0 : (picks[turn++ % 50] ?? 0) % open),
        resultOf,
      )
      assert.ok(inOrder.state.phase === 'ended' && shuffled.state.phase === 'ended')
      assert.deepEqual(shuffled.state.payload, inOrder.state.payload)
      assert.equal(shuffled.state.result, inOrder.state.result)
    }),
    { numRuns: 200 },
  )
})

test('what is wrong with a condition is said in a sentence, with its place', () => {
  assert.equal(
    conditionProblem("labels.canary == 'true' && tasks.test.result in ['pass', 'warning']"),
    undefined,
  )
  assert.equal(conditionProblem('data.flags.exists(flag, flag == "x")'), undefined)
  const cases: [string, RegExp, number][] = [
    ['resul == "pass"', /unknown variable: resul/, 0],
    ["stage == 'prod' &&", /unexpected token/, 18],
    ['1 + 1', /is a int, not true or false/, 0],
    ["stage.matches('(a+)+$')", /matches\(\) is not allowed/, 0],
    ['data.a.exists(x, data.b.exists(y, x == y))', /may walk one list/, 0],
  ]
  for (const [expression, message, offset] of cases) {
    const problem = conditionProblem(expression)
    assert.match(problem?.message ?? '', message, expression)
    assert.equal(problem?.offset, offset, expression)
  }
})
