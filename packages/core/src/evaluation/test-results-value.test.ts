import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testResultsValue } from './test-results-value.ts'

const RESULTS = {
  requests: 100,
  error_rate: 0,
  rps: 12.5,
  response_time_p95: 41.2,
  k6: {
    iterations: 7,
    name: 'smoke',
    'http_reqs{name:pay}': { p99_9: 3 },
    run: 'r',
    measured: 'x',
  },
  jmeter: { pass_rate: 5 },
  targets: { checkout: { response_time_p95: 60 }, 'shop.cart': { rps: 3 } },
}

function value(indicator: string, path?: string) {
  const found = testResultsValue(indicator, path, RESULTS)
  return found.success ? [found.value, found.detail.unit] : [found.detail.problem, found.message]
}

test('built-in names need no file, and carry their unit', () => {
  assert.deepEqual(value('response_time_p95'), [41.2, 'ms'])
  assert.deepEqual(value('throughput'), [12.5, '/s'])
  assert.deepEqual(value('error_rate'), [0, '%'])
  assert.deepEqual(value('requests'), [100, undefined])
})

test('a path leads to a target or to a number of another tool', () => {
  assert.deepEqual(value('latency', 'targets.checkout.response_time_p95'), [60, 'ms'])
  assert.deepEqual(value('cart', 'targets["shop.cart"].rps'), [3, '/s'])
  assert.deepEqual(value('cart', 'targets["shop.cart"]["rps"]'), [3, '/s'])
  assert.deepEqual(value('smoke', 'k6.iterations'), [7, undefined])
  assert.deepEqual(value('targets.checkout.response_time_p95'), [60, 'ms'])
})

test('figures of tools: any metric, and a tool whose file nobody wrote', () => {
  assert.deepEqual(value('k6["http_reqs{name:pay}"].p99_9'), [3, undefined])
  assert.deepEqual(value('jmeter.pass_rate'), [5, '%'])
  assert.deepEqual(value('junit.failed'), [
    'no-data',
    'the test results have no junit.failed: no test of this run wrote a result file of junit',
  ])
  assert.deepEqual(value('k6.nothing.p95'), [
    'unknown-indicator',
    'the test results have no k6.nothing; there are iterations, http_reqs{name:pay}',
  ])
})

test('nothing measured, a wrong name and something that is no number are told apart', () => {
  assert.deepEqual(value('response_time_p99'), [
    'no-data',
    'the test results have no response_time_p99: it was not measured',
  ])
  assert.equal(value('targets.checkout.rps')[0], 'no-data')
  assert.deepEqual(value('x', 'targets.chekout.rps'), [
    'unknown-indicator',
    'the test results have no targets.chekout; did you mean checkout?',
  ])
  assert.deepEqual(value('respons_time_p95'), [
    'unknown-indicator',
    'the test results have no respons_time_p95; did you mean response_time_p95?',
  ])
  assert.deepEqual(value('x', 'k6.name'), [
    'not-a-number',
    'the test results hold "smoke" at k6.name, not a number',
  ])
  assert.equal(value('x', 'targets')[0], 'not-a-number')
  assert.equal(value('constructor')[0], 'unknown-indicator')
  for (const broken of ['.rps', 'targets..rps', 'a[b]', 'a"b']) {
    assert.match(String(value('x', broken)[1]), /is not a path like/, broken)
  }
  const none = testResultsValue('rps', undefined, undefined)
  assert.equal(none.detail.problem, 'no-data')
  assert.match(none.message, /no test of this run reported any/)
})
