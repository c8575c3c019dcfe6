import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import fc from 'fast-check'
import { mergeData } from '../merge/merge.ts'
import { ownResults } from './own-results.ts'

const figures = fc.dictionary(
  fc.constantFrom('requests', 'rps', 'error_rate', 'response_time_p95'),
  fc.nat(1_000),
)

/** Results as the test task reports them. */
function resultsOf(run: string): fc.Arbitrary<JsonObject> {
  const level = figures.map((own) => ({ ...own, run, measured: Object.keys(own).join(',') }))
  return fc
    .record({
      total: level,
      targets: fc.dictionary(fc.constantFrom('smoke', 'load', 'load/cart'), level),
    })
    .map(({ total, targets }) => ({ ...total, targets }))
}

test('whatever an earlier run measured, after the merge only the later run counts', () => {
  fc.assert(
    fc.property(resultsOf('run-1'), resultsOf('run-2'), (earlier, later) => {
      assert.deepEqual(ownResults(mergeData(earlier, later)), plain(later))
    }),
  )
})

/** fast-check makes objects without a prototype. */
function plain(value: JsonObject): unknown {
  return JSON.parse(JSON.stringify(value))
}

test('results of other tools are returned as they are', () => {
  const results = { rps: 3, targets: { checkout: { rps: 4 } }, custom: { depth: 2 } }
  assert.deepEqual(ownResults(results), results)
})
