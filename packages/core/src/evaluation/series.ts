import type { SeriesAggregate } from '@tiphys/contract/sli.ts'
import { percentile } from './aggregate.ts'

/** Milliseconds since 1970, value. */
export type SeriesPoint = readonly [timeMs: number, value: number]

/** What a value was made of, for a small chart: at most as many points as `boundedSeries` leaves. */
export type SliSeries = {
  readonly points: readonly SeriesPoint[]
  readonly of: SeriesAggregate
}

/** Stored with every report; a chart the width of a table cell shows no more. */
const MAX_POINTS = 120

const FRACTIONS = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 } as const

/** One value of many; undefined of none, except for `count` and `sum`. Oldest first. */
export function reduceSeries(
  points: readonly SeriesPoint[],
  aggregate: SeriesAggregate,
): number | undefined {
  const values = points.map(([, value]) => value)
  if (aggregate === 'count') return values.length
  if (values.length === 0) return undefined
  switch (aggregate) {
    case 'avg':
      return sum(values) / values.length
    case 'sum':
      return sum(values)
    case 'min':
      return values.reduce((least, value) => Math.min(least, value))
    case 'max':
      return values.reduce((most, value) => Math.max(most, value))
    case 'last':
      return values.at(-1)
    case 'p50':
    case 'p90':
    case 'p95':
    case 'p99':
      return percentile(values, FRACTIONS[aggregate])
    default:
      return aggregate satisfies never
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** The same course with fewer points: of each stretch of time its first, so that no value is shown that was not measured. */
export function boundedSeries(points: readonly SeriesPoint[]): readonly SeriesPoint[] {
  if (points.length <= MAX_POINTS) return points
  const step = points.length / MAX_POINTS
  return Array.from({ length: MAX_POINTS }, (_, index) => {
    const point = points[Math.floor(index * step)]
    return point ?? ([0, 0] as const)
  })
}
