import { unreachable } from '../assert.ts'
import {
  addHistogram,
  type Histogram,
  meanMs,
  newHistogram,
  percentileMs,
  recordMs,
} from './histogram.ts'

/** How one request of a load test ended. */
export type Outcome =
  /** The whole answer arrived; `accepted` = its status is one that the test asked for. */
  | {
      readonly code: 'answered'
      readonly latencyMs: number
      readonly status: number
      readonly accepted: boolean
    }
  | { readonly code: 'timed-out' }
  /** No connection, or it broke before the answer was complete. `reason`: `ECONNREFUSED`, `certificate expired`. */
  | { readonly code: 'connection-failed'; readonly reason: string }
  /** The answer was longer than a load test reads. */
  | { readonly code: 'too-large' }

/** Everything that is counted while requests run; grows by `record…`, is read by `figuresOf`. */
export type Tally = {
  readonly latency: Histogram
  /** How much later than planned requests left: the generator's own fault, contained in their latency. */
  readonly lateness: Histogram
  readonly statusClasses: Record<string, number>
  readonly reasons: Record<string, number>
  rejected: number
  timeouts: number
  connectionErrors: number
  tooLarge: number
  dropped: number
}

/** Reasons come from the network; so many different ones say enough. */
const MAX_REASONS = 20
const OTHER_REASONS = 'other'

export function newTally(): Tally {
  return {
    latency: newHistogram(),
    lateness: newHistogram(),
    statusClasses: {},
    reasons: {},
    rejected: 0,
    timeouts: 0,
    connectionErrors: 0,
    tooLarge: 0,
    dropped: 0,
  }
}

export function recordOutcome(tally: Tally, outcome: Outcome): void {
  switch (outcome.code) {
    case 'answered': {
      recordMs(tally.latency, outcome.latencyMs)
      increase(tally.statusClasses, `${Math.floor(outcome.status / 100)}xx`, 1)
      if (!outcome.accepted) {
        tally.rejected += 1
        addReason(tally, `status ${outcome.status}`, 1)
      }
      return
    }
    case 'timed-out':
      tally.timeouts += 1
      addReason(tally, 'timeout', 1)
      return
    case 'connection-failed':
      tally.connectionErrors += 1
      addReason(tally, outcome.reason, 1)
      return
    case 'too-large':
      tally.tooLarge += 1
      addReason(tally, 'answer too large', 1)
      return
    default:
      unreachable(outcome)
  }
}

/** Adds what another tally counted. */
export function addTally(into: Tally, from: Tally): void {
  addHistogram(into.latency, from.latency)
  addHistogram(into.lateness, from.lateness)
  for (const [name, count] of Object.entries(from.statusClasses)) {
    increase(into.statusClasses, name, count)
  }
  for (const [reason, count] of Object.entries(from.reasons)) addReason(into, reason, count)
  into.rejected += from.rejected
  into.timeouts += from.timeouts
  into.connectionErrors += from.connectionErrors
  into.tooLarge += from.tooLarge
  into.dropped += from.dropped
}

export function requestsOf(tally: Tally): number {
  return tally.latency.count + tally.timeouts + tally.connectionErrors + tally.tooLarge
}

export function failuresOf(tally: Tally): number {
  return tally.rejected + tally.timeouts + tally.connectionErrors + tally.tooLarge
}

/** Figures of contract/test-results.ts by name, and the counts behind them. What was not measured is left out. */
export type LoadFigures = Readonly<Record<string, number>>

/** `durationMs` is how long measuring took, without ramp and warm-up. */
export function figuresOf(tally: Tally, durationMs: number): LoadFigures {
  const requests = requestsOf(tally)
  const failures = failuresOf(tally)
  const { latency, lateness } = tally
  const figures: Record<string, number | undefined> = {
    requests,
    failures,
    error_rate: requests === 0 ? undefined : (failures / requests) * 100,
    rps: durationMs > 0 ? latency.count / (durationMs / 1_000) : undefined,
    response_time_min: latency.count === 0 ? undefined : latency.minMs,
    response_time_avg: meanMs(latency),
    response_time_p50: percentileMs(latency, 50),
    response_time_p90: percentileMs(latency, 90),
    response_time_p95: percentileMs(latency, 95),
    response_time_p99: percentileMs(latency, 99),
    response_time_max: percentileMs(latency, 100),
    duration_ms: durationMs,
    dropped: tally.dropped,
    timeouts: tally.timeouts,
    connection_errors: tally.connectionErrors,
    answers_too_large: tally.tooLarge,
    unexpected_status: tally.rejected,
    send_delay_p99: percentileMs(lateness, 99),
  }
  for (const hundreds of [1, 2, 3, 4, 5]) {
    figures[`status_${hundreds}xx`] = tally.statusClasses[`${hundreds}xx`] ?? 0
  }
  const measured = Object.entries(figures).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, rounded(value)] as const],
  )
  return Object.fromEntries(measured)
}

/** Nobody reads, and nothing here measures, less than a microsecond. */
function rounded(value: number): number {
  const decimals = 1_000
  return Math.round(value * decimals) / decimals
}

function addReason(tally: Tally, reason: string, count: number): void {
  const known = Object.hasOwn(tally.reasons, reason)
  const full = Object.keys(tally.reasons).length >= MAX_REASONS
  increase(tally.reasons, known || !full ? reason : OTHER_REASONS, count)
}

function increase(counts: Record<string, number>, name: string, by: number): void {
  counts[name] = (Object.hasOwn(counts, name) ? (counts[name] ?? 0) : 0) + by
}
