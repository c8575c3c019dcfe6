import { criteriaOf } from '../evaluation/criterion.ts'
import { contains, type Interval, intersection } from '../evaluation/interval.ts'
import type { CriteriaSet } from '../slo/slo.ts'
import type { ExplainedMargin } from './explanation.ts'
import { formatLimit, formatNumber, withUnit } from './number-format.ts'

type Judged = {
  /** null: no value. */
  readonly value: number | null
  readonly unit: string | null
  /** What relative criteria are compared with. */
  readonly baseline: number | undefined
}

/** How far a value is from the nearest bound of what passes; null where nothing passes. */
export function marginOf(sets: readonly CriteriaSet[], judged: Judged): ExplainedMargin | null {
  const ranges: Interval[] = []
  for (const set of sets) {
    const range = intersection(criteriaOf(set), judged.baseline)
    if (range !== undefined) ranges.push(range)
  }
  const nearest = nearestRange(ranges, judged.value)
  if (nearest === undefined) return null
  const distance = judged.value === null ? null : distanceTo(nearest, judged.value)
  const { low = null, high = null } = nearest
  return { text: marginText(nearest, distance, judged), low, high, distance }
}

/** Outside of all: the one that is nearest. Inside: the one that leaves most room. Without a value: the first. */
function nearestRange(ranges: readonly Interval[], value: number | null): Interval | undefined {
  let best = ranges[0]
  if (value === null || best === undefined || ranges.length === 1) return best
  let bestDistance = distanceTo(best, value) ?? Number.POSITIVE_INFINITY
  for (const range of ranges.slice(1)) {
    const distance = distanceTo(range, value) ?? Number.POSITIVE_INFINITY
    if (distance > bestDistance) {
      best = range
      bestDistance = distance
    }
  }
  return best
}

/** Positive inside, negative outside, 0 on a bound, null without bounds. */
function distanceTo({ low, high }: Interval, value: number): number | null {
  if (low === undefined && high === undefined) return null
  const above = low === undefined ? Number.POSITIVE_INFINITY : value - low.limit
  const below = high === undefined ? Number.POSITIVE_INFINITY : high.limit - value
  const distance = Math.min(above, below)
  // JSON has no -0, and what is stored has to read the same.
  return distance === 0 ? 0 : distance
}

function marginText(range: Interval, distance: number | null, judged: Judged): string {
  const passes = `passes at ${rangeText(range, judged.unit)}`
  const { value } = judged
  if (value === null) return passes
  if (distance === null) return passes
  const amount = withUnit(formatNumber(Math.abs(distance)), judged.unit)
  if (contains(range, value)) {
    return distance === 0 ? `${passes}; nothing to spare` : `${passes}; ${amount} to spare`
  }
  if (distance === 0) return `${passes}; exactly there`
  const isOver = range.high !== undefined && value > range.high.limit
  return `${passes}; ${amount} ${isOver ? 'over' : 'short'}`
}

/** `≤ 300 ms`, `> 5`, `1 to 5 ms`, `any value`. A limit that is shown rounded is rounded to the side that passes. */
function rangeText({ low, high }: Interval, unit: string | null): string {
  if (low === undefined && high === undefined) return 'any value'
  if (low !== undefined && high !== undefined && low.limit === high.limit) {
    return `exactly ${withUnit(String(low.limit), unit)}`
  }
  const from = low === undefined ? '' : boundText(low, low.inclusive ? '≥' : '>', 'low')
  const to = high === undefined ? '' : boundText(high, high.inclusive ? '≤' : '<', 'high')
  return withUnit(from === '' || to === '' ? from + to : `${from} and ${to}`, unit)
}

function boundText(
  { limit, inclusive }: { readonly limit: number; readonly inclusive: boolean },
  sign: string,
  side: 'low' | 'high',
): string {
  // An excluded limit is written exactly; a rounded one would name another limit.
  return `${sign} ${inclusive ? formatLimit(limit, side) : limit}`
}
