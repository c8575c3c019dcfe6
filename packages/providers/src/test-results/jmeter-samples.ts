import type { TestResults } from '@tiphys/contract/test-results.ts'
import {
  figuresOf,
  type LoadFigures,
  newTally,
  type Outcome,
  recordOutcome,
  type Tally,
} from '@tiphys/core/load/tally.ts'
import { keyOf, MAX_NAMED, rounded } from './results-reader.ts'

/** One line of a JTL: what JMeter calls a sample. */
export type JmeterSample = {
  readonly label: string
  /** When it began, ms since 1970; undefined where JMeter was told to write times in another form. */
  readonly startMs: number | undefined
  readonly elapsedMs: number
  /** An HTTP status, empty, or what JMeter says when there was no answer. */
  readonly responseCode: string
  readonly isSuccess: boolean
}

export type JmeterSamples = {
  add(sample: JmeterSample): void
  results(): TestResults
  failed(): readonly string[]
}

const NO_ANSWER = 'Non HTTP response code: '
/** A sample that is no HTTP request (Java, JDBC) has no status. */
const NO_STATUS = 0

/** The figures that samples give; the rest of our load tests' figures JMeter does not measure. */
const SAMPLE_FIGURES = [
  'requests',
  'failures',
  'error_rate',
  'rps',
  'response_time_min',
  'response_time_avg',
  'response_time_p50',
  'response_time_p90',
  'response_time_p95',
  'response_time_p99',
  'response_time_max',
  'timeouts',
  'connection_errors',
] as const

/**
 * Counts samples like the requests of our own load test: a sample without any answer has no response time and is a failure. Figures of
 * everything together, and of each label under `targets`.
 */
export function createJmeterSamples(): JmeterSamples {
  const total = newTally()
  const labels = new Map<string, Tally>()
  const failures = new Map<string, number>()
  let firstMs = Number.POSITIVE_INFINITY
  let lastMs = Number.NEGATIVE_INFINITY
  let samples = 0

  function add(sample: JmeterSample): void {
    const label = keyOf(sample.label)
    const outcome = outcomeOf(sample)
    if (!labels.has(label) && labels.size < MAX_NAMED) labels.set(label, newTally())
    for (const tally of [total, labels.get(label)]) {
      if (tally !== undefined) recordOutcome(tally, outcome)
    }
    samples += 1
    if (!sample.isSuccess && (failures.has(label) || failures.size < MAX_NAMED)) {
      failures.set(label, (failures.get(label) ?? 0) + 1)
    }
    if (sample.startMs === undefined) return
    firstMs = Math.min(firstMs, sample.startMs)
    lastMs = Math.max(lastMs, sample.startMs + sample.elapsedMs)
  }

  function results(): TestResults {
    const durationMs = lastMs > firstMs ? lastMs - firstMs : 0
    const figures = sampleFigures(total, durationMs)
    const { requests: _, failures: errors = 0, ...rest } = figures
    const jmeter = { samples, errors, ...rest }
    const targets = [...labels].map(([label, tally]) => [label, sampleFigures(tally, durationMs)])
    return {
      ...figures,
      ...(durationMs > 0 ? { duration_ms: rounded(durationMs) } : {}),
      jmeter,
      // One label would say the same twice.
      ...(targets.length > 1 ? { targets: Object.fromEntries(targets) } : {}),
    }
  }

  return {
    add,
    results,
    failed: () =>
      [...failures]
        .toSorted(([, left], [, right]) => right - left)
        .map(([label, count]) => `${label} (${count})`),
  }
}

function outcomeOf(sample: JmeterSample): Outcome {
  const { responseCode, isSuccess, elapsedMs } = sample
  if (!isSuccess && responseCode.startsWith(NO_ANSWER)) {
    const reason = responseCode.slice(NO_ANSWER.length).split('.').at(-1) ?? ''
    const isTimeout = /Timeout/.test(reason)
    return isTimeout ? { code: 'timed-out' } : { code: 'connection-failed', reason: keyOf(reason) }
  }
  const status = /^[1-5]\d\d$/.test(responseCode) ? Number(responseCode) : NO_STATUS
  return { code: 'answered', latencyMs: elapsedMs, status, accepted: isSuccess }
}

function sampleFigures(tally: Tally, durationMs: number): LoadFigures {
  const all = figuresOf(tally, durationMs)
  const kept = SAMPLE_FIGURES.flatMap((name) => {
    const value = all[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(kept)
}
