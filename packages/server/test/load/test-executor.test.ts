import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { ownResults } from '@tiphys/core/load/own-results.ts'
import { mergeData } from '@tiphys/core/merge/merge.ts'
import { createTestResultsProvider } from '@tiphys/providers/sli/test-results-provider.ts'
import { executorWith, resultsOf, runTask, snapshotOf, testTask, windowOf } from './test-task.ts'
import { answerAfter, startWebServer, until } from './web-server.ts'

const LONG_LOAD = `
tests:
  - name: load
    load: { rate: 50/s, duration: 10m, requests: [{request: GET /}] }
`
const BOTH = `
tests:
  - name: smoke
    checks: [{request: GET /health}]
  - name: load
    load: { rate: 20/s, duration: 500ms, requests: [{request: GET /}] }
`
const at = (url: string, file: string) => `target: ${url}\n${file}`

test('who takes the task follows from the file and the property executor', () => {
  const { takes } = executorWith()
  const request = { stage: 'staging', service: 'carts', properties: {} }
  const [some, none] = [snapshotOf(BOTH), snapshotOf(undefined)]
  assert.equal(takes({ ...request, snapshot: some }), 'configured')
  assert.equal(takes({ ...request, snapshot: none }), 'neutral')
  const external = { ...request, properties: { executor: 'external' } }
  assert.equal(takes({ ...external, snapshot: some }), 'no')
  const own = { ...request, properties: { executor: 'tiphys' } }
  assert.equal(takes({ ...own, snapshot: none }), 'configured')
})

test('no tests is a neutral pass with a window of its own', async () => {
  const beforeMs = Date.now()
  const answer = await runTask(testTask({}))
  assert.equal(answer.result, 'pass')
  assert.equal(answer.message, 'no tests configured for carts in staging')
  assert.ok(windowOf(answer).startMs >= beforeMs)
})

test('a wrong file ends errored at its place, and nothing is sent', async () => {
  await using server = await startWebServer((_request, response) => response.end())
  const file = at(
    server.url,
    'tests:\n  - name: smoke\n    checks: [{request: GET /}]\n    laod: 1\n',
  )
  const answer = await runTask(testTask({ file }))
  assert.equal(answer.status, 'errored')
  assert.equal(answer.result, 'fail')
  assert.equal(
    answer.message,
    'staging/carts/tiphys/tests.yaml:5:5: unknown key laod in tests.0; did you mean load?',
  )
  assert.deepEqual(server.seen, [])
})

const SELECTIONS: readonly [JsonObject, string[] | string][] = [
  [{}, ['smoke', 'load']],
  [{ tests: ['load'] }, ['load']],
  [{ tests: 'smoke' }, ['smoke']],
  [{ teststrategy: 'functional' }, ['smoke']],
  [{ teststrategy: 'performance' }, ['smoke', 'load']],
  [{ tests: ['load'], teststrategy: 'functional' }, 'no tests selected for carts in staging'],
  [{ tests: ['smok'] }, 'the shipyard names a test smok, and did you mean smoke?'],
  [{ tests: [7] }, 'the shipyard names a test 7, and there are smoke, load'],
  [
    { teststrategy: 'canarywait' },
    "the shipyard's teststrategy canarywait is neither functional nor performance",
  ],
]

for (const [properties, expected] of SELECTIONS) {
  test(`the shipyard selects with ${JSON.stringify(properties)}`, async () => {
    await using server = await startWebServer((_request, response) => response.end())
    const answer = await runTask(testTask({ file: at(server.url, BOTH), properties }))
    if (typeof expected === 'string') assert.equal(answer.message, expected)
    else assert.deepEqual(Object.keys(resultsOf(answer).targets), expected)
  })
}

test('a load test is not sent at a service that fails its checks', async () => {
  await using server = await startWebServer((_request, response) => {
    response.statusCode = 500
    response.end()
  })
  const answer = await runTask(testTask({ file: at(server.url, BOTH) }))
  assert.equal(
    answer.message,
    'smoke failed: GET /health answered 500, not 2xx (0 of 1 checks passed); load was not run, because checks failed',
  )
  assert.deepEqual(server.seen, ['GET /health'])
})

test('an abort closes every connection within 100 ms', async () => {
  await using server = await startWebServer(() => undefined)
  const task = testTask({ file: at(server.url, LONG_LOAD) })
  const running = runTask(task)
  await until(() => server.openSockets() >= 10)
  const startMs = performance.now()
  task.abort('somebody pressed abort')
  const answer = await running
  assert.ok(performance.now() - startMs < 100, 'it took too long')
  assert.equal(answer.status, 'aborted')
  assert.equal(answer.result, 'fail')
  await until(() => server.openSockets() === 0)
  const arrived = server.seen.length
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(server.seen.length, arrived, 'nothing is sent after it')
})

test('an abort ends a check that waits', async () => {
  await using server = await startWebServer((_request, response) => {
    response.statusCode = 503
    response.end()
  })
  const file = 'tests:\n  - name: smoke\n    checks: [{request: GET /, within: 10m, every: 1m}]\n'
  const task = testTask({ file: at(server.url, file) })
  const running = runTask(task)
  await until(() => server.seen.length === 1)
  task.abort('superseded')
  assert.equal((await running).status, 'aborted')
})

const LIMITS: readonly [name: string, load: string, message: RegExp, timeoutMs?: number][] = [
  [
    'rate',
    'rate: 600/s, duration: 1m',
    /^load asks for 600\/s, and this server allows 500\/s for all load tests together$/,
  ],
  ['rate of users', 'users: 1, maxRate: 501/s, duration: 1m', /^load asks for 501\/s/],
  [
    'connections',
    'users: 2000, duration: 1m',
    /^load asks for 2000 connections, and this server allows 1000 /,
  ],
  ['duration', 'rate: 1/s, duration: 2h', /^load runs for 2h, and this server allows 1h$/],
  [
    'deadline',
    'rate: 1/s, warmup: 1m, duration: 10m',
    /^the load tests take 11m, and the task ends in (5m|4m 59s|4m 60s); give it a longer `timeout` in the shipyard$/,
    300_000,
  ],
]

for (const [name, load, message, timeoutMs] of LIMITS) {
  test(`limit of this server: ${name}`, async () => {
    await using server = await startWebServer((_request, response) => response.end())
    const file = `tests: [{name: load, load: {${load}, requests: [{request: GET /}]}}]\n`
    const options = timeoutMs === undefined ? {} : { timeoutMs }
    const answer = await runTask(testTask({ file: at(server.url, file), ...options }))
    assert.equal(answer.status, 'errored')
    assert.match(answer.message, message)
    assert.deepEqual(server.seen, [])
  })
}

test('load tests together stay within what the server allows: the later one waits', async () => {
  await using first = await startWebServer((_request, response) => response.end())
  await using second = await startWebServer((_request, response) => response.end())
  const file =
    'tests: [{name: load, load: {rate: 30/s, duration: 600ms, requests: [{request: GET /}]}}]\n'
  const limits = { maxRatePerS: 50, maxConnections: 1_000, maxDurationMs: 60_000 }
  const executor = executorWith({ limits })
  const waiting = testTask({ file: at(second.url, file) })
  const running = executor.execute(testTask({ file: at(first.url, file) }).job)
  await until(() => first.seen.length > 0)
  const other = executor.execute(waiting.job)
  await until(() => waiting.progress.length > 0)
  assert.deepEqual(waiting.progress, [
    'load: waits until other load tests leave enough of what this server allows',
  ])
  await until(() => second.seen.length > 0)
  assert.equal(first.seen.length, 18, 'the first had sent everything')
  await Promise.all([running, other])
})

test('live figures are reported, and nothing after the end', async () => {
  await using server = await startWebServer(answerAfter(1))
  const file =
    'tests: [{name: load, load: {rate: 50/s, warmup: 300ms, duration: 1s, requests: [{request: GET /}]}}]\n'
  const task = testTask({ file: at(server.url, file) })
  await runTask(task, { progressIntervalMs: 110 })
  assert.match(task.progress[0] ?? '', /^load: \d+ms of 1.3s, warming up$/)
  assert.match(
    task.progress.at(-1) ?? '',
    /^load: \S+ of 1.3s, \d+ requests, \S+\/s, p50 \S+ ms, p95 \S+ ms, errors 0 %$/,
  )
  const reports = task.progress.length
  await new Promise((resolve) => setTimeout(resolve, 150))
  assert.equal(task.progress.length, reports)
})

test('after a restart the tests run again from the start and say so', async () => {
  await using server = await startWebServer((_request, response) => response.end())
  const file = at(server.url, 'tests: [{name: smoke, checks: [{request: GET /}]}]\n')
  const fresh = testTask({ file })
  await runTask(fresh)
  assert.deepEqual(fresh.notes, [{ type: 'test.begun', data: { attempt: 1, tests: 1 } }])
  const again = await runTask(testTask({ file, notes: [{ attempt: 1, tests: 1 }] }))
  assert.equal(
    again.message,
    'smoke passed (1 of 1 checks) (run again from the start after a restart)',
  )
  const nextAttempt = await runTask(testTask({ file, notes: [{ attempt: 0, tests: 1 }] }))
  assert.equal(nextAttempt.message, 'smoke passed (1 of 1 checks)')
})

function sliRequest(indicator: string) {
  const window = { startMs: 0, endMs: 1 }
  const names = { project: 'sockshop', stage: 'staging', service: 'carts', deployment: 'primary' }
  return { indicator, query: undefined, window, scope: { ...names, labels: {}, filters: {} } }
}

test('what a later stage did not measure is not taken from an earlier one', async () => {
  await using server = await startWebServer((_request, response) => response.end())
  const file = at(server.url, BOTH)
  const earlier = await runTask(testTask({ file }))
  const later = testTask({ file, properties: { tests: 'smoke' } })
  const answer = await runTask({ ...later, job: { ...later.job, runId: 'run-2' } })
  const merged = mergeData(earlier.data ?? {}, answer.data ?? {})
  const results = (merged['test'] as JsonObject)['results'] as JsonObject
  assert.ok(results['response_time_p95'] !== undefined, 'the merge keeps the old figure')
  assert.deepEqual(ownResults(results), resultsOf(answer))
  const provider = createTestResultsProvider(results)
  const stale = await provider.fetchValue(sliRequest('response_time_p95'))
  assert.equal(stale.success, false)
  const fresh = await provider.fetchValue(sliRequest('checks_passed'))
  assert.equal(fresh.value, 1)
})
