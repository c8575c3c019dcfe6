import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import fc from 'fast-check'
import { combineResults } from './combined-results.ts'

const LOAD = { requests: 100, failures: 1, error_rate: 1, rps: 10, duration_ms: 10_000 }
const TIMES = { response_time_min: 3, response_time_p95: 41, response_time_max: 90 }

test('one measurement stays as it is, without its targets', () => {
  const one = { ...LOAD, ...TIMES, k6: { x: { p95: 3 } } }
  assert.deepEqual(combineResults([{ ...one, targets: { a: {} } }]), one)
  assert.deepEqual(combineResults([]), {})
})

test('checks beside a load test change nothing of what it measured', () => {
  const load = { ...LOAD, ...TIMES }
  const junit = { tests: 3, passed: 1, failed: 1, skipped: 1, pass_rate: 50 }
  const checks = { checks_passed: 1, checks_failed: 1, junit }
  assert.deepEqual(combineResults([load, checks]), { ...load, ...checks })
})

test('two load tests: counts and rates together, percentiles of neither', () => {
  const other = { requests: 300, failures: 9, error_rate: 3, rps: 60, duration_ms: 5_000 }
  const both = combineResults([
    { ...LOAD, ...TIMES, k6: { x: 1 } },
    { ...other, response_time_min: 5, response_time_p95: 12, response_time_max: 30, k6: { x: 2 } },
  ])
  assert.deepEqual(both, {
    requests: 400,
    failures: 10,
    error_rate: 2.5,
    rps: 26.667,
    duration_ms: 15_000,
    response_time_min: 3,
    response_time_max: 90,
  })
})

test('a percentile of one is none of two, also where only one has it', () => {
  const both = combineResults([{ ...LOAD, ...TIMES }, LOAD])
  assert.equal(both['response_time_p95'], undefined)
})

const counts = fc.record({ passed: fc.nat(9), failed: fc.nat(9), skipped: fc.nat(9) })

test('reports in any order mean the same, and every test counts once', () => {
  const report = counts.map(({ passed, failed, skipped }): JsonObject => {
    const tests = passed + failed + skipped
    return {
      checks_passed: passed,
      checks_failed: failed,
      junit: { tests, passed, failed, skipped },
    }
  })
  fc.assert(
    fc.property(fc.array(report, { minLength: 2, maxLength: 5 }), (reports) => {
      const together = combineResults(reports)
      assert.deepEqual(combineResults(reports.toReversed()), together)
      const passed = reports.reduce((sum, one) => sum + Number(one['checks_passed']), 0)
      assert.equal(together['checks_passed'], passed)
      assert.equal((together['junit'] as JsonObject)['passed'], passed)
    }),
  )
})
