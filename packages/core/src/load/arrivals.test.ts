import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type ArrivalPlan,
  constantArrivals,
  offsetOfMs,
  poissonArrivals,
  seededRandom,
  userStartOffsetMs,
} from './arrivals.ts'

test('without ramp requests leave at an even distance', () => {
  const plan = { ratePerS: 20, rampMs: 0, totalMs: 200 }
  assert.deepEqual([...constantArrivals(plan)], [0, 50, 100, 150])
})

test('over the ramp the rate grows, and half of its full number is sent', () => {
  const plan = { ratePerS: 10, rampMs: 2_000, totalMs: 3_000 }
  const offsets = [...constantArrivals(plan)]
  assert.equal(offsets.filter((offset) => offset < 2_000).length, 10)
  assert.equal(offsets.filter((offset) => offset >= 2_000).length, 10)
  const gaps = offsets.slice(1).map((offset, index) => offset - (offsets[index] ?? 0))
  for (const [index, gap] of gaps.entries()) {
    assert.ok(index === 0 || gap <= (gaps[index - 1] ?? 0) + 1e-6, `gap ${index} grew`)
  }
})

const arrivalPlan: fc.Arbitrary<ArrivalPlan> = fc.record({
  ratePerS: fc.double({ min: 0.1, max: 500, noNaN: true }),
  rampMs: fc.integer({ min: 0, max: 10_000 }),
  totalMs: fc.integer({ min: 1, max: 10_000 }),
})

test('offsets grow, stay below the end, and their number is what the rate asks for', () => {
  fc.assert(
    fc.property(arrivalPlan, (plan) => {
      const offsets = [...constantArrivals(plan)]
      for (const [index, offset] of offsets.entries()) {
        assert.ok(offset < plan.totalMs && offset >= (offsets[index - 1] ?? 0))
      }
      assert.ok(offsetOfMs(plan, offsets.length) >= plan.totalMs)
    }),
    { numRuns: 50 },
  )
})

test('Poisson arrivals have the rate as their mean, differ in their gaps, and repeat with the seed', () => {
  const plan = { ratePerS: 100, rampMs: 0, totalMs: 100_000 }
  const offsets = [...poissonArrivals(plan, seededRandom(7))]
  // 10,000 expected, standard deviation 100: five of them are out of reach for a right generator.
  assert.ok(Math.abs(offsets.length - 10_000) < 500, `${offsets.length}`)
  const gaps = offsets.slice(1).map((offset, index) => offset - (offsets[index] ?? 0))
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
  assert.ok(Math.abs(Math.sqrt(variance) / mean - 1) < 0.1, 'gaps are exponential')
  assert.deepEqual(offsets, [...poissonArrivals(plan, seededRandom(7))])
})

test('users of a closed model begin one after the other', () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((user) => userStartOffsetMs(user, 4, 1_000)),
    [0, 250, 500, 750],
  )
  assert.equal(userStartOffsetMs(3, 4, 0), 0)
})
