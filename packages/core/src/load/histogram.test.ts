import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  addHistogram,
  type Histogram,
  LARGEST_MS,
  meanMs,
  newHistogram,
  percentileMs,
  RELATIVE_ERROR,
  recordMs,
} from './histogram.ts'

function histogramOf(values: readonly number[]): Histogram {
  const histogram = newHistogram()
  for (const value of values) recordMs(histogram, value)
  return histogram
}

function exactPercentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1] ?? Number.NaN
}

/** Rounding of the logarithm at the very edge of a bucket. */
const ROUNDING = 1e-9
const RESOLUTION_MS = 0.001

function assertClose(actual: number | undefined, exact: number): void {
  assert.ok(actual !== undefined)
  const allowed = exact * (RELATIVE_ERROR + ROUNDING) + (exact <= RESOLUTION_MS ? RESOLUTION_MS : 0)
  assert.ok(Math.abs(actual - exact) <= allowed, `${actual} is not within ${allowed} of ${exact}`)
}

/** From a microsecond to an hour, every order of magnitude alike. */
const responseTimeMs = fc
  .double({ min: -7, max: Math.log(LARGEST_MS), noNaN: true })
  .map((exponent) => Math.min(LARGEST_MS, Math.exp(exponent)))

test('every percentile is within the stated error of the exact one', () => {
  fc.assert(
    fc.property(
      fc.array(responseTimeMs, { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      (values, percent) => {
        assertClose(percentileMs(histogramOf(values), percent), exactPercentile(values, percent))
      },
    ),
  )
})

test('minimum, maximum and mean are exact; nothing counted is no value', () => {
  const histogram = histogramOf([3, 1, 8])
  assert.equal(histogram.minMs, 1)
  assert.equal(percentileMs(histogram, 100), 8)
  assert.equal(meanMs(histogram), 4)
  assert.equal(percentileMs(newHistogram(), 50), undefined)
  assert.equal(meanMs(newHistogram()), undefined)
})

test('adding two histograms is counting both together', () => {
  const values = fc.array(responseTimeMs, { maxLength: 100 })
  fc.assert(
    fc.property(values, values, (left, right) => {
      const together = histogramOf(left)
      addHistogram(together, histogramOf(right))
      const expected = histogramOf([...left, ...right])
      assert.deepEqual(together.counts, expected.counts)
      for (const key of ['count', 'minMs', 'maxMs'] as const) {
        assert.equal(together[key], expected[key])
      }
    }),
  )
})

test('impossible times are bounded, not lost', () => {
  const histogram = histogramOf([-5, 2 * LARGEST_MS])
  assert.equal(histogram.count, 2)
  assert.equal(histogram.minMs, 0)
  assert.equal(percentileMs(histogram, 100), LARGEST_MS)
})
