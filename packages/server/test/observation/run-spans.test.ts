import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { spansOfRun } from '../../src/observation/traces/run-spans.ts'
import { referenceOf, type Span, spanIdOf, traceIdOf } from '../../src/observation/traces/span.ts'
import { CONTEXT, type Move, runsOf, START_MS, type Story } from './run-rows.ts'

const LONGEST_WAIT_MS = 20 * 60 * 1_000

const move: fc.Arbitrary<Move> = fc.record({
  afterMs: fc.nat(LONGEST_WAIT_MS),
  // Weighted so that runs get somewhere.
  action: fc.constantFrom(
    ...(['proceed', 'proceed', 'proceed', 'finished', 'finished', 'finished'] as const),
    ...(['started', 'status.changed', 'tick', 'pause', 'resume'] as const),
  ),
  result: fc.constantFrom('pass', 'pass', 'warning', 'fail'),
})

const story: fc.Arbitrary<Story> = fc.record({
  tasks: fc.array(fc.constantFrom('deployment', 'test', 'evaluation', 'approval'), {
    minLength: 1,
    maxLength: 4,
  }),
  moves: fc.array(move, { maxLength: 30 }),
})

const proceed: Move = { afterMs: 1_000, action: 'proceed', result: 'pass' }
const finish = (result: Move['result']): Move => ({ afterMs: 5_000, action: 'finished', result })

describe('the spans of a context', () => {
  it('property: hang together, lie within each other, and are the same every time', () => {
    let children = 0
    fc.assert(
      fc.property(fc.array(story, { minLength: 1, maxLength: 3 }), (stories) => {
        const runs = runsOf(stories)
        const root = runs[0]?.[0]?.event.id
        const spans = runs.flatMap((rows) => spansOfRun(rows, root))
        const byId = new Map(spans.map((span) => [span.spanId, span]))
        assert.equal(byId.size, spans.length, 'no two spans share an id')
        assert.equal(spans.filter((span) => span.parentSpanId === undefined).length, 1)
        children += runs.length - 1
        const runIds = new Set(runs.map((rows) => spanIdOf(rows[0]?.event.id ?? '')))
        for (const span of spans) checkPlace(span, byId, runIds)
        const tasks = runs.flat().filter((row) => row.meta?.['k'] === 'task').length
        assert.equal(spans.length, runs.length + tasks)
        assert.deepEqual(
          runs.flatMap((rows) => spansOfRun(structuredClone(rows), root)),
          spans,
        )
      }),
      { numRuns: 300 },
    )
    assert.ok(children > 20, 'runs were triggered by runs')
  })

  it('say where, what, by whom, and how it ended', () => {
    const stories: Story[] = [
      {
        tasks: ['deployment', 'evaluation'],
        moves: [
          proceed,
          { afterMs: 1_000, action: 'started', result: 'pass' },
          { afterMs: 1_000, action: 'status.changed', result: 'pass' },
          finish('pass'),
          proceed,
          finish('fail'),
        ],
      },
    ]
    const [rows = []] = runsOf(stories)
    const [run, deployment, evaluation] = spansOfRun(rows, rows[0]?.event.id)
    assert.ok(run && deployment && evaluation)
    assert.equal(run.name, 'dev.delivery')
    assert.equal(run.traceId, CONTEXT.replaceAll('-', ''))
    assert.equal(run.isError, true)
    assert.equal(run.attributes['tiphys.result'], 'fail')
    assert.equal(run.attributes['tiphys.service'], 'carts')
    assert.equal(run.attributes['tiphys.commit'], 'c0ffee')
    assert.equal(run.startMs, START_MS)
    assert.equal(run.endMs, START_MS + 14_000)
    assert.equal(deployment.isError, false)
    assert.equal(deployment.startMs, START_MS + 1_000)
    assert.deepEqual(
      deployment.events.map(({ name }) => name),
      ['deployment.started', 'deployment.status.changed', 'deployment.finished'],
    )
    assert.equal(deployment.events[2]?.attributes['tiphys.by'], 'tiphys')
    assert.equal(evaluation.message, 'it was fail')
    assert.equal(evaluation.attributes['tiphys.source'], 'a-service')
  })

  it('end a task that was open with its run, and have none for a run that is open', () => {
    const [rows = []] = runsOf([{ tasks: ['test'], moves: [proceed] }])
    const [run, task] = spansOfRun(rows, rows[0]?.event.id)
    assert.ok(run && task)
    assert.equal(task.endMs, run.endMs)
    assert.equal(task.attributes['tiphys.status'], 'aborted')
    assert.deepEqual(spansOfRun(rows.slice(0, -1), undefined), [])
    assert.deepEqual(spansOfRun([], undefined), [])
  })

  it('link to the trace that the trigger came with, when it names one', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const [rows = []] = runsOf([{ tasks: ['test'], moves: [] }], { traceparent })
    const [run] = spansOfRun(rows, rows[0]?.event.id)
    const linked = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
    assert.deepEqual(run?.links, [linked])
    for (const broken of [
      '',
      '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01',
      '00-00000000000000000000000000000000-b7ad6b7169203331-01',
      '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
      'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      `${traceparent}-more`,
      17,
    ]) {
      assert.equal(referenceOf(broken), undefined, String(broken))
    }
  })

  it('put a run that was triggered from outside below the first of its context', () => {
    const [rows = []] = runsOf([{ tasks: ['test'], moves: [] }])
    const [run] = spansOfRun(rows, 'another-run-of-the-context-0000000000000001')
    assert.equal(run?.parentSpanId, '0000000000000001')
  })
})

function checkPlace(span: Span, byId: ReadonlyMap<string, Span>, runs: ReadonlySet<string>): void {
  assert.equal(span.traceId, traceIdOf(CONTEXT))
  assert.match(span.spanId, /^[0-9a-f]{16}$/)
  assert.ok(span.startMs <= span.endMs)
  if (span.parentSpanId === undefined) return
  const parent = byId.get(span.parentSpanId)
  assert.ok(parent, 'the parent of a span is in its trace')
  assert.ok(runs.has(parent.spanId), 'and is a run')
  assert.ok(parent.startMs <= span.startMs)
  if (runs.has(span.spanId)) assert.equal(span.startMs, parent.endMs)
  else assert.ok(span.endMs <= parent.endMs)
  for (const { timeMs } of span.events) {
    assert.ok(timeMs >= span.startMs && timeMs <= span.endMs, 'what happened lies in its span')
  }
}
