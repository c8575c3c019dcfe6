import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PreviousEvaluation } from '@tiphys/core/evaluation/baseline.ts'
import { evaluate } from '@tiphys/core/evaluation/evaluation.ts'
import { measured, type SliValue, unmeasured } from '@tiphys/core/evaluation/sli-value.ts'
import { toEvaluation } from '@tiphys/core/evaluation/wire.ts'
import { explain } from '@tiphys/core/explanation/explain.ts'
import fc from 'fast-check'
import { readSlo } from './slo-text.ts'
import { readExplanation, recomputeDifference, recomputeStored } from './stored-report.ts'

const criterion = fc
  .tuple(
    fc.constantFrom('<', '<=', '=', '>=', '>'),
    fc.constantFrom('', '+', '-'),
    fc.integer({ min: 0, max: 50 }),
    fc.constantFrom('', '%'),
  )
  .map((parts) => parts.join(''))
const sets = fc.array(
  fc.record({ criteria: fc.array(criterion, { minLength: 1, maxLength: 2 }) }),
  { minLength: 1, maxLength: 2 },
)
const name = fc.constantFrom('a', 'b', 'c', 'd')
const number = fc.oneof(
  fc.integer({ min: -40, max: 400 }).map((value) => value / 4),
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((value) => value + 0),
)
const file = fc.record({
  comparison: fc.record({
    compare_with: fc.constantFrom('single_result', 'several_results'),
    number_of_comparison_results: fc.integer({ min: 1, max: 3 }),
    include_result_with_score: fc.constantFrom('all', 'pass', 'pass_or_warn'),
    aggregate_function: fc.constantFrom('avg', 'p50', 'p90', 'p95', 'p99'),
  }),
  objectives: fc.array(
    fc.record({
      sli: name,
      displayName: fc.constantFrom('', 'shown'),
      pass: fc.option(sets),
      warning: fc.option(sets),
      weight: fc.integer({ min: 0, max: 4 }),
      key_sli: fc.boolean(),
    }),
    { maxLength: 5 },
  ),
  total_score: fc.record({
    pass: fc.constantFrom('90%', '50'),
    warning: fc.constantFrom('', '40'),
  }),
})
const value = fc.oneof(
  fc.record({ metric: name, value: number }).map(({ metric, value }) =>
    measured(metric, value, {
      provider: 'prometheus',
      query: `query of ${metric}`,
      unit: 'ms',
      series: { points: [[0, value]], of: 'avg' },
    }),
  ),
  name.map((metric) => unmeasured(metric, 'no-data', 'nothing', { provider: 'prometheus' })),
)
const previous = fc.array(
  fc.record({
    result: fc.constantFrom('pass', 'warning', 'fail'),
    values: fc.array(fc.record({ metric: name, value: number, success: fc.boolean() }), {
      maxLength: 5,
    }),
    isPinned: fc.integer({ min: 0, max: 9 }).map((drawn) => drawn === 0),
    isTakenBack: fc.integer({ min: 0, max: 4 }).map((drawn) => drawn === 0),
  }),
  { maxLength: 6 },
)
const failure = fc.option(fc.constantFrom('half of it', ''), { nil: undefined })

type Drawn = {
  readonly text: string
  readonly values: readonly SliValue[]
  readonly previous: readonly PreviousEvaluation[]
  readonly providerFailure: string | undefined
}

/** What `evaluation.finished` holds after it was stored and read again. */
function stored({ text, values, previous, providerFailure }: Drawn) {
  const read = readSlo({ file: 'slo.yaml', text })
  assert.ok(read.ok)
  const outcome = evaluate({
    slo: read.slo,
    values,
    previous,
    ...(providerFailure !== undefined && { providerFailure }),
  })
  const window = { start: '2026-01-01T00:00:00.000Z', end: '2026-01-01T00:05:00.000Z' }
  const explanation = explain({
    slo: read.slo,
    outcome,
    subject: { project: 'shop', stage: null, service: null, version: null },
    window: { ...window, startMs: 60_000, endMs: 360_000 },
    details: Object.fromEntries(values.map(({ metric, detail }) => [metric, detail])),
    notes: ['a note'],
  })
  const sloFileContent = Buffer.from(text).toString('base64')
  const evaluation = toEvaluation(outcome, { window, sloFileContent })
  const read2 = JSON.parse(JSON.stringify({ evaluation, explanation }))
  return { outcome, ...(read2 as { evaluation: typeof evaluation; explanation: unknown }) }
}

function runs(
  drawn: readonly {
    readonly result: string
    readonly values: PreviousEvaluation['values']
    readonly isPinned: boolean
    readonly isTakenBack: boolean
  }[],
): PreviousEvaluation[] {
  return drawn.map(({ result, values, isPinned, isTakenBack }, index) => ({
    id: `run-${index}`,
    ...(index % 2 === 0 && { triggeredId: `triggered-${index}`, timeMs: index, version: '1' }),
    result,
    values,
    ...(isPinned && { pinned: { by: 'ann', reason: 'good' } }),
    ...(isTakenBack && { unfit: { code: 'invalidated', by: 'bob', reason: 'load' } as const }),
  }))
}

/** One value per indicator, as providers answer. */
const values = fc.uniqueArray(value, { selector: ({ metric }) => metric, maxLength: 4 })

test('every stored report recomputes to its verdict, to the last number and word', () => {
  fc.assert(
    fc.property(file, values, previous, failure, (slo, sent, earlier, providerFailure) => {
      const text = JSON.stringify(slo)
      const one = stored({ text, values: sent, previous: runs(earlier), providerFailure })
      assert.equal(recomputeDifference(one), undefined)
      const explanation = readExplanation(one.explanation)
      assert.ok(explanation)
      const again = recomputeStored({ evaluation: one.evaluation, explanation })
      assert.ok(again.code === 'recomputed')
      assert.equal(again.outcome.result, one.outcome.result)
      assert.equal(again.outcome.status, one.outcome.status)
      assert.equal(again.outcome.message, one.outcome.message)
    }),
    { numRuns: 400 },
  )
})

test('so does one of a file that cannot be evaluated, or names nothing', () => {
  for (const objectives of [[], [{ sli: 'a', pass: [{ criteria: ['10'] }] }]]) {
    const text = JSON.stringify({ objectives })
    assert.equal(recomputeDifference(stored({ ...ONE, text })), undefined)
  }
})

const SLO = JSON.stringify({
  comparison: { compare_with: 'several_results' },
  objectives: [{ sli: 'a', pass: [{ criteria: ['<=+10%'] }] }],
})
const ONE: Drawn = {
  text: SLO,
  values: [measured('a', 12, { provider: 'prometheus' })],
  previous: [{ id: 'before', result: 'pass', values: [{ metric: 'a', value: 10, success: true }] }],
  providerFailure: undefined,
}

test('a report that was tampered with does not, and says where', () => {
  const score = stored(ONE)
  score.evaluation.score = 100
  assert.match(recomputeDifference(score) ?? '', /^evaluation\.score is 100, and comes out as 0$/)
  const limit = JSON.parse(JSON.stringify(stored(ONE)).replaceAll('11 = 10', '13 = 10'))
  assert.match(
    recomputeDifference(limit) ?? '',
    /^explanation\.objectives\.0\.pass\.0\..* is "12 > 13/,
  )
  const baseline = JSON.parse(JSON.stringify(stored(ONE)))
  baseline.explanation.objectives[0].baseline.runs[0].value = 20
  assert.match(
    recomputeDifference(baseline) ?? '',
    /^evaluation\.result is "fail", and comes out as "pass"$/,
  )
})

test('a report of somebody else is none of ours, whatever is in it', () => {
  for (const explanation of [undefined, null, 1, 'x', [], {}, { sentence: 'x' }, { version: 3 }]) {
    assert.equal(readExplanation(explanation), undefined)
  }
  const one = stored(ONE)
  const broken = { ...(one.explanation as object), objectives: [{ sli: 'a' }] }
  assert.equal(readExplanation(broken), undefined)
})

test('what ended before it was judged has nothing to compute', () => {
  const one = stored(ONE)
  const ended = { ...(one.explanation as object), objectives: [], baseline: null }
  const evaluation = { ...one.evaluation, indicatorResults: null, score: 0 }
  assert.equal(recomputeDifference({ evaluation, explanation: ended }), undefined)
  assert.match(
    recomputeDifference({ evaluation: one.evaluation, explanation: ended }) ?? '',
    /nothing that they were judged by/,
  )
})
