import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SloFile } from '@tiphys/contract/slo.ts'
import { normaliseSlo } from '../slo/slo.ts'
import type { PreviousEvaluation } from './baseline.ts'
import { type EvaluationOutcome, evaluate } from './evaluation.ts'

type Objective = NonNullable<NonNullable<SloFile['objectives']>[number]>

function objective(sli: string, pass: string[], more: Partial<Objective> = {}): Objective {
  return { sli, pass: [{ criteria: pass }], ...more }
}

function verdict(
  file: SloFile,
  values: Readonly<Record<string, number | string>>,
  previous: readonly PreviousEvaluation[] = [],
): EvaluationOutcome {
  return evaluate({
    slo: normaliseSlo(file),
    previous,
    values: Object.entries(values).map(([metric, value]) =>
      typeof value === 'number'
        ? { metric, value, success: true, message: '' }
        : { metric, value: 0, success: false, message: value },
    ),
  })
}

function run(id: string, result: string, value: number, success = true): PreviousEvaluation {
  return { id, result, values: [{ metric: 'rt', value, success }] }
}

test('without a total score 90 and 75 hold', () => {
  const objectives = [objective('a', ['<10'], { weight: 3 }), objective('b', ['<10'])]
  const outcome = verdict({ objectives }, { a: 1, b: 11 })
  assert.equal(outcome.score, 75)
  assert.equal(outcome.result, 'warning')
})

test('a pass score alone leaves no warning band; a warning alone keeps 90', () => {
  const objectives = [objective('a', ['<10'], { weight: 4 }), objective('b', ['<10'])]
  const values = { a: 1, b: 11 }
  assert.equal(verdict({ objectives, total_score: { pass: '90' } }, values).result, 'fail')
  assert.equal(verdict({ objectives, total_score: { warning: '80%' } }, values).result, 'warning')
})

test('a weight of 0 is shown and not scored', () => {
  const shown = objective('b', ['<10'], { weight: 0 })
  const outcome = verdict({ objectives: [objective('a', ['<10']), shown] }, { a: 1, b: 99 })
  assert.equal(outcome.result, 'pass')
  assert.equal(outcome.score, 100)
  assert.deepEqual(
    outcome.objectives?.map((one) => one.status),
    ['pass', 'fail'],
  )
})

test('all weights 0: pass with 100, unless a key indicator fails', () => {
  const file = (key: boolean) => ({
    objectives: [objective('a', ['<10'], { weight: 0, key_sli: key })],
  })
  assert.equal(verdict(file(false), { a: 99 }).result, 'pass')
  assert.equal(verdict(file(false), { a: 99 }).score, 100)
  const vetoed = verdict(file(true), { a: 99 })
  assert.equal(vetoed.result, 'fail')
  assert.match(vetoed.message, /^Evaluation failed due to key_sli objective 'a': /)
})

test('an unknown aggregate function is an error, also where nothing is relative', () => {
  const outcome = verdict(
    { objectives: [objective('a', ['<10'])], comparison: { aggregate_function: 'median' } },
    { a: 1 },
  )
  assert.equal(outcome.status, 'errored')
  assert.equal(outcome.result, 'fail')
  assert.match(outcome.message, /aggregate_function median is not known/)
  assert.equal(outcome.objectives, null)
})

test('p99 is an aggregate function', () => {
  const outcome = verdict(
    {
      objectives: [objective('rt', ['<=+10%'])],
      comparison: { compare_with: 'several_results', aggregate_function: 'p99' },
    },
    { rt: 105 },
    [run('2', 'pass', 100), run('1', 'pass', 90)],
  )
  assert.equal(outcome.result, 'pass')
  assert.equal(outcome.objectives?.[0]?.baseline.value, 100)
})

test('a criterion that cannot be read ends the evaluation, in pass and in warning', () => {
  for (const broken of [
    objective('a', ['10']),
    objective('a', ['<10'], { warning: [{ criteria: ['<= x'] }] }),
  ]) {
    const outcome = verdict({ objectives: [{ ...broken, displayName: 'Latency' }] }, { a: 1 })
    assert.equal(outcome.status, 'succeeded')
    assert.equal(outcome.result, 'fail')
    assert.equal(outcome.score, 0)
    assert.match(outcome.message, /^error with Latency: criterion "/)
    assert.equal(outcome.findings[0]?.code, 'criterion-invalid')
  }
})

test('an SLI used twice is evaluated twice, and counts once in history', () => {
  const file: SloFile = {
    comparison: { compare_with: 'several_results', number_of_comparison_results: 5 },
    objectives: [objective('rt', ['<=200']), objective('rt', ['<=+10%'])],
  }
  const twice = {
    id: '1',
    result: 'pass',
    values: [...run('', '', 100).values, ...run('', '', 100).values],
  }
  const outcome = verdict(file, { rt: 120 }, [twice, run('0', 'pass', 120)])
  assert.deepEqual(
    outcome.objectives?.map((one) => one.status),
    ['pass', 'pass'],
  )
  assert.deepEqual(outcome.objectives?.[1]?.baseline.runs, [
    { id: '1', value: 100 },
    { id: '0', value: 120 },
  ])
})

test('no value at all is no verdict; one value is a verdict', () => {
  const objectives = [objective('a', ['<10']), objective('b', ['<10'])]
  const none = verdict({ objectives }, { a: 'connection refused' })
  assert.equal(none.status, 'errored')
  assert.equal(none.result, 'fail')
  assert.equal(none.cause, 'no-value')
  assert.equal(
    none.message,
    'no verdict because no indicator has a value: a: connection refused; b: no value received from SLI provider',
  )
  assert.equal(none.objectives?.length, 2)
  const partial = verdict({ objectives }, { a: 1 })
  assert.equal(partial.status, 'succeeded')
  assert.equal(partial.score, 50)
})

test('no objectives fail, informational ones pass', () => {
  const none = verdict({}, { a: 1 })
  assert.equal(none.message, 'lighthouse failed because no SLO objective was provided')
  assert.equal(none.result, 'fail')
  assert.equal(none.status, 'succeeded')
  const informational = verdict({ objectives: [{ sli: 'a' }] }, { a: 1 })
  assert.equal(informational.result, 'pass')
  assert.equal(informational.score, 100)
})

test('a provider that calls its answer a failure forces the event to fail, the score stays', () => {
  const slo = normaliseSlo({ objectives: [objective('a', ['<10'])] })
  const values = [{ metric: 'a', value: 1, success: true }]
  const outcome = evaluate({ slo, values, previous: [], providerFailure: 'half of it' })
  assert.equal(outcome.result, 'fail')
  assert.equal(outcome.evaluatedResult, 'pass')
  assert.equal(outcome.score, 100)
  assert.equal(outcome.message, 'lighthouse failed because SLI failed with message half of it')
})

test('what nobody asked for is named in a pass', () => {
  const outcome = verdict({ objectives: [objective('a', ['<10'])] }, { a: 1, b: 2, c: 3 })
  assert.equal(
    outcome.message,
    'Lighthouse received additional SLIs, which are not specified as SLO: b, c . Please consider using them as an SLO.',
  )
})

test('history: filter by overall result, then the limit, invalidated ones never', () => {
  const newestFirst: PreviousEvaluation[] = [
    { ...run('5', 'pass', 500), unfit: { code: 'invalidated', by: '', reason: '' } },
    run('4', 'fail', 400),
    run('3', 'warning', 300),
    run('2', 'pass', 200),
    run('1', 'pass', 100),
  ]
  const compared = (comparison: SloFile['comparison']) =>
    verdict({ comparison, objectives: [objective('rt', ['<=+10%'])] }, { rt: 1 }, newestFirst)
      .compared.map((evaluation) => evaluation.id)
      .join()
  assert.equal(compared(undefined), '4')
  assert.equal(compared({}), '4,3,2')
  assert.equal(
    compared({ compare_with: 'several_results', include_result_with_score: 'pass' }),
    '2,1',
  )
  assert.equal(
    compared({ compare_with: 'single_result', include_result_with_score: 'pass_or_warn' }),
    '3',
  )
  assert.equal(
    compared({ compare_with: 'several_results', number_of_comparison_results: 4 }),
    '4,3,2,1',
  )
})
