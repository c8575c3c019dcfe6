import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCriterion } from './criterion.ts'
import { contains, coverEverything, type Interval, intersection, nearestBound } from './interval.ts'
import { judgeSets } from './objective.ts'

const text = fc
  .tuple(
    fc.constantFrom('<', '<=', '=', '>=', '>'),
    fc.constantFrom('', '+', '-'),
    fc.integer({ min: 0, max: 12 }),
    fc.constantFrom('', '%'),
  )
  .map((parts) => parts.join(''))
const set = fc.array(text, { minLength: 1, maxLength: 3 })
const half = fc.integer({ min: -60, max: 60 }).map((value) => value / 2)

function rangeOf(criteria: readonly string[], baseline: number | undefined): Interval | undefined {
  const parsed = criteria.flatMap((one) => {
    const result = parseCriterion(one)
    return result.ok ? [result.criterion] : []
  })
  return intersection(parsed, baseline)
}

test('a set of criteria holds exactly for the values in its interval', () => {
  fc.assert(
    fc.property(set, fc.option(half, { nil: undefined }), half, (criteria, baseline, value) => {
      const range = rangeOf(criteria, baseline)
      const isInside = range !== undefined && contains(range, value)
      assert.equal(isInside, judgeSets([criteria], value, baseline).satisfied)
    }),
  )
})

test('what covers everything holds for every value', () => {
  fc.assert(
    fc.property(fc.array(set, { maxLength: 4 }), half, (sets, value) => {
      const ranges = sets.flatMap((criteria) => rangeOf(criteria, 0) ?? [])
      if (!coverEverything(ranges)) return
      assert.ok(ranges.some((range) => contains(range, value)))
    }),
  )
  assert.equal(coverEverything([]), false)
  assert.equal(coverEverything([{}]), true)
})

test('the nearest bound is the one that was missed', () => {
  const range = rangeOf(['>=10', '<20'], undefined)
  assert.ok(range)
  assert.deepEqual(nearestBound(range, 25), {
    side: 'high',
    bound: { limit: 20, inclusive: false },
  })
  assert.deepEqual(nearestBound(range, 20)?.side, 'high')
  assert.deepEqual(nearestBound(range, 3), { side: 'low', bound: { limit: 10, inclusive: true } })
  assert.equal(nearestBound(range, 10), undefined)
})
