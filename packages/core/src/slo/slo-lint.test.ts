import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SloFile } from '@tiphys/contract/slo.ts'
import { normaliseSlo } from './slo.ts'
import { lintSlo, sloErrors } from './slo-lint.ts'

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
  const file: SloFile = {
    comparison: { aggregate_function: 'p59' },
    objectives: [null, { sli: 'a', pass: pass(['<10', '10']), warning: pass(['<=x']) }],
    total_score: { pass: 'most', warning: 'some' },
  }
  const errors = [
    'error aggregate-unknown comparison.aggregate_function',
    'error criterion-invalid objectives.1.pass.0.criteria.1',
    'error criterion-invalid objectives.1.warning.0.criteria.0',
    'error total-score-invalid total_score.pass',
    'error total-score-invalid total_score.warning',
  ]
  assert.deepEqual(found(file), errors)
  const alone = sloErrors(normaliseSlo(file))
  assert.deepEqual(
    alone.map(({ severity, code, path }) => `${severity} ${code} ${path.join('.')}`),
    errors,
  )
  assert.match(alone[0]?.message ?? '', /it is one of avg, p50, p90, p95, p99; did you mean p50\?$/)
})

test('objectives that can never fail, never pass or never warn are named', () => {
  const never = (objective: object) =>
    found({
      objectives: [
        { sli: 'a', ...objective },
        { ...GOOD, sli: 'b' },
      ],
      total_score: { pass: '50' },
    })
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
  assert.deepEqual(found({ objectives: [GOOD, { ...GOOD, sli: 'b', weight: 0, key_sli: true }] }), [
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
      'warning total-score-impossible total_score.pass',
      'warning total-score-no-warning-band total_score.warning',
    ],
  )
})

test('relative criteria are judged as far as that is certain for every baseline', () => {
  const about = (objective: object) =>
    found({
      objectives: [
        { sli: 'a', ...objective },
        { ...GOOD, sli: 'b' },
      ],
      total_score: { pass: '50' },
    })
  const sure = ['warning never-fails objectives.0.pass']
  assert.deepEqual(about({ pass: pass(['<=+10'], ['>=+5']) }), sure)
  assert.deepEqual(about({ pass: pass(['<+10%'], ['>=+10%']) }), sure)
  const unfounded = ['warning holds-without-history objectives.0.pass.0']
  // Below zero 10 % more is less than 5 % more.
  assert.deepEqual(about({ pass: pass(['<=+10%'], ['>=+5%']) }), unfounded)
  assert.deepEqual(about({ pass: pass(['<+5', '>+10']) }), [
    'warning never-passes objectives.0.pass',
    ...unfounded,
  ])
  assert.deepEqual(about({ pass: pass(['<+5%', '>+10%']) }), unfounded)
  assert.deepEqual(about({ pass: pass(['<5', '<=+10%']), warning: pass(['<4', '<=+10%']) }), [
    'warning warning-without-effect objectives.0.warning',
  ])
  assert.deepEqual(about({ pass: pass(['<5', '<=+10%']), warning: pass(['<4', '<=+20%']) }), [])
})

test('sets of which only some do something are named one by one', () => {
  const about = (objective: object) => found({ objectives: [{ sli: 'a', ...objective }] })
  assert.deepEqual(about({ pass: pass(['<5', '>9'], ['<3', '<3']) }), [
    'warning criterion-twice objectives.0.pass.1.criteria.1',
    'warning set-never-holds objectives.0.pass.0',
  ])
  assert.deepEqual(about({ pass: pass(['<5']), warning: pass(['<4'], ['<9'], ['<1', '>2']) }), [
    'warning set-never-holds objectives.0.warning.2',
    'warning set-without-effect objectives.0.warning.0',
  ])
  assert.deepEqual(about({ pass: pass(['<5']), warning: pass(['>=5']) }), [
    'warning never-fails objectives.0.warning',
  ])
  assert.deepEqual(about({ pass: pass(['<5']), warning: pass(['<9', '>10']) }), [
    'warning warning-without-effect objectives.0.warning',
  ])
})

test('objectives of one indicator are held against each other', () => {
  assert.deepEqual(found({ objectives: [GOOD, { ...GOOD, displayName: 'again' }] }), [
    'warning objective-twice objectives.1.sli',
  ])
  assert.deepEqual(
    found({
      objectives: [
        { sli: 'a', pass: pass(['<5']) },
        { sli: 'a', pass: pass(['>=5']) },
      ],
    }),
    ['warning objectives-contradict objectives.1.sli'],
  )
  assert.deepEqual(found({ objectives: [GOOD, { sli: 'a', pass: pass(['<5']) }] }), [
    'info sli-twice objectives.1.sli',
  ])
})

test('a score that nothing or anything reaches is named', () => {
  const never = { sli: 'b', pass: pass(['<1', '>2']) }
  const score = (file: SloFile) =>
    found(file).filter((one) => /total-score|comparison|never-s/.test(one))
  assert.deepEqual(score({ objectives: [GOOD, never] }), [
    'warning total-score-unreachable total_score.pass',
  ])
  assert.deepEqual(score({ objectives: [GOOD, never], total_score: { pass: '50%' } }), [])
  assert.deepEqual(
    score({
      objectives: [
        { ...GOOD, weight: 9 },
        { ...never, key_sli: true },
      ],
    }),
    ['warning total-score-unreachable total_score.pass'],
  )
  assert.deepEqual(score({ objectives: [GOOD], total_score: { pass: '50', warning: '0' } }), [
    'warning total-score-always-reached total_score.warning',
  ])
  assert.deepEqual(score({ objectives: [GOOD], total_score: { pass: '0%' } }), [
    'warning total-score-always-reached total_score.pass',
  ])
  assert.deepEqual(score({ objectives: [GOOD, { sli: 'b', pass: pass([]) }] }), [
    'warning never-scored objectives.1.pass.0',
    'warning total-score-unreachable total_score.pass',
  ])
  const comparison = { compare_with: 'several_results', include_result_with_score: 'pass' }
  assert.deepEqual(score({ comparison, objectives: [GOOD, never] }), [
    'warning total-score-unreachable total_score.pass',
    'warning comparison-without-runs comparison.include_result_with_score',
  ])
})

test('how many are compared with has to fit with whom', () => {
  const number = (comparison: SloFile['comparison']) => found({ comparison, objectives: [GOOD] })
  const ignored = ['warning comparison-ignored comparison.number_of_comparison_results']
  const results = { number_of_comparison_results: 5 }
  assert.deepEqual(number({ compare_with: 'several_results', ...results }), [])
  assert.deepEqual(number({ compare_with: 'single_result', ...results }), ignored)
  assert.deepEqual(number(results), ignored)
  const one = { compare_with: 'several_results', number_of_comparison_results: 1 }
  assert.deepEqual(number(one), ignored)
})

test('a limit that looks negative is explained', () => {
  const [finding] = lintSlo(normaliseSlo({ objectives: [{ ...GOOD, pass: pass(['<10', '>-5']) }] }))
  assert.equal(
    finding?.message,
    'criterion >-5 means 5 less than earlier results; a negative limit cannot be written',
  )
})
