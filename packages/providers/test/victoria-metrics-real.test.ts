import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { PrometheusConnection } from '@tiphys/contract/connections/prometheus.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { createGuardedHttp } from '@tiphys/providers/http/guarded-http.ts'
import { createPrometheusProvider } from '@tiphys/providers/prometheus/prometheus-provider.ts'
import { REQUEST } from './provider-contract.ts'
import {
  missingVictoriaMetrics,
  type RunningVictoriaMetrics,
  startVictoriaMetrics,
} from './victoria-metrics-server.ts'

/** The provider for Prometheus against another program that speaks its API, and more. */
const skip = missingVictoriaMetrics()
const STEP_MS = 15_000
const WINDOW_MS = 300_000
/** Older than what VictoriaMetrics still expects to change, and on the grid of its steps. */
const endMs = Math.floor(Date.now() / WINDOW_MS) * WINDOW_MS - 2 * WINDOW_MS
const startMs = endMs - WINDOW_MS

let victoria: RunningVictoriaMetrics

before(async () => {
  if (skip) return
  victoria = await startVictoriaMetrics()
  const points = (2 * WINDOW_MS) / STEP_MS
  const lines = Array.from({ length: points + 1 }, (_, index) => {
    const timeMs = startMs - WINDOW_MS + index * STEP_MS
    const served = index * 30
    return [
      `http_requests_total{job="carts",status="200"} ${served * 0.75} ${timeMs}`,
      `http_requests_total{job="carts",status="500"} ${served * 0.25} ${timeMs}`,
      `http_duration_ms_bucket{job="carts",le="40"} 0 ${timeMs}`,
      `http_duration_ms_bucket{job="carts",le="50"} ${served} ${timeMs}`,
      `http_duration_ms_bucket{job="carts",le="+Inf"} ${served} ${timeMs}`,
      `queue_length{job="carts"} ${index} ${timeMs}`,
    ]
  })
  await victoria.write(lines.flat())
})

after(async () => {
  await victoria?.stop()
})

function ask(query: SliQuery, more: Partial<PrometheusConnection> = {}) {
  const { url, user, password } = victoria
  const settings = PrometheusConnection.parse({ url, user, password, ...more })
  const provider = createPrometheusProvider(
    { name: 'prometheus', settings },
    { http: createGuardedHttp() },
  )
  return provider.fetchValue({ ...REQUEST, query, window: { startMs, endMs } })
}

test('rates and percentiles are those of what was written', { skip }, async () => {
  const rate = 'sum(rate(http_requests_total{job="{{ service }}"}[{{ duration }}]))'
  const served = await ask({ query: rate })
  assert.equal(served.message, '')
  assert.ok(Math.abs(served.value - 2) < 1e-9, `${served.value}`)
  const failed = await ask({
    query: `sum(rate(http_requests_total{job="$SERVICE",status="500"}[$DURATION_SECONDS])) / ${rate}`,
  })
  assert.ok(Math.abs(failed.value - 0.25) < 1e-9, `${failed.value}`)
  const p95 = await ask({
    query: 'histogram_quantile(0.95, sum by (le) (rate(http_duration_ms_bucket[5m])))',
    unit: 'ms',
  })
  assert.ok(Math.abs(p95.value - 49.5) < 1e-9, `${p95.value}`)
})

test('the course of the window is a series', { skip }, async () => {
  const query = { query: 'queue_length', with: { step: '15s' } }
  const least = await ask({ ...query, aggregate: 'min' })
  assert.equal(least.value, WINDOW_MS / STEP_MS)
  assert.equal(least.detail.series?.points.length, WINDOW_MS / STEP_MS + 1)
  assert.deepEqual(least.detail.series?.points.at(-1), [endMs, (2 * WINDOW_MS) / STEP_MS])
  assert.equal((await ask({ ...query, aggregate: 'max' })).value, (2 * WINDOW_MS) / STEP_MS)
})

test('MetricsQL is sent where the connection says so, and refused with a place where not', {
  skip,
}, async () => {
  const query = { query: 'sum(rate(nothing_at_all)) default 7' }
  const value = await ask(query, { syntax: 'metricsql' })
  assert.deepEqual([value.message, value.value], ['', 7])
  const asPromql = await ask(query, { syntax: 'promql' })
  assert.equal(asPromql.detail.problem, 'query-refused')
})

test('no series, several, NaN, a broken query and a wrong password are told apart', {
  skip,
}, async () => {
  const told = async (query: string, more?: Partial<PrometheusConnection>) =>
    (await ask({ query }, more)).detail.problem
  assert.equal(await told('nothing_like_this'), 'no-data')
  assert.equal(await told('http_requests_total'), 'several-values')
  const broken = await ask({ query: 'sum(' }, { syntax: 'metricsql' })
  assert.equal(broken.detail.problem, 'query-refused')
  assert.match(broken.message, /^Prometheus refused the query \(4\d\d\): .*sum\(/)
  assert.equal(await told('queue_length', { password: 'guessed' }), 'auth-refused')
  // Where Prometheus answers with NaN, this one leaves the sample out.
  assert.equal(await told('vector(0) / vector(0)'), 'no-data')
})
