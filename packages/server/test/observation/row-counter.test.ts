import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createDeliveryMetrics } from '../../src/observation/delivery-metrics.ts'
import { createPrometheusMeter } from '../../src/observation/prometheus-meter.ts'
import { createRowCounter } from '../../src/observation/row-counter.ts'
import { resultWord } from '../../src/observation/run-facts.ts'
import type { StoredEvent } from '../../src/ports/store.ts'
import type { RunDocument } from '../../src/projections/runs-document.ts'
import { foldRunDocument } from '../../src/projections/runs-fold.ts'
import { type LoggedLine, sample } from './observed-server.ts'
import { type Move, runsOf, type Story } from './run-rows.ts'

const LONGEST_WAIT_MS = 20 * 60 * 1_000

const move: fc.Arbitrary<Move> = fc.record({
  afterMs: fc.nat(LONGEST_WAIT_MS),
  // Weighted so that runs get somewhere.
  action: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom<Move['action'][]>('proceed', 'finished') },
    { weight: 3, arbitrary: fc.constantFrom<Move['action'][]>('tick', 'started', 'resume') },
    { weight: 1, arbitrary: fc.constantFrom<Move['action'][]>('status.changed', 'pause') },
  ),
  result: fc.constantFrom('pass', 'pass', 'warning', 'fail'),
})
const story: fc.Arbitrary<Story> = fc.record({
  tasks: fc.array(fc.constantFrom('deployment', 'test', 'evaluation'), {
    minLength: 1,
    maxLength: 3,
  }),
  moves: fc.array(move, { maxLength: 30 }),
})

function observed() {
  const lines: LoggedLine[] = []
  const at = (level: string) => (data: object, message: string) => {
    lines.push({ level, message, data: { ...data } })
  }
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const meter = createPrometheusMeter({ maxProjects: 9, maxStages: 9 })
  const unknown = () => Promise.resolve(undefined)
  const delivery = createDeliveryMetrics({
    meter,
    history: { contextBeganMs: unknown, brokenSinceMs: unknown },
    onProblem: (error) => assert.fail(String(error)),
  })
  return { meter, lines, delivery, counter: createRowCounter({ meter, delivery, log }) }
}

describe('what is counted from rows', () => {
  it('property: is what the fold of the lists says of the same runs', async () => {
    let tasksSeen = 0
    await fc.assert(
      fc.asyncProperty(fc.array(story, { minLength: 1, maxLength: 3 }), async (stories) => {
        const runs = runsOf(stories)
        const { meter, lines, counter } = observed()
        for (const rows of runs) counter.committed(rows)
        const page = await meter.page()
        const documents = runs.map(documentOf)
        const tasks = documents.flatMap((run) => run.tasks.filter((task) => task.outcome))
        tasksSeen += tasks.length
        assert.equal(sample(page, 'tiphys_runs_ended_total') ?? 0, runs.length)
        assert.equal(sample(page, 'tiphys_run_duration_seconds_count') ?? 0, runs.length)
        for (const result of ['pass', 'warning', 'fail', 'errored', 'aborted', 'unknown']) {
          const ended = documents.filter((run) => wordOf(run.end) === result).length
          const done = tasks.filter((task) => wordOf(task.outcome) === result).length
          assert.equal(sample(page, 'tiphys_runs_ended_total', { result }) ?? 0, ended, result)
          const counted = sample(page, 'tiphys_task_duration_seconds_count', { result }) ?? 0
          assert.equal(counted, done, result)
        }
        const missed = tasks.filter((task) => task.outcome?.expired).length
        assert.equal(sample(page, 'tiphys_deadlines_missed_total') ?? 0, missed)
        assert.equal(
          lines.filter(({ message }) => message.startsWith('run ended')).length,
          runs.length,
        )
      }),
      { numRuns: 200 },
    )
    assert.ok(tasksSeen > 100, `${tasksSeen} tasks came to an end`)
  })

  it('tells of a task that nobody answered, and by whom a run was paused', async () => {
    const tick: Move = { afterMs: 11 * 60 * 1_000, action: 'tick', result: 'pass' }
    const at = (action: Move['action']): Move => ({ afterMs: 1, action, result: 'pass' })
    const moves = [at('proceed'), at('pause'), at('resume'), tick]
    const [rows = []] = runsOf([{ tasks: ['test'], moves }])
    const { meter, lines, counter } = observed()
    counter.committed(rows)
    const missed = { task: 'test', why: 'no-answer' }
    assert.equal(sample(await meter.page(), 'tiphys_deadlines_missed_total', missed), 1)
    const shown = lines.filter(({ level }) => level !== 'debug')
    assert.deepEqual(
      shown.map(({ level, message, data }) => [level, message, data['by'] ?? data['why']]),
      [
        ['info', 'run paused', 'a-person'],
        ['info', 'run resumed', 'a-person'],
        ['warn', 'given up: nobody answered test.triggered within 10m', 'no-answer'],
        ['info', 'run ended: errored', undefined],
      ],
    )
  })

  it('counts a task that two services answer once, by the worse of them', async () => {
    const at = (action: Move['action'], source: string, result: Move['result'] = 'pass') => ({
      ...{ afterMs: 1_000, action, source, result },
    })
    const both = [
      ...[at('started', 'one'), at('started', 'two')],
      ...[at('finished', 'one', 'fail'), at('finished', 'two')],
    ]
    const moves: Move[] = [at('proceed', ''), ...both]
    const [rows = []] = runsOf([{ tasks: ['test'], moves }])
    const { meter, counter } = observed()
    counter.committed(rows)
    const page = await meter.page()
    const name = 'tiphys_task_duration_seconds'
    assert.equal(sample(page, `${name}_count`), 1)
    assert.equal(sample(page, `${name}_sum`, { task: 'test', result: 'fail' }), 4)
  })

  it('makes series appear before their first step', async () => {
    const [rows = []] = runsOf([{ tasks: ['deployment', 'evaluation'], moves: [] }])
    const { meter, counter } = observed()
    counter.committed(rows.slice(0, 1))
    const page = await meter.page()
    for (const name of [
      'tiphys_runs_ended_total',
      'tiphys_changes_total',
      'tiphys_deployments_total',
      'tiphys_evaluations_total',
      'tiphys_lead_time_seconds_count',
      'tiphys_time_to_restore_seconds_count',
    ]) {
      assert.equal(sample(page, name), 0, name)
    }
  })

  it('forgets runs whose project is gone', () => {
    const [rows = []] = runsOf([{ tasks: ['test'], moves: [] }])
    const { counter } = observed()
    counter.committed(rows.slice(0, 1))
    const runId = rows[0]?.event.id ?? ''
    assert.equal(counter.factsOf(runId)?.service, 'carts')
    counter.keepOnly(() => false)
    assert.equal(counter.factsOf(runId), undefined)
  })
})

function documentOf(rows: readonly StoredEvent[]): RunDocument {
  const run = rows.reduce<RunDocument | undefined>(foldRunDocument, undefined)
  assert.ok(run)
  return run
}

function wordOf(outcome: { status: string; result: string } | undefined): string | undefined {
  return outcome === undefined ? undefined : resultWord(outcome.status, outcome.result)
}
