/** How the values of earlier evaluations become the one number that relative criteria are compared with. */
export type AggregateFunction = 'avg' | 'p50' | 'p90' | 'p95' | 'p99'

const PERCENTILES: Readonly<Record<Exclude<AggregateFunction, 'avg'>, number>> = {
  p50: 0.5,
  p90: 0.9,
  p95: 0.95,
  p99: 0.99,
}

export const AGGREGATE_FUNCTIONS: readonly AggregateFunction[] = ['avg', 'p50', 'p90', 'p95', 'p99']

/** Undefined for a name that is no aggregate function: Keptn silently compared with 0 then, we refuse the file. */
export function toAggregateFunction(name: string): AggregateFunction | undefined {
  return AGGREGATE_FUNCTIONS.find((candidate) => candidate === name)
}

/** Undefined when there is nothing to aggregate. */
export function aggregate(
  aggregateFunction: AggregateFunction,
  values: readonly number[],
): number | undefined {
  if (values.length === 0) return undefined
  if (aggregateFunction === 'avg') {
    return values.reduce((sum, value) => sum + value, 0) / values.length
  }
  return percentile(values, PERCENTILES[aggregateFunction])
}

/** Linear interpolation at position p × (n + 1), clamped to the smallest and largest value (facts/keptn-v1.md 3.4). 0 of nothing. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  const smallest = sorted[0] ?? 0
  const largest = sorted.at(-1) ?? 0
  const position = fraction * (sorted.length + 1)
  if (position < 1) return smallest
  if (position >= sorted.length) return largest
  const lower = sorted[Math.floor(position) - 1] ?? smallest
  const upper = sorted[Math.floor(position)] ?? largest
  return lower + (position - Math.floor(position)) * (upper - lower)
}
