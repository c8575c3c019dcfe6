import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { SloFile } from '@tiphys/contract/slo.ts'
import { sloDifferences } from './slo-differences.ts'

test('slo files: each line of the compatibility table that shows in one', () => {
  const good: SloFile = {
    objectives: [{ sli: 'a', pass: [{ criteria: ['<=5'] }] }],
    total_score: { pass: '90%', warning: '75%' },
  }
  const codes = (more: SloFile) =>
    sloDifferences({ ...good, ...more }).map(
      ({ severity, code, path }) => `${severity} ${code} ${path.join('.')}`,
    )
  assert.deepEqual(codes({}), [])
  const pass = [{ criteria: ['<=5'] }]
  assert.deepEqual(codes({ objectives: [{ sli: 'a', pass, weight: 0 }, { sli: 'b' }] }), [
    'changes weight-zero objectives.0.weight',
    'error weights-all-zero objectives',
  ])
  assert.deepEqual(codes({ total_score: null }), ['changes total-score-missing total_score'])
  assert.deepEqual(codes({ total_score: { warning: '50' } }), [
    'changes total-score-missing total_score',
  ])
  assert.deepEqual(codes({ total_score: { pass: 'most' } }), [
    'error total-score-unreadable total_score.pass',
  ])
  assert.deepEqual(codes({ comparison: { aggregate_function: 'p99' } }), [
    'changes aggregate-p99 comparison.aggregate_function',
  ])
  assert.deepEqual(codes({ comparison: { aggregate_function: 'median' } }), [
    'error aggregate-unknown comparison.aggregate_function',
  ])
  assert.deepEqual(
    codes({
      objectives: [
        { sli: 'a', pass: [{ criteria: ['x'] }], warning: [{ criteria: ['<=y'] }], weight: 0 },
        null,
        { sli: 'a' },
      ],
    }),
    [
      'info pass-criterion-unreadable objectives.0.pass.0.criteria.0',
      'error warning-criterion-unreadable objectives.0.warning.0.criteria.0',
      'changes weight-zero objectives.0.weight',
      'changes sli-used-twice objectives.2.sli',
      'error weights-all-zero objectives',
    ],
  )
})
