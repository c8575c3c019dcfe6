import type { Criterion } from './criterion.ts'
import { targetOf } from './objective.ts'

/**
 * Criteria as ranges of values: a set (AND) is one interval, an objective (OR over sets) a union of them. Lint asks whether
 * a union can be missed at all, the counterfactual asks for the nearest value inside.
 */
export type Interval = { readonly low?: Bound; readonly high?: Bound }
/** `limit` itself belongs to the interval when `inclusive`. A side without a bound is open to infinity. */
export type Bound = { readonly limit: number; readonly inclusive: boolean }

/** All values for which every criterion holds; undefined when no value does. */
export function intersection(
  criteria: readonly Criterion[],
  baseline: number | undefined,
): Interval | undefined {
  let low: Bound | undefined
  let high: Bound | undefined
  for (const criterion of criteria) {
    const limit = targetOf(criterion, baseline)
    if (limit === undefined) continue
    const inclusive = criterion.operator !== '<' && criterion.operator !== '>'
    const bound = { limit, inclusive }
    if (criterion.operator !== '<' && criterion.operator !== '<=') low = tighter(low, bound, 1)
    if (criterion.operator !== '>' && criterion.operator !== '>=') high = tighter(high, bound, -1)
  }
  if (low !== undefined && high !== undefined) {
    const isEmpty =
      low.limit > high.limit || (low.limit === high.limit && !(low.inclusive && high.inclusive))
    if (isEmpty) return undefined
  }
  if (low === undefined) return high === undefined ? {} : { high }
  return high === undefined ? { low } : { low, high }
}

/** direction 1: the larger limit is tighter (lower bounds); -1: the smaller one. */
function tighter(current: Bound | undefined, candidate: Bound, direction: 1 | -1): Bound {
  if (current === undefined) return candidate
  const difference = direction * (candidate.limit - current.limit)
  if (difference > 0) return candidate
  if (difference < 0) return current
  return current.inclusive ? candidate : current
}

/** Whether every number lies in one of the intervals. */
export function coverEverything(intervals: readonly Interval[]): boolean {
  const sorted = intervals.toSorted((left, right) => compareLow(left.low, right.low))
  let reached: Bound | 'nothing' = 'nothing'
  for (const interval of sorted) {
    if (!touches(reached, interval.low)) return false
    if (interval.high === undefined) return true
    if (reached === 'nothing' || isFurther(interval.high, reached)) reached = interval.high
  }
  return false
}

function compareLow(left: Bound | undefined, right: Bound | undefined): number {
  if (left === undefined) return right === undefined ? 0 : -1
  if (right === undefined) return 1
  return left.limit - right.limit || Number(right.inclusive) - Number(left.inclusive)
}

/** No number lies between what was reached so far and the start of the next interval. */
function touches(reached: Bound | 'nothing', low: Bound | undefined): boolean {
  if (low === undefined) return true
  if (reached === 'nothing') return false
  if (low.limit < reached.limit) return true
  return low.limit === reached.limit && (low.inclusive || reached.inclusive)
}

function isFurther(candidate: Bound, reached: Bound): boolean {
  if (candidate.limit !== reached.limit) return candidate.limit > reached.limit
  return candidate.inclusive && !reached.inclusive
}

export function contains(interval: Interval, value: number): boolean {
  const { low, high } = interval
  if (low && (value < low.limit || (value === low.limit && !low.inclusive))) return false
  if (high && (value > high.limit || (value === high.limit && !high.inclusive))) return false
  return true
}

/** Whether every value of `inner` lies in `outer`. */
export function isWithin(inner: Interval, outer: Interval): boolean {
  const lowFits =
    outer.low === undefined || (inner.low !== undefined && !isLooser(inner.low, outer.low, 1))
  const highFits =
    outer.high === undefined || (inner.high !== undefined && !isLooser(inner.high, outer.high, -1))
  return lowFits && highFits
}

function isLooser(inner: Bound, outer: Bound, direction: 1 | -1): boolean {
  const difference = direction * (inner.limit - outer.limit)
  return difference < 0 || (difference === 0 && inner.inclusive && !outer.inclusive)
}

/** The bound of the interval that lies nearest to a value outside of it; undefined when the value is inside. */
export function nearestBound(
  interval: Interval,
  value: number,
): { readonly side: 'low' | 'high'; readonly bound: Bound } | undefined {
  if (contains(interval, value)) return undefined
  const { low, high } = interval
  if (high && value >= high.limit) return { side: 'high', bound: high }
  if (low && value <= low.limit) return { side: 'low', bound: low }
  return undefined
}
