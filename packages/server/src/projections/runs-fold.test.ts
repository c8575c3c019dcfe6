import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { startRow } from '@tiphys/core/sequence/begin-run.ts'
import { decideRun, type RunInput } from '@tiphys/core/sequence/decide-run.ts'
import { absentRun, evolveRun } from '@tiphys/core/sequence/evolve-run.ts'
import type { RunPlan } from '@tiphys/core/sequence/plan.ts'
import type { NewRunRow } from '@tiphys/core/sequence/run-row.ts'
import type { RunState } from '@tiphys/core/sequence/run-state.ts'
import fc from 'fast-check'
import type { StoredEvent } from '../ports/store.ts'
import { type ContextDocument, contextsProjection } from './runs-by-context.ts'
import type { RunDocument, TaskDocument } from './runs-document.ts'
import { foldRunDocument } from './runs-fold.ts'

const TASK_NAMES = ['deployment', 'approval', 'test'] as const

const PLAN: RunPlan = {
  projectId: 'p1',
  project: 'shop',
  stage: 'dev',
  service: 'cart',
  sequence: 'delivery',
  pin: { main: 'c1' },
  commitId: 'c1',
  queue: 'hold',
  downstream: [],
  tasks: TASK_NAMES.map((name) => ({
    name,
    properties: {},
    afterMs: 0,
    finishMs: 1000,
    carrier: 'external',
  })),
}

/** The approval stands beside the test. */
const PARALLEL: RunPlan = {
  ...PLAN,
  tasks: PLAN.tasks.map((task, index) => (index === 2 ? { ...task, parallel: true } : task)),
}

function event(type: string, data: object, triggeredid?: string): KeptnEvent {
  return {
    id: `${type}/${triggeredid ?? 'r1'}`,
    type: `sh.keptn.event.${type}`,
    source: 'test',
    specversion: '1.0',
    time: '',
    shkeptncontext: 'c0ffee',
    ...(triggeredid === undefined ? {} : { triggeredid }),
    data: { project: 'shop', stage: 'dev', service: 'cart', ...data },
  }
}

type Move =
  | { readonly kind: 'proceed' | 'tick' | 'pause' | 'resume' | 'abort' }
  | { readonly kind: 'started' | 'changed' | 'degraded' }
  | { readonly kind: 'finished'; readonly status: string; readonly result: string }

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'proceed' } as const) },
  fc.constantFrom({ kind: 'pause' } as const, { kind: 'resume' } as const),
  fc.constantFrom(
    { kind: 'tick' } as const,
    { kind: 'changed' } as const,
    { kind: 'changed' } as const,
    { kind: 'abort' } as const,
    { kind: 'degraded' } as const,
  ),
  { weight: 3, arbitrary: fc.constant({ kind: 'started' } as const) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('finished' as const),
      status: fc.constantFrom('succeeded', 'succeeded', 'succeeded', 'errored', 'aborted', 'odd'),
      result: fc.constantFrom('pass', 'pass', 'pass', 'warning', 'fail'),
    }),
  },
)

function inputOf(state: RunState, made: Move, choice: number): RunInput | undefined {
  switch (made.kind) {
    case 'proceed':
    case 'tick':
      return { type: made.kind }
    case 'pause':
      return { type: 'pause', by: 'me', scope: 'context' }
    case 'resume':
      return { type: 'resume', by: 'me' }
    case 'degraded':
      return { type: 'news', outcome: 'degraded', message: 'a pod crashed' }
    case 'abort':
      return { type: 'abort', by: 'me', message: 'enough' }
    default: {
      const task = state.phase === 'open' ? state.open[choice % state.open.length] : undefined
      if (task === undefined) return undefined
      const kind = made.kind === 'changed' ? 'status.changed' : made.kind
      const data = made.kind === 'finished' ? { status: made.status, result: made.result } : {}
      const answer = event(`${task.name}.${kind}`, data, task.event.id)
      return { type: 'answer', event: answer, by: 'remote' }
    }
  }
}

/** Plays moves through the real decisions, and folds the rows both ways. */
function play(
  moves: readonly { readonly move: Move; readonly afterMs: number }[],
  plan: RunPlan = PLAN,
) {
  let nowMs = 1_000_000
  let state: RunState = absentRun
  let document: RunDocument | undefined
  let context: JsonObject | undefined
  let position = 0
  const take = (row: NewRunRow) => {
    state = evolveRun(state, { ...row, timeMs: nowMs })
    position++
    const stored: StoredEvent = {
      event: row.event,
      meta: row.meta as unknown as JsonObject,
      projectId: 'p1',
      position,
      stream: 'run/p1/r1',
      version: position,
      timeMs: nowMs,
    }
    document = foldRunDocument(document, stored)
    for (const key of contextsProjection.keysOf(stored)) {
      context = contextsProjection.fold(context, stored, key)
    }
  }
  take(startRow({ event: { ...event('dev.delivery.triggered', {}), id: 'r1' }, plan, by: 'me' }))
  for (const { move: made, afterMs } of moves) {
    nowMs += afterMs
    const input = inputOf(state, made, afterMs)
    if (input === undefined) continue
    for (const row of decideRun(state, input, nowMs)) take(row)
  }
  return { state, document, context: context as unknown as ContextDocument }
}

/** Tasks side by side are done in any order. */
function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name.localeCompare(other.name)
}

describe('the document of a run', () => {
  it('tells what the run itself knows, whatever happens', () => {
    const story = fc.array(fc.record({ move, afterMs: fc.integer({ min: 0, max: 400 }) }), {
      maxLength: 30,
    })
    fc.assert(
      fc.property(story, fc.constantFrom(PLAN, PARALLEL), (moves, plan) => {
        const { state, document, context } = play(moves, plan)
        assert.ok(document)
        assert.notEqual(state.phase, 'absent')
        if (state.phase === 'absent') return
        const outcomes = document.tasks.flatMap(({ name, outcome }) =>
          outcome === undefined ? [] : [{ name, ...outcome }],
        )
        assert.deepEqual(
          outcomes.toSorted(byName),
          state.done
            .map(({ name, status, result, message, endedMs, expired }) => ({
              name,
              status,
              result,
              message,
              endedMs,
              expired,
            }))
            .toSorted(byName),
        )
        assert.equal(context.runs['r1']?.state, document.state)
        if (state.phase === 'open') assert.equal(document.degraded?.message, state.degraded)
        if (state.phase === 'ended') {
          const { status, result, end, endedMs } = state
          assert.equal(document.end?.status, status)
          assert.equal(document.end?.result, result)
          assert.equal(document.end?.cause, end)
          assert.equal(document.endedMs, endedMs)
          return
        }
        assert.equal(document.end, undefined)
        assert.equal(document.state === 'paused', state.paused !== undefined)
        const beneath = document.stateBeforePause ?? document.state
        const isOpen = (task: TaskDocument) => task.outcome === undefined
        assert.deepEqual(
          document.tasks.filter(isOpen).map((task) => task.triggeredId),
          state.open.map((task) => task.event.id),
        )
        if (state.open.some((task) => task.name === 'approval')) {
          assert.equal(beneath, 'waitingForApproval')
        } else {
          assert.equal(beneath, document.tasks.length === 0 ? 'triggered' : 'started')
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('waits for an approval until all who began to decide have decided', () => {
    const proceed: Move = { kind: 'proceed' }
    const pass: Move = { kind: 'finished', status: 'succeeded', result: 'pass' }
    const asked = [proceed, pass, proceed, { kind: 'started' }, { kind: 'started' }, pass] as Move[]
    const half = play(asked.map((one) => ({ move: one, afterMs: 0 })))
    assert.equal(half.document?.state, 'waitingForApproval')
    assert.equal(half.context.runs['r1']?.state, 'waitingForApproval')
    const whole = play([...asked, pass].map((one) => ({ move: one, afterMs: 0 })))
    assert.equal(whole.document?.state, 'started')
    assert.equal(whole.context.runs['r1']?.state, 'started')
  })

  it('keeps few reports of progress, and all that count', () => {
    const story = [{ move: { kind: 'proceed' }, afterMs: 0 }] as { move: Move; afterMs: number }[]
    story.push({ move: { kind: 'started' }, afterMs: 0 }, { move: { kind: 'started' }, afterMs: 0 })
    for (let times = 0; times < 200; times++) story.push({ move: { kind: 'changed' }, afterMs: 0 })
    const finish: Move = { kind: 'finished', status: 'succeeded', result: 'pass' }
    const half = play([...story, { move: finish, afterMs: 1 }])
    assert.equal(half.document?.tasks[0]?.answers.length, 53)
    assert.equal(half.document?.tasks[0]?.outcome, undefined)
    const whole = play([...story, { move: finish, afterMs: 1 }, { move: finish, afterMs: 1 }])
    assert.equal(whole.document?.tasks[0]?.outcome?.result, 'pass')
  })
})
