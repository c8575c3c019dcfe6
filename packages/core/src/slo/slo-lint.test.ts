import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SloFile } from '@tiphys/contract/slo.ts'
import { normaliseSlo } from './slo.ts'
import { lintSlo } from './slo-lint.ts'

function found(file: SloFile): string[] {
  return lintSlo(normaliseSlo(file)).map(
    (finding) => `${finding.severity} ${finding.code} ${finding.path.join('.')}`,
  )
}

function pass(...sets: string[][]) {
  return sets.map((criteria) => ({ criteria }))
}

const GOOD = { sli: 'a', pass: pass(['<=500', '<=+10%']) }

test('a sound file gives no findings', () => {
  assert.deepEqual(
    found({
      comparison: { compare_with: 'several_results', include_result_with_score: 'pass' },
      objectives: [
        { ...GOOD, warning: pass(['<=600', '<=+20%']), key_sli: true },
        { sli: 'shown only' },
      ],
      total_score: { pass: '90%', warning: '75%' },
    }),
    [],
  )
})

test('what cannot be evaluated is an error with its place', () => {
  assert.deepEqual(
    found({
      comparison: { aggregate_function: 'median' },
      objectives: [null, { sli: 'a', pass: pass(['<10', '10']), warning: pass(['<=x']) }],
      total_score: { pass: 'most', warning: 'some' },
    }),
    [
      'error aggregate-unknown comparison.aggregate_function',
      'error criterion-invalid objectives.1.pass.0.criteria.1',
      'error criterion-invalid objectives.1.warning.0.criteria.0',
      'error total-score-invalid total_score.pass',
      'error total-score-invalid total_score.warning',
    ],
  )
})

test('objectives that can never fail, never pass or never warn are named', () => {
  const never = (objective: object) => found({ objectives: [{ sli: 'a', ...objective }] })
  const neverFails = ['warning never-fails objectives.0.pass']
  assert.deepEqual(never({ pass: pass(['<10'], ['>=10']) }), neverFails)
  assert.deepEqual(never({ pass: pass(['<=20'], ['>10']) }), neverFails)
  assert.deepEqual(never({ pass: pass(['<10'], ['>10']) }), [])
  assert.deepEqual(never({ pass: pass(['<10'], []) }), ['warning never-fails objectives.0.pass.1'])
  assert.deepEqual(never({ pass: pass(['<10', '>20']) }), [
    'warning never-passes objectives.0.pass',
  ])
  assert.deepEqual(never({ pass: pass(['<=500']), warning: pass(['<=400']) }), [
    'warning warning-without-effect objectives.0.warning',
  ])
  assert.deepEqual(never({ pass: pass(['<=500']), warning: pass(['<=600']) }), [])
})

test('what passes on nothing is named', () => {
  assert.deepEqual(found({ objectives: [{ sli: 'a', pass: pass(['<=+10%']) }] }), [
    'warning holds-without-history objectives.0.pass.0',
  ])
  assert.deepEqual(found({}), ['warning no-objectives objectives'])
  assert.deepEqual(found({ objectives: [{ sli: 'a' }] }), ['warning nothing-scored objectives'])
  assert.deepEqual(found({ objectives: [GOOD, { sli: '', pass: pass(['<5']) }] }), [
    'warning sli-missing objectives.1',
  ])
})

test('key indicators without effect or without weight are named', () => {
  assert.deepEqual(found({ objectives: [GOOD, { sli: 'b', key_sli: true }] }), [
    'warning key-sli-without-effect objectives.1.key_sli',
  ])
  assert.deepEqual(found({ objectives: [GOOD, { ...GOOD, weight: 0, key_sli: true }] }), [
    'warning key-sli-without-weight objectives.1.weight',
  ])
})

test('words and numbers that have no effect are named, with a suggestion', () => {
  const findings = lintSlo(
    normaliseSlo({
      comparison: { compare_with: 'several_result', include_result_with_score: 'passed' },
      objectives: [GOOD],
    }),
  )
  assert.deepEqual(
    findings.map((finding) => finding.message),
    [
      'compare_with several_result is not known, so three earlier evaluations are compared with; did you mean several_results?',
      'include_result_with_score passed is not known, so evaluations of every result are compared with; did you mean pass?',
    ],
  )
  assert.deepEqual(
    found({
      comparison: { compare_with: 'single_result', number_of_comparison_results: 5 },
      objectives: [GOOD],
      total_score: { pass: '101%', warning: '101%' },
    }),
    [
      'warning comparison-ignored comparison.number_of_comparison_results',
      'warning total-score-unreachable total_score.pass',
      'warning total-score-no-warning-band total_score.warning',
    ],
  )
})

test('a limit that looks negative is explained', () => {
  const [finding] = lintSlo(normaliseSlo({ objectives: [{ ...GOOD, pass: pass(['<10', '>-5']) }] }))
  assert.equal(
    finding?.message,
    'criterion >-5 means 5 less than earlier results; a negative limit cannot be written',
  )
})
