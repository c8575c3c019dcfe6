import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { measured, unmeasured } from '@tiphys/core/evaluation/sli-value.ts'
import { toPreviousEvaluation } from '@tiphys/core/evaluation/wire.ts'
import type { RemoteQuestion, RemoteReply } from '../sli/remote-sli.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import { createTestResultsProvider } from '../sli/test-results-provider.ts'
import { type EvaluationRun, runEvaluation as runUnchecked } from './run-evaluation.ts'
import { recomputeDifference } from './stored-report.ts'

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

/** Whatever comes out of a test here has to come out again from its report alone. */
async function runEvaluation(wish: EvaluationRun): ReturnType<typeof runUnchecked> {
  const answer = await runUnchecked(wish)
  const { evaluation, explanation } = JSON.parse(JSON.stringify(answer))
  assert.equal(recomputeDifference({ evaluation, explanation }), undefined)
  return answer
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
    await reason({ sliProvider: 'somebody' }),
    'evaluation performed by lighthouse received an unexpected error: SLI provider somebody is not connected, and nobody answers for it',
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

/** Somebody outside who answers for every name that is not built in. */
function outside(reply: Partial<RemoteReply>, data: JsonObject = {}) {
  const asked: RemoteQuestion[] = []
  const ask = (question: RemoteQuestion): Promise<RemoteReply> => {
    asked.push(question)
    const said = { status: 'succeeded', result: 'pass', message: '' } as const
    return Promise.resolve({ code: 'answered', ...said, answers: [{ 'get-sli': data }], ...reply })
  }
  return { asked, remote: () => ({ ask }) }
}

const TOLD = {
  indicatorValues: [
    { metric: 'response_time_p95', value: 1, success: true },
    { metric: 'error_rate', value: 0, success: true },
    { metric: 'extra', value: 0, success: true },
  ],
}

test('a provider outside is asked with get-sli.triggered, and its answer finishes the evaluation', async () => {
  const { asked, remote } = outside({}, TOLD)
  const data = { test: TEST_WINDOW, deployment: { deploymentNames: ['canary', 'other'] } }
  const answer = await runEvaluation(run({ sliProvider: 'remote', remote, data }))
  assert.deepEqual(asked, [
    {
      getSli: {
        sliProvider: 'remote',
        start: TEST_WINDOW.start,
        end: TEST_WINDOW.end,
        indicators: ['response_time_p95', 'error_rate'],
        customFilters: [{ key: 'handler', value: 'Items' }],
      },
      deployment: 'canary',
    },
  ])
  assert.deepEqual([answer.status, answer.result], ['succeeded', 'pass'])
  assert.match(answer.message, /^Lighthouse received additional SLIs.*: extra \./)
  assert.equal(answer.evaluation.indicatorResults?.[0]?.value?.value, 1)
  assert.equal(answer.explanation.objectives[0]?.provider, 'remote')
})

test('what a provider outside says of its answer as a whole counts, in the words of Keptn', async () => {
  const end = (reply: Partial<RemoteReply>) =>
    runEvaluation(run({ sliProvider: 'remote', ...outside(reply, TOLD) }))
  const failed = await end({ result: 'fail', message: 'half' })
  assert.equal(failed.result, 'fail')
  assert.equal(failed.evaluation.result, 'pass')
  assert.equal(failed.message, 'lighthouse failed because SLI failed with message half')
  const errored = await end({ status: 'errored', result: 'fail', message: 'down' })
  assert.equal(errored.status, 'errored')
  assert.match(errored.message, /unexpected error: down$/)
  const aborted = await end({ status: 'aborted', result: 'fail' })
  assert.equal(aborted.message, 'evaluation performed by lighthouse was aborted')
})

test('values measured here and told from outside make one evaluation', async () => {
  const { asked, remote } = outside(
    {},
    {
      indicatorValues: [
        { metric: 'error_rate', value: 0.5, success: true },
        // Not asked of it: the provider that has the indicator counts.
        { metric: 'response_time_p95', value: 9999, success: true },
      ],
    },
  )
  const mixed = {
    remote,
    sliProvider: 'test-results',
    sliFiles: {
      'test-results': [{ file: 'a', text: 'indicators: { response_time_p95: response_time_p95 }' }],
      remote: [{ file: 'b', text: 'indicators: { error_rate: whatever }' }],
    },
  }
  const answer = await runEvaluation(run(mixed))
  assert.deepEqual(asked[0]?.getSli.indicators, ['error_rate'])
  assert.equal(answer.result, 'pass')
  const values = answer.evaluation.indicatorResults?.map(({ value }) => value?.value)
  assert.deepEqual(values, [312.5, 0.5])
  const providers = answer.explanation.objectives.map(({ provider }) => provider)
  assert.deepEqual(providers, ['test-results', 'remote'])

  const silent = outside({ code: 'unanswered', status: 'errored', result: 'fail', message: 'gone' })
  const half = await runEvaluation(run({ ...mixed, remote: silent.remote }))
  assert.deepEqual([half.status, half.result], ['succeeded', 'fail'])
  assert.equal(half.explanation.objectives[1]?.measurement.kind, 'provider-error')
  assert.match(half.message, /'error_rate': gone$/)
})

test('a connection wins over somebody outside, and without either the evaluation ends', async () => {
  const { asked, remote } = outside({}, TOLD)
  assert.equal((await runEvaluation(run({ remote }))).result, 'pass')
  assert.deepEqual(asked, [])
  const nobody = await runEvaluation(run({ sliProvider: 'remote', remote: () => undefined }))
  assert.match(nobody.message, /SLI provider remote is not connected, and nobody answers for it$/)
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
