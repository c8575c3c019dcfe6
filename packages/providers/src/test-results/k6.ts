import type { TestResults } from '@tiphys/contract/test-results.ts'
import { z } from 'zod'
import { checked, createJsonReader } from './json-file.ts'
import {
  failedNames,
  keyOf,
  MAX_NAMED,
  ResultsFault,
  type ResultsReader,
  rounded,
} from './results-reader.ts'

const Numbers = z.record(z.string(), z.unknown())
const Summary = z.looseObject({
  metrics: z
    .record(
      z.string(),
      z.looseObject({ values: Numbers.optional(), thresholds: Numbers.optional() }),
    )
    .refine((metrics) => Object.keys(metrics).length > 0, { error: 'it has no metrics' }),
  state: z.looseObject({ testRunDurationMs: z.number().optional() }).optional(),
})

type Figures = Readonly<Record<string, number>>
type Metric = { readonly figures: Figures; readonly thresholds: Readonly<Record<string, unknown>> }

/** Statistics of one metric; k6 can be told to compute more. */
const MAX_FIGURES = 20

/**
 * The summary at the end of a k6 test, in both shapes:
 *
 *   k6 run --summary-export FILE   metrics.http_req_duration = { avg, "p(95)", … }
 *   handleSummary(data)            metrics.http_req_duration = { type, values: { avg, "p(95)", … }, thresholds }
 *
 * Every metric is kept under `k6` with k6's own numbers (`p(95)` is called `p95`); what HTTP tests have in common with our own
 * load tests is in the common figures too. https://grafana.com/docs/k6/latest/results-output/end-of-test/custom-summary/
 */
export function createK6Reader(file: string): ResultsReader {
  return createJsonReader(file, fold, refusePoints)
}

function fold(value: unknown, text: string) {
  const { metrics, state } = checked(Summary, value, text, 'k6 summary')
  const known = new Map(
    Object.entries(metrics).map(([name, { values, thresholds, ...flat }]): [string, Metric] => [
      keyOf(name),
      { figures: figuresOf(values ?? flat), thresholds: thresholds ?? {} },
    ]),
  )
  return k6Results(known, state?.testRunDurationMs)
}

/** `--out json` writes a file of many lines, each of which is a metric or a point. */
function refusePoints(text: string): void {
  const [firstLine = ''] = text.split('\n', 1)
  if (!/"type":"(?:Metric|Point)"/.test(firstLine)) return
  throw new ResultsFault(
    'is the output of `k6 run --out json`, which lists points; the summary is written by --summary-export FILE or handleSummary',
  )
}

function figuresOf(values: Readonly<Record<string, unknown>>): Figures {
  // The one shape calls the share of a rate `value`, the other `rate`.
  const isRate = 'passes' in values && 'value' in values
  const figures = Object.entries(values).flatMap(([name, value]): [string, number][] => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return []
    return [[isRate && name === 'value' ? 'rate' : figureName(name), precise(value)]]
  })
  return Object.fromEntries(figures.slice(0, MAX_FIGURES))
}

/** Rates of bytes and shares of requests: more digits than anybody reads, fewer than a double prints. */
function precise(value: number): number {
  const decimals = 1_000_000
  return Math.round(value * decimals) / decimals
}

/** `p(99.9)` as a name that a path can hold: `p99_9`. */
function figureName(name: string): string {
  const percent = /^p\((\d+(?:\.\d+)?)\)$/.exec(name)?.[1]
  return keyOf(percent === undefined ? name : `p${percent.replace('.', '_')}`)
}

function k6Results(metrics: ReadonlyMap<string, Metric>, durationMs: number | undefined) {
  const { broken, total, failed } = thresholdsOf(metrics)
  const kept = [...metrics].toSorted(([left], [right]) => order(left) - order(right))
  const block = kept.slice(0, MAX_NAMED).map(([name, { figures }]) => [name, figures] as const)
  const k6 = {
    ...Object.fromEntries(block),
    thresholds: { total, failed: broken },
    ...(durationMs === undefined ? {} : { duration_ms: rounded(durationMs) }),
  }
  const of = (name: string) => metrics.get(name)?.figures ?? {}
  const results: TestResults = { ...commonFigures(of), k6 }
  if (durationMs !== undefined) results.duration_ms = rounded(durationMs)
  return { results, failed }
}

/** Metrics of tagged parts (`http_reqs{scenario:a}`) give way first where there are too many. */
function order(name: string): number {
  return name.includes('{') ? 1 : 0
}

/**
 * `--summary-export` writes whether a threshold was crossed (`"p(95)<200": true` = missed), handleSummary whether it held
 * (`{ "ok": true }`).
 */
function thresholdsOf(metrics: ReadonlyMap<string, Metric>) {
  const failed = failedNames()
  let total = 0
  let broken = 0
  for (const [name, { thresholds }] of metrics) {
    for (const [expression, state] of Object.entries(thresholds)) {
      const isBroken =
        typeof state === 'boolean' ? state : (state as { ok?: unknown } | null)?.ok === false
      total += 1
      if (!isBroken) continue
      broken += 1
      failed.add(`${name} ${expression}`)
    }
  }
  return { total, broken, failed: failed.list() }
}

/** `http_req_failed` is a rate of failures, so its "passes" are the requests that failed. */
function commonFigures(of: (metric: string) => Figures): TestResults {
  const duration = of('http_req_duration')
  const failing = of('http_req_failed')
  const checks = of('checks')
  const rate = failing['rate']
  const found: Record<string, number | undefined> = {
    requests: of('http_reqs')['count'],
    failures: failing['passes'],
    error_rate: rate === undefined ? undefined : rate * 100,
    rps: of('http_reqs')['rate'],
    response_time_min: duration['min'],
    response_time_avg: duration['avg'],
    response_time_p50: duration['med'] ?? duration['p50'],
    response_time_p90: duration['p90'],
    response_time_p95: duration['p95'],
    response_time_p99: duration['p99'],
    response_time_max: duration['max'],
    checks_passed: checks['passes'],
    checks_failed: checks['fails'],
  }
  const isMeasured = (entry: [string, number | undefined]): entry is [string, number] =>
    entry[1] !== undefined && entry[1] >= 0
  const figures = Object.entries(found)
    .filter(isMeasured)
    .map(([name, value]) => [name, COUNTS.has(name) ? Math.round(value) : rounded(value)])
  return Object.fromEntries(figures)
}

const COUNTS = new Set(['requests', 'failures', 'checks_passed', 'checks_failed'])
