import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import fc from 'fast-check'
import { mergeData } from '../merge/merge.ts'
import { markMeasured, ownResults } from './own-results.ts'

const figures = fc.dictionary(
  fc.constantFrom('requests', 'rps', 'error_rate', 'response_time_p95'),
  fc.nat(1_000),
)

const metric = fc.constantFrom('http_reqs', 'http_reqs{a:b,c:d}', 'x.y')
const k6 = fc.dictionary(metric, figures, { maxKeys: 3 })
const junit = fc.dictionary(fc.constantFrom('passed', 'failed'), fc.nat(9), { minKeys: 1 })

/** Results as the test task reports them. */
function resultsOf(run: string): fc.Arbitrary<JsonObject> {
  const level = fc
    .record({ own: figures, blocks: fc.record({ k6, junit }, { requiredKeys: [] }) })
    .map(({ own, blocks }) => markMeasured(withFigures({ ...own, ...blocks }), run))
  return fc
    .record({
      total: level,
      targets: fc.dictionary(fc.constantFrom('smoke', 'load', 'load/cart'), level),
    })
    .map(({ total, targets }) => ({ ...total, targets }))
}

/** A metric without a figure is one that its tool did not write. */
function withFigures(level: JsonObject): JsonObject {
  const known = plain(level) as JsonObject
  const block = known['k6']
  if (block === undefined || !isJsonObject(block)) return known
  const metrics = Object.entries(block).filter(([, one]) => Object.keys(one as object).length > 0)
  return { ...known, k6: Object.fromEntries(metrics) }
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
