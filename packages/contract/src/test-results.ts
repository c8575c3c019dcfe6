import { z } from 'zod'

/**
 * What a test task measured, carried in event data as `data.test.results`, so that a gate can judge
 * a deployment without any metrics server (SLI provider `test-results`).
 *
 *   data.test: {
 *     start, end,                        ISO times, as Keptn
 *     results: {
 *       requests: 4000, failures: 3, error_rate: 0.075, rps: 198.4,
 *       response_time_p95: 41.2, …       the figures of everything together
 *       targets: {                       the same figures per target, by its name
 *         checkout: { url: 'http://…', requests: 2000, … },
 *       },
 *     },
 *   }
 *
 * A figure that was not measured is left out, never 0 or null: "no data" and "zero" are told apart in
 * the report. Targets are a map and not a list because Keptn's merge of task data joins lists, so two
 * test tasks of one sequence would list a target twice; in a map the later one wins.
 */
const figure = z.number().optional()
const count = z.number().int().nonnegative().optional()

export const TestFigures = z.looseObject({
  /** Requests that were sent and answered, or failed. */
  requests: count,
  /** Requests that failed: no answer in time, connection broken, or a status that counts as an error. */
  failures: count,
  /** Failures per request, in percent (0 to 100). */
  error_rate: figure,
  /** Answered requests per second. */
  rps: figure,
  /** Response times in milliseconds, over answered requests. */
  response_time_min: figure,
  response_time_avg: figure,
  response_time_p50: figure,
  response_time_p90: figure,
  response_time_p95: figure,
  response_time_p99: figure,
  response_time_max: figure,
  /** Assertions about answers (status, body, header) that held, and that did not. */
  checks_passed: count,
  checks_failed: count,
  /** How long measuring took, in milliseconds, without warm-up. */
  duration_ms: figure,
})
export type TestFigures = z.infer<typeof TestFigures>

export const TestTarget = z.looseObject({
  ...TestFigures.shape,
  /** Where the requests went. */
  url: z.string().optional(),
})
export type TestTarget = z.infer<typeof TestTarget>

export const TestResults = z.looseObject({
  ...TestFigures.shape,
  targets: z.record(z.string(), TestTarget).optional(),
})
export type TestResults = z.infer<typeof TestResults>

/**
 * Names that an objective may use without an sli.yaml, with the figure they stand for. `throughput` is
 * what Keptn's Prometheus provider calls it, so one slo.yaml works with either provider.
 */
export const BUILT_IN_TEST_INDICATORS: Readonly<Record<string, string>> = {
  requests: 'requests',
  failures: 'failures',
  error_rate: 'error_rate',
  rps: 'rps',
  throughput: 'rps',
  response_time_min: 'response_time_min',
  response_time_avg: 'response_time_avg',
  response_time_p50: 'response_time_p50',
  response_time_p90: 'response_time_p90',
  response_time_p95: 'response_time_p95',
  response_time_p99: 'response_time_p99',
  response_time_max: 'response_time_max',
  checks_passed: 'checks_passed',
  checks_failed: 'checks_failed',
  duration_ms: 'duration_ms',
}
