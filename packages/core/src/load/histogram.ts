/**
 * Response times in buckets whose width grows with the value (the idea of HDR Histogram and DDSketch): a fixed 9 KB holds any
 * number of them, and every percentile is within RELATIVE_ERROR of the exact one.
 *
 *   bucket   0        1            2                      n
 *        |  ≤ 1 µs |  … γ µs  |  … γ² µs  |  …  |  … γⁿ µs |      γ = (1 + e) / (1 - e),  e = RELATIVE_ERROR
 *
 * Minimum, maximum, count and sum are exact.
 */
export type Histogram = {
  readonly counts: Uint32Array
  count: number
  sumMs: number
  minMs: number
  maxMs: number
}

/** A percentile is at most this share away from the exact value (nearest rank); below 1 µs it is 1 µs. */
export const RELATIVE_ERROR = 0.005

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
const LOG_GAMMA = Math.log(GAMMA)
/** The resolution: finer differences between response times mean nothing. */
const SMALLEST_MS = 0.001
/** No request may take longer than its timeout, and no timeout may be longer than this. */
export const LARGEST_MS = 3_600_000
const LAST_BUCKET = bucketOf(LARGEST_MS)

export function newHistogram(): Histogram {
  const counts = new Uint32Array(LAST_BUCKET + 1)
  return { counts, count: 0, sumMs: 0, minMs: Number.POSITIVE_INFINITY, maxMs: 0 }
}

/** Counts one response time. Negative ones (a clock that was corrected) count as 0, longer ones than LARGEST_MS as that. */
export function recordMs(histogram: Histogram, valueMs: number): void {
  const bounded = Math.min(Math.max(valueMs, 0), LARGEST_MS)
  const bucket = bucketOf(bounded)
  histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1
  histogram.count += 1
  histogram.sumMs += bounded
  histogram.minMs = Math.min(histogram.minMs, bounded)
  histogram.maxMs = Math.max(histogram.maxMs, bounded)
}

/** Adds what another histogram counted. */
export function addHistogram(into: Histogram, from: Histogram): void {
  for (const [bucket, count] of from.counts.entries()) {
    if (count > 0) into.counts[bucket] = (into.counts[bucket] ?? 0) + count
  }
  into.count += from.count
  into.sumMs += from.sumMs
  into.minMs = Math.min(into.minMs, from.minMs)
  into.maxMs = Math.max(into.maxMs, from.maxMs)
}

/**
 * The smallest value that at least `percent` % of all values do not exceed (nearest rank), in ms; undefined when nothing was
 * counted. `percent` is above 0 and at most 100.
 */
export function percentileMs(histogram: Histogram, percent: number): number | undefined {
  if (histogram.count === 0) return undefined
  const rank = Math.max(1, Math.ceil((percent / 100) * histogram.count))
  if (rank >= histogram.count) return histogram.maxMs
  let seen = 0
  for (const [bucket, count] of histogram.counts.entries()) {
    seen += count
    if (seen >= rank) return within(histogram, middleOf(bucket))
  }
  return histogram.maxMs
}

export function meanMs(histogram: Histogram): number | undefined {
  return histogram.count === 0 ? undefined : histogram.sumMs / histogram.count
}

function bucketOf(valueMs: number): number {
  if (valueMs <= SMALLEST_MS) return 0
  return Math.ceil(Math.log(valueMs / SMALLEST_MS) / LOG_GAMMA)
}

/** The value with the same relative distance to both ends of the bucket. */
function middleOf(bucket: number): number {
  if (bucket === 0) return SMALLEST_MS
  return (SMALLEST_MS * 2 * GAMMA ** bucket) / (GAMMA + 1)
}

function within(histogram: Histogram, valueMs: number): number {
  return Math.min(Math.max(valueMs, histogram.minMs), histogram.maxMs)
}
