import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUILT_IN_TEST_INDICATORS, TestFigures, TestResults } from './test-results.ts'

test('figures and targets are read, and keys of other tools survive', () => {
  const wire = {
    requests: 4000,
    failures: 3,
    error_rate: 0.075,
    response_time_p95: 41.2,
    tool: 'k6',
    targets: { checkout: { url: 'http://127.0.0.1:1/', requests: 2000, rps: 99.5, vus: 10 } },
  }
  assert.deepEqual(TestResults.parse(wire), wire)
})

test('a figure that is no number, and a fraction of a request, are refused', () => {
  assert.equal(TestResults.safeParse({ response_time_p95: '41 ms' }).success, false)
  assert.equal(TestResults.safeParse({ requests: 1.5 }).success, false)
  assert.equal(TestResults.safeParse({ failures: -1 }).success, false)
})

test('every built-in indicator stands for a figure of the shape', () => {
  for (const figure of Object.values(BUILT_IN_TEST_INDICATORS)) {
    assert.ok(figure in TestFigures.shape, figure)
  }
})
