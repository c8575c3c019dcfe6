import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PreviousEvaluation } from '../evaluation/baseline.ts'
import { evaluate } from '../evaluation/evaluation.ts'
import { normaliseSlo, type Slo } from '../slo/slo.ts'
import { type NeededValue, smallestPassingChange } from './counterfactual.ts'
import { nextDown, nextUp } from './next-number.ts'

const quarter = fc.integer({ min: -40, max: 400 }).map((value) => value / 4)
const criterion = fc
  .tuple(
    fc.constantFrom('<', '<=', '=', '>=', '>'),
    fc.constantFrom('', '+', '-'),
    fc.integer({ min: 0, max: 50 }),
    fc.constantFrom('', '%'),
  )
  .map((parts) => parts.join(''))
const sets = fc.array(
  fc.record({ criteria: fc.array(criterion, { minLength: 1, maxLength: 2 }) }),
  { minLength: 1, maxLength: 2 },
)
const cases = fc.record({
  objectives: fc.array(
    fc.record({
      // Few names, so that one SLI is often used twice.
      sli: fc.constantFrom('a', 'b', 'c', 'd'),
      pass: sets,
      warning: fc.option(sets),
      weight: fc.integer({ min: 0, max: 4 }),
      key_sli: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  measured: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), quarter),
  history: fc.option(fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), quarter)),
})
type Case = typeof cases extends fc.Arbitrary<infer Drawn> ? Drawn : never

function judge(slo: Slo, measured: Readonly<Record<string, number>>, one: Case) {
  const inHistory = Object.entries(one.history ?? {})
  const previous: PreviousEvaluation[] =
    one.history === null
      ? []
      : [
          {
            id: 'previous',
            result: 'pass',
            values: inHistory.map(([metric, value]) => ({ metric, value, success: true })),
          },
        ]
  const values = Object.entries(measured).map(([metric, value]) => ({
    metric,
    value,
    success: true,
  }))
  return evaluate({ slo, values, previous })
}

function applied(measured: Readonly<Record<string, number>>, changes: readonly NeededValue[]) {
  return { ...measured, ...Object.fromEntries(changes.map(({ sli, to }) => [sli, to])) }
}

test('with the values it names the verdict is a pass with that score, and without any one of them it is not', () => {
  let found = 0
  fc.assert(
    fc.property(cases, (one) => {
      const slo = normaliseSlo({ objectives: one.objectives })
      const change = smallestPassingChange(slo, judge(slo, one.measured, one))
      if (change === undefined) return
      found++
      const after = judge(slo, applied(one.measured, change.changes), one)
      assert.equal(after.result, 'pass')
      assert.equal(after.score, change.score)
      for (const left of change.changes) {
        const rest = change.changes.filter((needed) => needed !== left)
        assert.notEqual(judge(slo, applied(one.measured, rest), one).result, 'pass')
      }
    }),
    { numRuns: 2000 },
  )
  assert.ok(found > 100, `only ${found} cases had a counterfactual`)
})

test('one indicator with one limit always has a counterfactual: that limit', () => {
  fc.assert(
    fc.property(fc.constantFrom('<', '<=', '>=', '>'), quarter, quarter, (operator, raw, value) => {
      const limit = Math.abs(raw)
      const slo = normaliseSlo({
        objectives: [{ sli: 'a', pass: [{ criteria: [`${operator}${limit}`] }] }],
      })
      const one: Case = { objectives: [], measured: {}, history: null }
      const outcome = judge(slo, { a: value }, one)
      const change = smallestPassingChange(slo, outcome)
      if (outcome.result === 'pass') return assert.equal(change, undefined)
      assert.equal(change?.changes[0]?.bound.limit, limit)
    }),
  )
})

test('the next number is the next', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e308, max: 1e308 }), (value) => {
      assert.ok(nextUp(value) > value)
      assert.ok(nextDown(value) < value)
      assert.equal(nextDown(nextUp(value)), value === 0 ? 0 : value)
    }),
  )
  assert.equal(nextUp(1), 1 + Number.EPSILON)
})
