import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measured, unmeasured } from '@tiphys/core/evaluation/sli-value.ts'
import { toGetSli, toPreviousEvaluation } from '@tiphys/core/evaluation/wire.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import { createTestResultsProvider } from '../sli/test-results-provider.ts'
import { type EvaluationTask, prepareEvaluation } from './prepare-evaluation.ts'
import { type EvaluationRun, finishEvaluation, runEvaluation } from './run-evaluation.ts'

const SLO = `
spec_version: '1.0'
filter:
  handler: Items
objectives:
  - sli: response_time_p95
    displayName: Latency
    pass:
      - criteria: ["<=+10%", "<600"]
    warning:
      - criteria: ["<800"]
  - sli: error_rate
    key_sli: true
    pass:
      - criteria: ["<=1"]
`
const RESULTS = { response_time_p95: 312.5, error_rate: 0, requests: 100 }
const TEST_WINDOW = { start: '2026-11-22T11:12:00.000Z', end: '2026-11-22T11:12:20.000Z' }

function run(change: Partial<EvaluationRun> = {}): EvaluationRun {
  return {
    project: 'shop',
    stage: 'staging',
    service: 'checkout',
    data: { test: TEST_WINDOW },
    labels: { version: '1.8.2' },
    dueMs: Date.UTC(2026, 10, 22, 12),
    slo: { file: 'staging/checkout/slo.yaml', text: SLO },
    sliFiles: {},
    sliProvider: 'test-results',
    provider: (name) => (name === 'test-results' ? createTestResultsProvider(RESULTS) : undefined),
    previousEvaluations: () => Promise.resolve([]),
    ...change,
  }
}

test('a whole evaluation on test results: the payload of Keptn, and the report', async () => {
  const answer = await runEvaluation(run())
  assert.deepEqual(answer.evaluation, {
    timeStart: TEST_WINDOW.start,
    timeEnd: TEST_WINDOW.end,
    result: 'pass',
    score: 100,
    sloFileContent: Buffer.from(SLO).toString('base64'),
    comparedEvents: [],
    indicatorResults: [
      {
        score: 1,
        value: {
          metric: 'response_time_p95',
          value: 312.5,
          comparedValue: 0,
          success: true,
          message: '',
        },
        displayName: 'Latency',
        passTargets: [
          { criteria: '<=+10%', targetValue: 0, violated: false },
          { criteria: '<600', targetValue: 600, violated: false },
        ],
        warningTargets: [{ criteria: '<800', targetValue: 800, violated: false }],
        keySli: false,
        status: 'pass',
      },
      {
        score: 1,
        value: { metric: 'error_rate', value: 0, comparedValue: 0, success: true, message: '' },
        displayName: '',
        passTargets: [{ criteria: '<=1', targetValue: 1, violated: false }],
        warningTargets: null,
        keySli: true,
        status: 'pass',
      },
    ],
  })
  assert.deepEqual([answer.status, answer.result, answer.message], ['succeeded', 'pass', ''])
  assert.equal(
    answer.explanation.sentence,
    'checkout 1.8.2 passed in staging with 100 of 90 needed.',
  )
  assert.equal(answer.explanation.objectives[0]?.unit, 'ms')
})

test('what was finished can be compared with: the second run fails against the first', async () => {
  const first = await runEvaluation(run())
  const previous = toPreviousEvaluation('event-1', first.result, first.evaluation)
  const slower = { ...RESULTS, response_time_p95: 400 }
  const answer = await runEvaluation(
    run({
      provider: () => createTestResultsProvider(slower),
      previousEvaluations: () => Promise.resolve([previous]),
    }),
  )
  assert.equal(answer.result, 'warning')
  assert.deepEqual(answer.evaluation.comparedEvents, ['event-1'])
  assert.equal(
    answer.message,
    'Evaluation returned a warning: the calculated score of 75 is close to the warning target value of 75',
  )
  assert.match(
    answer.explanation.sentence,
    /Latency was 400 ms, above its limit of 343\.8 ms \(312\.5 ms × 1\.1, the previous run\)/,
  )
})

test('without an slo.yaml it passes and says so; nobody is asked', async () => {
  for (const slo of [null, { file: 'slo.yaml', text: '' }]) {
    const answer = await runEvaluation(run({ slo, provider: () => assert.fail('asked') }))
    assert.equal(answer.result, 'pass')
    assert.equal(answer.status, 'succeeded')
    assert.equal(
      answer.message,
      'no evaluation performed by lighthouse because no SLO file configured for project shop',
    )
    assert.equal(answer.evaluation.score, 0)
    assert.equal(answer.evaluation.indicatorResults, null)
    assert.equal(answer.explanation.verdict, 'pass')
  }
})

test('what cannot be evaluated ends errored with the reason', async () => {
  const reason = async (change: Partial<EvaluationRun>) => {
    const answer = await runEvaluation(run(change))
    assert.deepEqual([answer.status, answer.result], ['errored', 'fail'])
    assert.equal(answer.evaluation.result, 'fail')
    assert.equal(answer.explanation.verdict, 'none')
    return answer.message
  }
  assert.equal(
    await reason({ data: {} }),
    'evaluation.triggered event does not contain evaluation timeframe',
  )
  assert.match(
    await reason({ slo: { file: 'slo.yaml', text: 'objectives: 3\n' } }),
    /^error retrieving SLO file: slo\.yaml:1:1: objectives: expected list/,
  )
  assert.match(await reason({ sliProvider: undefined }), /^no SLI provider for project shop/)
  assert.equal(
    await reason({ sliProvider: 'dynatrace' }),
    'evaluation performed by lighthouse received an unexpected error: SLI provider dynatrace is not connected, and nobody answers for it',
  )
  const broken = { 'test-results': [{ file: 'test-results/sli.yaml', text: 'indicators: [' }] }
  assert.match(
    await reason({ sliFiles: broken }),
    /unexpected error: test-results\/sli\.yaml:\d+:\d+: this is not valid YAML/,
  )
  assert.match(
    await reason({ provider: () => createTestResultsProvider(undefined) }),
    /^no verdict because no indicator has a value: response_time_p95: there are no test results/,
  )
})

test('a criterion nobody can read fails, with its line in the report', async () => {
  const slo = {
    file: 'slo.yaml',
    text: 'objectives:\n  - sli: a\n    pass:\n      - criteria: ["10"]\n',
  }
  const answer = await runEvaluation(run({ slo }))
  assert.deepEqual([answer.status, answer.result], ['succeeded', 'fail'])
  assert.match(answer.message, /^error with a: criterion "10": invalid criteria string/)
  assert.match(answer.explanation.notes[0] ?? '', /^slo\.yaml:4:20: criterion "10"/)
})

test('queries are merged project, stage, service, and filled with what the event says', async () => {
  const asked: unknown[] = []
  const provider: SliProvider = {
    name: 'prometheus',
    fetchValue({ indicator, query, scope, window }) {
      asked.push([indicator, query?.query, scope.deployment, scope.filters, window.startMs])
      return Promise.resolve(
        indicator === 'error_rate'
          ? unmeasured(indicator, 'no-data', 'query did not return any values', { provider: 'p' })
          : measured(indicator, 100, { provider: 'p' }),
      )
    },
  }
  const answer = await runEvaluation(
    run({
      data: {
        evaluation: { timeframe: '5m' },
        deployment: { deploymentNames: ['canary'] },
      },
      sliFiles: {
        prometheus: [
          { file: 'a', text: 'indicators: { error_rate: project, response_time_p95: project }' },
          { file: 'b', text: 'indicators: { error_rate: service }' },
        ],
      },
      provider: (name) => (name === 'prometheus' ? provider : undefined),
    }),
  )
  const start = Date.UTC(2026, 10, 22, 11, 55)
  assert.deepEqual(asked, [
    ['response_time_p95', 'project', 'canary', { handler: 'Items' }, start],
    ['error_rate', 'service', 'canary', { handler: 'Items' }, start],
  ])
  assert.equal(answer.result, 'fail')
  assert.equal(answer.status, 'succeeded')
  assert.equal(
    answer.message,
    "Evaluation failed due to key_sli objective 'error_rate': query did not return any values",
  )
})

test('a provider outside is asked with get-sli.triggered, and its answer finishes the evaluation', () => {
  const { provider: _p, previousEvaluations: _e, ...task } = run()
  const preparation = prepareEvaluation(task satisfies EvaluationTask)
  assert.ok(preparation.code === 'ready')
  const { prepared } = preparation
  assert.deepEqual(toGetSli(prepared.slo, 'remote', prepared.window), {
    sliProvider: 'remote',
    start: TEST_WINDOW.start,
    end: TEST_WINDOW.end,
    indicators: ['response_time_p95', 'error_rate'],
    customFilters: [{ key: 'handler', value: 'Items' }],
  })
  const values = [
    { metric: 'response_time_p95', value: 1, success: true },
    { metric: 'error_rate', value: 0, success: true },
    { metric: 'extra', value: 0, success: true },
  ]
  const finish = (told: object) => finishEvaluation(prepared, { code: 'told', values, ...told }, [])
  assert.match(
    finish({ result: 'pass' }).message,
    /^Lighthouse received additional SLIs.*: extra \./,
  )
  const failed = finish({ status: 'succeeded', result: 'fail', message: 'half' })
  assert.equal(failed.result, 'fail')
  assert.equal(failed.evaluation.result, 'pass')
  assert.equal(failed.message, 'lighthouse failed because SLI failed with message half')
  assert.match(finish({ status: 'errored', message: 'down' }).message, /unexpected error: down$/)
  assert.equal(
    finish({ status: 'aborted' }).message,
    'evaluation performed by lighthouse was aborted',
  )
})

test('an abort is no verdict: it is thrown', async () => {
  const stuck: SliProvider = {
    name: 'test-results',
    fetchValue: ({ signal }) => {
      signal?.throwIfAborted()
      return assert.fail('there is a signal')
    },
  }
  const signal = AbortSignal.abort(new Error('stopped'))
  await assert.rejects(runEvaluation(run({ provider: () => stuck, signal })), /stopped/)
})
