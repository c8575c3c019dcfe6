import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SloFile } from '@tiphys/contract/slo.ts'
import fc from 'fast-check'
import { normaliseSlo } from '../slo/slo.ts'
import type { PreviousEvaluation } from './baseline.ts'
import { MAX_LEFT_OUT, selectBaseline } from './baseline-selection.ts'
import { evaluate } from './evaluation.ts'

type ComparisonFile = NonNullable<SloFile['comparison']>

function run(id: string, more: Partial<PreviousEvaluation> = {}): PreviousEvaluation {
  return { id, result: 'pass', values: [{ metric: 'rt', value: 100, success: true }], ...more }
}

function select(
  previous: readonly PreviousEvaluation[],
  comparison: ComparisonFile = {},
  labels: Record<string, string> = {},
) {
  const selection = selectBaseline(previous, normaliseSlo({ comparison }).comparison, labels)
  return {
    compared: selection.compared.map(({ id }) => id).join(),
    leftOut: selection.leftOut.map(({ id, reason, text }) => `${id} ${reason}: ${text}`),
    notes: selection.notes,
  }
}

const SEVERAL: ComparisonFile = { compare_with: 'several_results', number_of_comparison_results: 2 }

test('each earlier evaluation that does not count says why', () => {
  const found = select(
    [
      run('7', { unfit: { code: 'invalidated', by: 'ann', reason: 'wrong load profile' } }),
      run('6', { unfit: { code: 'invalidated', by: '', reason: '' } }),
      run('5', { unfit: { code: 'untrusted', by: 'bot' } }),
      run('4', { unfit: { code: 'without-values' } }),
      run('3', { result: 'fail' }),
      run('2'),
      run('1'),
      run('0'),
    ],
    { ...SEVERAL, include_result_with_score: 'pass_or_warn' },
  )
  assert.equal(found.compared, '2,1')
  assert.deepEqual(found.leftOut, [
    '7 invalidated: invalidated by ann: wrong load profile',
    '6 invalidated: invalidated',
    '5 untrusted: told by bot, to whom the task was not left',
    '4 without-values: it ended before anything was evaluated',
    '3 result: its result was fail; include_result_with_score is pass_or_warn',
    '0 older: older than the 2 that count',
  ])
  assert.deepEqual(found.notes, [])
})

test('labels: exact values, and the same as this run; one that neither has is the same', () => {
  const eu = { labels: { region: 'eu', tier: 'gold' } }
  const previous = [run('4', { labels: { region: 'us' } }), run('3', eu), run('2')]
  const byValue = select(previous, { labels: { region: 'eu' } })
  assert.equal(byValue.compared, '3')
  assert.deepEqual(byValue.leftOut, [
    '4 labels: label region is us; comparison.labels wants eu',
    '2 labels: label region is not set; comparison.labels wants eu',
  ])
  const same: ComparisonFile = { same_labels: ['region'] }
  assert.equal(select(previous, same, { region: 'us' }).compared, '4')
  assert.equal(select(previous, same).compared, '2')
  assert.deepEqual(select(previous, same).leftOut, [
    '4 labels: label region is us there and not set here',
    '3 labels: label region is eu there and not set here',
  ])
  assert.equal(
    select(previous, { ...same, labels: { tier: 'gold' } }, { region: 'us' }).compared,
    '',
  )
  // Names that every object has are labels like others.
  assert.equal(select(previous, { same_labels: ['constructor'] }).compared, '4,3,2')
})

test('the pinned reference answers alone, whatever its result and its age', () => {
  const pinned = { by: 'ann', reason: 'before the rewrite' }
  const previous = [
    run('9', { unfit: { code: 'invalidated', by: 'bob', reason: '' } }),
    run('8'),
    run('1', { pinned, result: 'fail' }),
    run('0'),
  ]
  const found = select(previous, { ...SEVERAL, include_result_with_score: 'pass' })
  assert.equal(found.compared, '1')
  assert.deepEqual(found.leftOut, [
    '9 invalidated: invalidated by bob',
    '8 not-pinned: not the pinned reference',
    '0 not-pinned: not the pinned reference',
  ])
  assert.deepEqual(found.notes, [
    'the pinned reference (pinned by ann: before the rewrite) alone is compared with; compare_with and include_result_with_score do not apply',
  ])
})

test('a pinned reference that was taken back, or has other labels, gives way to the newest', () => {
  const pinned = { by: 'ann', reason: '' }
  const invalidated = { code: 'invalidated', by: 'bob', reason: 'it was warm' } as const
  const taken = select([run('2'), run('1', { pinned, unfit: invalidated })])
  assert.equal(taken.compared, '2')
  assert.deepEqual(taken.notes, [
    'the pinned reference (pinned by ann) does not count: invalidated by bob: it was warm; the newest evaluations are compared with instead',
  ])
  const other = select([run('2'), run('1', { pinned, labels: { region: 'eu' } })], {
    same_labels: ['region'],
  })
  assert.equal(other.compared, '2')
  assert.match(other.notes[0] ?? '', /label region is eu there and not set here; the newest/)
})

test('what was left out is bounded, and a reference behind it is still found', () => {
  const invalidated = { code: 'invalidated', by: '', reason: '' } as const
  const many = Array.from({ length: 90 }, (_, index) => run(`${index}`, { unfit: invalidated }))
  const found = select([...many, run('last')])
  assert.equal(found.compared, 'last')
  assert.equal(found.leftOut.length, MAX_LEFT_OUT)
  const pinned = { by: '', reason: '' }
  assert.equal(select([...many, run('last', { pinned })]).compared, 'last')
})

test('an evaluation carries what was left out, and where a left out one came from', () => {
  const origin = {
    context: 'c-1',
    triggeredId: 't-1',
    timeMs: 7,
    version: '1.2',
    labels: { a: 'b' },
  }
  const outcome = evaluate({
    slo: normaliseSlo({ objectives: [{ sli: 'rt', pass: [{ criteria: ['<=+10%'] }] }] }),
    values: [{ metric: 'rt', value: 109, success: true }],
    previous: [run('1'), run('0', { ...origin, result: 'fail' })],
  })
  assert.equal(outcome.result, 'pass')
  assert.deepEqual(outcome.leftOut, [
    { ...origin, id: '0', result: 'fail', reason: 'older', text: 'older than the one that counts' },
  ])
})

const unfit = fc.constantFrom(
  undefined,
  { code: 'invalidated', by: 'ann', reason: '' } as const,
  { code: 'untrusted', by: 'bot' } as const,
  { code: 'without-values' } as const,
)
const history = fc.array(
  fc.record({
    unfit,
    result: fc.constantFrom('pass', 'warning', 'fail'),
    region: fc.constantFrom('eu', 'us', undefined),
  }),
  { maxLength: 40, size: 'max' },
)
const comparisons = fc.record({
  compare_with: fc.constantFrom('single_result', 'several_results', ''),
  include_result_with_score: fc.constantFrom('all', 'pass', 'pass_or_warn'),
  number_of_comparison_results: fc.integer({ min: 1, max: 5 }),
  same_labels: fc.constantFrom<string[]>([], ['region']),
})

test('every evaluation counts or is left out, and leaving out what was left out changes nothing', () => {
  fc.assert(
    fc.property(history, comparisons, fc.nat({ max: 60 }), (drawn, comparison, pin) => {
      const previous = drawn.map((one, index) =>
        run(`${index}`, {
          result: one.result,
          ...(one.unfit === undefined ? {} : { unfit: one.unfit }),
          ...(one.region === undefined ? {} : { labels: { region: one.region } }),
          ...(index === pin ? { pinned: { by: '', reason: '' } } : {}),
        }),
      )
      const settings = normaliseSlo({ comparison }).comparison
      const labels = { region: 'eu' }
      const { compared, leftOut } = selectBaseline(previous, settings, labels)
      const gone = new Set(leftOut.map(({ id }) => id))
      const total = compared.length + leftOut.length
      assert.ok(leftOut.length === MAX_LEFT_OUT || total === previous.length)
      assert.ok(compared.every(({ id }) => !gone.has(id)))
      assert.ok(compared.every((one) => one.unfit === undefined))
      const kept = previous.filter(({ id }) => !gone.has(id))
      assert.deepEqual(selectBaseline(kept, settings, labels).compared, compared)
    }),
  )
})
