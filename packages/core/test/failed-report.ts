import { SloFile } from '@tiphys/contract/slo.ts'
import type { PreviousEvaluation } from '@tiphys/core/evaluation/baseline.ts'
import { evaluate } from '@tiphys/core/evaluation/evaluation.ts'
import { measured, type SliValue, unmeasured } from '@tiphys/core/evaluation/sli-value.ts'
import { explain } from '@tiphys/core/explanation/explain.ts'
import type { Explanation } from '@tiphys/core/explanation/explanation.ts'
import { type ReportLinks, reportLinks } from '@tiphys/core/explanation/report-links.ts'
import { normaliseSlo } from '@tiphys/core/slo/slo.ts'

/** A failed run with everything that a report can have: the source of the golden files, and something to look at. */

const START_MS = Date.UTC(2026, 10, 22, 11, 12)
const END_MS = Date.UTC(2026, 10, 22, 11, 17)
const DAY_MS = 24 * 60 * 60 * 1000
const STEP_MS = 15_000
const PROMETHEUS = { provider: 'prometheus' }
const LINK = 'https://prometheus.example.com/graph?g0.expr=up&g0.tab=0'
/** Tries to get out of every form at once. */
export const HOSTILE =
  '</td></details><script>alert(1)</script> | [x](http://evil.example) @team #12 `y` $\u007bz} \u001b[31m\u202e\n\n# next'

const SLO = normaliseSlo(
  SloFile.parse({
    comparison: {
      compare_with: 'several_results',
      number_of_comparison_results: 3,
      include_result_with_score: 'pass',
    },
    objectives: [
      {
        sli: 'response_time_p95',
        displayName: 'Response time p95',
        weight: 3,
        pass: [{ criteria: ['<=+20%', '<600'] }],
        warning: [{ criteria: ['<=+30%'] }],
      },
      { sli: 'error_rate', key_sli: true, weight: 2, pass: [{ criteria: ['<=1'] }] },
      { sli: 'cart_abandonment', pass: [{ criteria: ['<5'] }] },
      { sli: 'db_connections', pass: [{ criteria: ['<=80%'] }] },
      { sli: 'hostile', displayName: HOSTILE, pass: [{ criteria: ['<1'] }] },
      { sli: 'throughput', weight: 2, pass: [{ criteria: ['>=-10%'] }] },
      { sli: 'pod_restarts' },
    ],
    total_score: { pass: '90%', warning: '75%' },
  }),
)

/** 21 points; a step after the deployment. */
function course(before: number, after: number): readonly [number, number][] {
  return Array.from({ length: 21 }, (_, index) => {
    const wobble = 1 + 0.06 * Math.sin(index * 1.7)
    const level = index < 5 ? before + ((after - before) * index) / 5 : after
    return [START_MS + index * STEP_MS, Math.round(level * wobble * 1000) / 1000]
  })
}

const VALUES: readonly SliValue[] = [
  measured('response_time_p95', 312, {
    ...PROMETHEUS,
    unit: 'ms',
    link: LINK,
    query:
      'histogram_quantile(0.95,\n  sum by(le) (rate(http_response_time_milliseconds_bucket{job="checkout-shop-staging"}[300s])))',
    series: { points: course(250, 318), of: 'avg' },
  }),
  measured('error_rate', 1.84, {
    ...PROMETHEUS,
    unit: '%',
    link: LINK,
    query:
      'sum(rate(http_requests_total{job="checkout-shop-staging",status!~\'2..\'}[300s]))\n/ sum(rate(http_requests_total{job="checkout-shop-staging"}[300s])) * 100',
    series: { points: course(0.4, 1.95), of: 'avg' },
  }),
  unmeasured('cart_abandonment', 'no-data', 'the query did not return any values', {
    ...PROMETHEUS,
    query: 'sum(rate(carts_abandoned_total[300s])) / sum(rate(carts_total[300s])) * 100',
    link: LINK,
  }),
  unmeasured('db_connections', 'unreachable', 'Datadog did not answer within 10 s', {
    provider: 'datadog',
    query: 'avg:postgresql.percent_usage_connections{service:checkout}',
  }),
  measured('hostile', 7, { provider: HOSTILE, query: HOSTILE, unit: HOSTILE, remarks: [HOSTILE] }),
  measured('throughput', 161.23, {
    ...PROMETHEUS,
    unit: '/s',
    series: { points: course(166, 160), of: 'avg' },
  }),
  measured('pod_restarts', 0, { provider: 'argocd' }),
  measured('unasked', 1, PROMETHEUS),
]

function run(
  days: number,
  version: string,
  values: Readonly<Record<string, number>>,
  more: Partial<PreviousEvaluation> = {},
): PreviousEvaluation {
  return {
    id: `finished-${days}`,
    triggeredId: `triggered-${days}`,
    context: `context-${days}`,
    timeMs: START_MS - days * DAY_MS,
    version,
    result: 'pass',
    values: Object.entries(values).map(([metric, value]) => ({ metric, value, success: true })),
    ...more,
  }
}

const PREVIOUS: readonly PreviousEvaluation[] = [
  run(1, '1.8.1', { response_time_p95: 240, error_rate: 0.31, throughput: 170 }),
  run(
    2,
    '1.8.0',
    { response_time_p95: 610 },
    { unfit: { code: 'invalidated', by: 'ann', reason: 'wrong load profile' } },
  ),
  run(3, '1.8.0', { response_time_p95: 400, error_rate: 3 }, { result: 'fail' }),
  run(4, '1.7.9', { response_time_p95: 250, error_rate: 0.5, throughput: 168 }),
  run(5, '1.7.8', { response_time_p95: 260, error_rate: 0.45, throughput: 163 }),
  run(6, '1.7.7', { response_time_p95: 230, error_rate: 0.4, throughput: 160 }),
]

export const LINKS: ReportLinks = reportLinks('https://tiphys.example.com/', 'triggered-0')

export function failedReport(): Explanation {
  const outcome = evaluate({ slo: SLO, values: VALUES, previous: PREVIOUS })
  return explain({
    slo: SLO,
    outcome,
    subject: { project: 'shop', stage: 'staging', service: 'checkout', version: '1.8.2' },
    window: {
      startMs: START_MS,
      endMs: END_MS,
      start: '2026-11-22T11:12:00.000Z',
      end: '2026-11-22T11:17:00.000Z',
    },
    details: Object.fromEntries(VALUES.map((value) => [value.metric, value.detail])),
    notes: ['staging/checkout/slo.yaml:9:7: number_of_comparison_result is not known'],
  })
}
