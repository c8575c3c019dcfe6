import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SloFile } from '@tiphys/contract/slo.ts'
import fc from 'fast-check'
import type { PreviousEvaluation } from '../evaluation/baseline.ts'
import { evaluate } from '../evaluation/evaluation.ts'
import { toEvaluation } from '../evaluation/wire.ts'
import { normaliseSlo } from '../slo/slo.ts'
import { explain } from './explain.ts'
import { recompute, type StoredReport } from './recompute.ts'
import { whatIf } from './what-if.ts'

type Objectives = NonNullable<SloFile['objectives']>

const STORED: SloFile = {
  comparison: { compare_with: 'several_results', number_of_comparison_results: 3 },
  objectives: [
    { sli: 'rt', pass: [{ criteria: ['<=+10%'] }], warning: [{ criteria: ['<=+20%'] }], weight: 2 },
    { sli: 'errors', pass: [{ criteria: ['<=1'] }], key_sli: true },
  ],
}

function run(id: string, rt: number, more: Partial<PreviousEvaluation> = {}): PreviousEvaluation {
  return { id, result: 'pass', values: [{ metric: 'rt', value: rt, success: true }], ...more }
}

const HISTORY = [run('3', 120), run('2', 100), run('1', 80)]

/** What would have been stored. */
function stored(
  file: SloFile,
  values: Readonly<Record<string, number>>,
  previous: readonly PreviousEvaluation[] = HISTORY,
): StoredReport {
  const slo = normaliseSlo(file)
  const outcome = evaluate({
    slo,
    values: Object.entries(values).map(([metric, value]) => ({ metric, value, success: true })),
    previous,
  })
  const subject = { project: 'shop', stage: 'dev', service: 'carts', version: null }
  const details = { rt: { provider: 'prometheus', unit: 'ms', query: 'up' } }
  const explanation = explain({ slo, outcome, subject, window: undefined, details, notes: ['old'] })
  const wire = toEvaluation(outcome, { window: undefined, sloFileContent: '' })
  // As it is read back from the log.
  return JSON.parse(JSON.stringify({ slo, evaluation: wire, explanation })) as StoredReport
}

const ask = (report: StoredReport, file: SloFile, history?: readonly PreviousEvaluation[]) =>
  whatIf({ report, edited: normaliseSlo(file), ...(history === undefined ? {} : { history }) })

const withObjectives = (objectives: Objectives): SloFile => ({ ...STORED, objectives })

test('an edited criterion changes the verdict, and each change is told', () => {
  const report = stored(STORED, { rt: 115, errors: 2 })
  assert.equal(report.explanation.verdict, 'fail')
  const { change, outcome, explanation } = ask(
    report,
    withObjectives([
      { sli: 'rt', pass: [{ criteria: ['<=+15%'] }], weight: 2 },
      { sli: 'errors', pass: [{ criteria: ['<=2'] }] },
    ]),
  )
  assert.deepEqual([outcome.result, outcome.score], ['pass', 100])
  assert.equal(change.sentence, 'The verdict is pass (100) instead of fail (33.33)')
  assert.deepEqual(
    change.objectives.map(({ text }) => text),
    [
      'rt is pass with 2 of 2 instead of warning with 1 of 2: 115 ms ≤ 115 ms = 100 ms × 1.15, average of 3 runs',
      'errors is pass with 1 of 1 instead of fail with 0 of 1: 2 ≤ 2',
    ],
  )
  assert.match(explanation.sentence, /^What if: /)
  assert.match(explanation.notes[0] ?? '', /^this verdict is stored nowhere\. The verdict is pass/)
  assert.equal(explanation.notes.length, 3, 'and nothing of the notes about the old file')
  assert.equal(explanation.objectives[0]?.query, 'up')
})

test('objectives that are new, gone, twice there, or were never measured', () => {
  const report = stored(STORED, { rt: 100, errors: 0, extra: 5 })
  const { change, outcome } = ask(
    report,
    withObjectives([
      {
        sli: 'rt',
        pass: [{ criteria: ['<=+10%'] }],
        warning: [{ criteria: ['<=+20%'] }],
        weight: 2,
      },
      { sli: 'rt', displayName: 'again', pass: [{ criteria: ['<90'] }] },
      { sli: 'extra', pass: [{ criteria: ['<9'] }] },
      { sli: 'unknown' },
    ]),
  )
  assert.equal(outcome.status, 'succeeded')
  assert.deepEqual(
    change.objectives.map(({ change: how, text }) => `${how}: ${text}`),
    [
      'same: rt stays pass with 2 of 2',
      'added: again is new: fail with 0 of 1',
      'added: extra is new: fail with 0 of 1',
      'added: unknown is new: info',
      'removed: errors is gone: it was pass with 1 of 1',
    ],
  )
  assert.deepEqual(
    outcome.objectives?.slice(2).map(({ value }) => value?.message),
    [
      'the value of extra was not kept: no objective named it then',
      'unknown was not measured then',
    ],
  )
  const nothing = ask(report, withObjectives([{ sli: 'unknown', pass: [{ criteria: ['<1'] }] }]))
  assert.equal(nothing.explanation.verdict, 'none')
  assert.equal(nothing.change.sentence, 'The verdict is none (0) instead of pass (100)')
})

test('the runs of then: a comparison that was edited narrows them and widens nothing', () => {
  const report = stored(STORED, { rt: 100, errors: 0 })
  const compared = (comparison: SloFile['comparison']) => {
    const { outcome } = ask(report, { ...STORED, comparison })
    return { ids: outcome.compared.map(({ id }) => id).join(), notes: outcome.baselineNotes }
  }
  assert.deepEqual(compared({ compare_with: 'single_result' }), { ids: '3', notes: [] })
  const more = compared({ compare_with: 'several_results', number_of_comparison_results: 9 })
  assert.equal(more.ids, '3,2,1')
  assert.match(more.notes[0] ?? '', /up to 9, and 3 evaluations were compared with then/)
  const labels = compared({ ...STORED.comparison, same_labels: ['region'] })
  assert.equal(labels.ids, '3,2,1')
  assert.match(labels.notes[0] ?? '', /its labels choose nothing here/)
  const other = compared({ ...STORED.comparison, aggregate_function: 'p90' })
  assert.deepEqual(other, { ids: '3,2,1', notes: [] })
})

test('a pinned reference of then stays it, whatever the file says of results', () => {
  const pinned = { by: 'ann', reason: 'a good day' }
  const history = [run('3', 120), run('1', 80, { pinned, result: 'fail' })]
  const report = stored(STORED, { rt: 100, errors: 0 }, history)
  const { outcome } = ask(report, {
    ...STORED,
    comparison: { compare_with: 'single_result', include_result_with_score: 'pass' },
  })
  assert.deepEqual(
    outcome.compared.map(({ id }) => id),
    ['1'],
  )
  assert.equal(outcome.baselineNotes.length, 1)
})

test('the history of today: the file chooses anew', () => {
  const report = stored(STORED, { rt: 100, errors: 0 })
  const unfit = { code: 'invalidated', by: 'ann', reason: 'cold' } as const
  const history = [run('3', 120, { unfit }), run('2', 50), run('1', 80)]
  const { outcome } = ask(report, { ...STORED, comparison: {} }, history)
  assert.deepEqual(
    outcome.compared.map(({ id }) => id),
    ['2', '1'],
  )
  assert.equal(outcome.objectives?.[0]?.status, 'fail')
})

const amount = fc.integer({ min: 1, max: 400 })
const criterion = fc.oneof(
  amount.map((limit) => `<=${limit}`),
  fc.integer({ min: 0, max: 50 }).map((percent) => `<=+${percent}%`),
)
const objectives = fc.array(
  fc.record({
    sli: fc.constantFrom('a', 'b', 'c'),
    pass: fc.option(fc.array(fc.record({ criteria: fc.array(criterion) }), { maxLength: 2 })),
    warning: fc.option(fc.array(fc.record({ criteria: fc.array(criterion) }), { maxLength: 2 })),
    weight: fc.integer({ min: 0, max: 3 }),
    key_sli: fc.boolean(),
  }),
  { maxLength: 5 },
)
const values = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), amount)

test('the file that it was judged by changes nothing', () => {
  fc.assert(
    fc.property(objectives, values, fc.array(amount, { maxLength: 5 }), (drawn, measured, past) => {
      const file = { ...STORED, objectives: drawn }
      const previous = past.map((value, index): PreviousEvaluation => {
        const seen = ['a', 'b'].map((metric) => ({ metric, value, success: true }))
        return { id: `${index}`, result: 'pass', values: seen }
      })
      const report = stored(file, measured, previous)
      const { change, outcome } = ask(report, file)
      assert.equal(outcome.result, recompute(report).result)
      assert.equal(change.verdict.from, change.verdict.to)
      assert.equal(change.score.from, change.score.to)
      const moved = change.objectives.filter(({ from, to }) => from?.points !== to?.points)
      assert.deepEqual(moved, [])
    }),
  )
})
