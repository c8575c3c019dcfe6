import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normaliseSlo } from '../slo/slo.ts'
import type { PreviousEvaluation } from './baseline.ts'
import { parseCriterion } from './criterion.ts'
import { type EvaluationOutcome, evaluate } from './evaluation.ts'
import { judgeCriterion } from './objective.ts'

const RESULT_ORDER = ['fail', 'warning', 'pass']
const quarter = fc.integer({ min: 0, max: 4000 }).map((value) => value / 4)

const upperCriterion = fc.oneof(
  quarter.map((limit) => `<=${limit}`),
  quarter.map((limit) => `<${limit}`),
  fc.integer({ min: 0, max: 100 }).map((percent) => `<=+${percent}%`),
  fc.integer({ min: 0, max: 90 }).map((percent) => `<=-${percent}%`),
  quarter.map((delta) => `<+${delta}`),
)
const criteriaSets = fc.array(
  fc.record({ criteria: fc.array(upperCriterion, { minLength: 1, maxLength: 3 }) }),
  { minLength: 1, maxLength: 3 },
)
const objectives = fc.array(
  fc.record({
    pass: criteriaSets,
    warning: fc.option(criteriaSets),
    weight: fc.integer({ min: 0, max: 5 }),
    key_sli: fc.boolean(),
    value: quarter,
  }),
  { minLength: 1, maxLength: 6 },
)
const history = fc.array(fc.array(quarter, { minLength: 6, maxLength: 6 }), { maxLength: 4 })

const cases = fc.record({ objectives, history })
type Case = typeof cases extends fc.Arbitrary<infer Drawn> ? Drawn : never

/** Six indicators that are better when smaller, with their measured values and their history, in a given order. */
function judge(one: Case, order: readonly number[] = [...one.objectives.keys()]) {
  const previous: PreviousEvaluation[] = one.history.map((values, run) => ({
    id: `run-${run}`,
    result: 'pass',
    values: values.map((value, index) => ({ metric: `sli-${index}`, value, success: true })),
  }))
  const comparison = { compare_with: 'several_results', number_of_comparison_results: 4 }
  const listed = order.flatMap((index) => {
    const objective = one.objectives[index]
    return objective === undefined ? [] : [{ ...objective, sli: `sli-${index}` }]
  })
  return evaluate({
    slo: normaliseSlo({ comparison, objectives: listed }),
    values: listed.map(({ sli, value }) => ({ metric: sli, value, success: true })),
    previous,
  })
}

function rank(outcome: EvaluationOutcome): number {
  return RESULT_ORDER.indexOf(outcome.result)
}

test('a smaller value never makes a verdict worse where smaller is better', () => {
  fc.assert(
    fc.property(cases, quarter, fc.nat(), (one, improvement, pick) => {
      const index = pick % one.objectives.length
      const better = one.objectives.map((objective, position) =>
        position === index
          ? { ...objective, value: Math.max(0, objective.value - improvement) }
          : objective,
      )
      const before = judge(one)
      const after = judge({ ...one, objectives: better })
      assert.ok(after.score >= before.score)
      assert.ok(rank(after) >= rank(before))
    }),
  )
})

test('the order of objectives changes neither score nor result', () => {
  fc.assert(
    fc.property(cases, fc.infiniteStream(fc.nat()), (one, keys) => {
      const order = one.objectives
        .map((_, index) => ({ index, key: keys.next().value }))
        .toSorted((left, right) => left.key - right.key)
        .map(({ index }) => index)
      const shuffled = judge(one, order)
      const straight = judge(one)
      assert.equal(shuffled.score, straight.score)
      assert.equal(shuffled.result, straight.result)
    }),
  )
})

test('another unit of the same measurement is judged the same', () => {
  // Powers of two, so that scaling itself does not round.
  const scale = fc.constantFrom(1 / 8, 1 / 2, 4, 1024)
  const percent = fc.constantFrom(0, 25, 50, 100)
  const operator = fc.constantFrom('<', '<=', '=', '>=', '>')
  const sign = fc.constantFrom('+', '-')
  fc.assert(
    fc.property(operator, sign, percent, quarter, quarter, scale, (...drawn) => {
      const [symbol, direction, amount, measured, baseline, factor] = drawn
      const relative = `${symbol}${direction}${amount}%`
      const here = judgeCriterion(relative, measured, baseline)
      const there = judgeCriterion(relative, measured * factor, baseline * factor)
      assert.equal(there.violated, here.violated)
      assert.equal(there.targetValue, here.targetValue * factor)
      const fixed = judgeCriterion(`${symbol}${baseline}`, measured, undefined)
      const scaled = judgeCriterion(`${symbol}${baseline * factor}`, measured * factor, undefined)
      assert.equal(scaled.violated, fixed.violated)
    }),
  )
})

test('a score is a percentage, and passes exactly from the target on unless a key indicator fails', () => {
  fc.assert(
    fc.property(cases, (one) => {
      const outcome = judge(one)
      assert.ok(outcome.score >= 0 && outcome.score <= 100)
      const vetoed = outcome.objectives?.some((objective) => objective.keyFailure !== undefined)
      assert.equal(outcome.result === 'pass', outcome.score >= 90 && !vetoed)
    }),
  )
})

test('spaces mean nothing in a criterion, and no text makes the parser throw', () => {
  fc.assert(
    fc.property(upperCriterion, fc.array(fc.nat(12), { maxLength: 4 }), (text, places) => {
      const spaced = places.reduce(
        (current, place) => `${current.slice(0, place)} ${current.slice(place)}`,
        text,
      )
      assert.deepEqual(parseCriterion(spaced), parseCriterion(text))
    }),
  )
  fc.assert(
    fc.property(fc.string(), (text) => {
      const parsed = parseCriterion(text)
      if (parsed.ok) assert.ok(Number.isFinite(parsed.criterion.value))
    }),
  )
})
