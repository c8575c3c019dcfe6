import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { createGuardedHttp } from '@tiphys/providers/http/guarded-http.ts'
import { runOfflineGate } from '@tiphys/providers/offline-gate.ts'
import { createPrometheusProvider } from '@tiphys/providers/prometheus/prometheus-provider.ts'
import { fetchValues } from '@tiphys/providers/sli/fetch-values.ts'
import type { SliRequest } from '@tiphys/providers/sli/sli-provider.ts'
import { until } from './peer-process.ts'
import { missingPrometheus, type RunningPrometheus, startPrometheus } from './prometheus-server.ts'

/** The provider against the program it was written for: what it scraped from a service that really answered. */
const skip = missingPrometheus()
const WINDOW_MS = 5_000
const PERCENT_FAILED = 25

let prometheus: RunningPrometheus
let requests = 0

/** Every answer is counted as taking 40 to 50 ms; every fourth failed. Asked for by Prometheus itself. */
const service = createServer((_request, response) => {
  requests += 40
  const failed = (requests * PERCENT_FAILED) / 100
  const bucket = (bound: string, count: number) =>
    `http_response_time_milliseconds_bucket{le="${bound}"} ${count}`
  response.end(
    [
      `http_requests_total{status="200"} ${requests - failed}`,
      `http_requests_total{status="500"} ${failed}`,
      bucket('40', 0),
      bucket('50', requests),
      bucket('+Inf', requests),
      '',
    ].join('\n'),
  )
})

before(async () => {
  if (skip) return
  service.listen(0, '127.0.0.1')
  await once(service, 'listening')
  const address = service.address()
  assert.ok(address !== null && typeof address === 'object')
  prometheus = await startPrometheus(`127.0.0.1:${address.port}`)
})

after(async () => {
  await prometheus?.stop()
  service.closeAllConnections()
  service.close()
})

function request(): Omit<SliRequest, 'indicator' | 'query'> {
  const endMs = Date.now()
  return {
    window: { startMs: endMs - WINDOW_MS, endMs },
    scope: {
      project: 'shop',
      stage: 'dev',
      service: 'carts',
      deployment: 'primary',
      labels: {},
      filters: { job: 'sample' },
    },
  }
}

function connect(url: string) {
  const connection = { name: 'prometheus', settings: { url } }
  return createPrometheusProvider(connection, { http: createGuardedHttp() })
}

/** In the order of the names. */
async function measure(names: readonly string[], texts: Readonly<Record<string, string>>) {
  const queries = Object.fromEntries(
    Object.entries(texts).map(([name, query]) => [name, { query }]),
  )
  const provider = connect(prometheus.url)
  const found = await fetchValues([{ provider, indicators: names, queries }], request())
  return names.flatMap((name) => found.get(name) ?? [])
}

test('built-in and written queries give what the service really did', { skip }, async () => {
  const queries = {
    failures: 'sum(rate(http_requests_total{job="$job",status="500"}[$DURATION_SECONDS]))',
  }
  const names = ['throughput', 'error_rate', 'response_time_p95', 'failures']
  let values: Awaited<ReturnType<typeof measure>> = []
  await until(async () => {
    values = await measure(names, queries)
    return values.every((value) => value.success)
  })
  const [throughput, errorRate, p95, failures] = values.map((value) => value.value)
  assert.ok(throughput !== undefined && throughput > 0)
  assert.ok(Math.abs((errorRate ?? 0) - PERCENT_FAILED / 100) < 1e-9)
  assert.ok(p95 !== undefined && p95 > 40 && p95 <= 50)
  assert.ok(failures !== undefined && Math.abs(failures / throughput - 0.25) < 0.05)
})

test('no series, several series, NaN and a broken query are told apart', { skip }, async () => {
  const queries = {
    none: 'nothing_like_this',
    several: 'http_requests_total{job="sample"}',
    nan: 'vector(0) / vector(0)',
    broken: 'sum(',
    scalar: '1 + 1',
  }
  let told: unknown
  await until(async () => {
    const values = await measure(Object.keys(queries), queries)
    told = Object.fromEntries(values.map((value) => [value.metric, value.detail.problem]))
    return values[1]?.detail.problem !== 'no-data'
  })
  assert.deepEqual(told, {
    none: 'no-data',
    several: 'several-values',
    nan: 'not-a-number',
    broken: 'query-refused',
    scalar: 'several-values',
  })
})

test('the offline gate judges what a real Prometheus measured', { skip }, async () => {
  const files: Record<string, string> = {
    'slo.yaml': `
filter: { job: sample }
objectives:
  - sli: response_time_p95
    pass: [{ criteria: ["<60"] }]
  - sli: failed_share
    pass: [{ criteria: ["<=20"] }]
`,
    'sli.yaml': `
indicators:
  failed_share: 100 * sum(rate(http_requests_total{job="$job",status="500"}[$DURATION_SECONDS])) / sum(rate(http_requests_total{job="$job"}[$DURATION_SECONDS]))
`,
  }
  let said = ''
  const isJudged = async () => {
    const answer = await runOfflineGate({
      slo: 'slo.yaml',
      sli: ['sli.yaml'],
      provider: 'prometheus',
      url: prometheus.url,
      timeframe: '1m',
      nowMs: Date.now(),
      readText: (file) => Promise.resolve(files[file] ?? ''),
    })
    const complaints = answer.problems.map(({ message }) => message)
    said = [answer.explanation?.sentence, answer.complaint, ...complaints].join('; ')
    return answer.exitCode === 1
  }
  // What the gate said last tells more than that it took too long.
  const isReady = await until(isJudged).then(
    () => true,
    () => false,
  )
  assert.match(
    said,
    /^The evaluation failed because failed_share was 25, above its limit of 20\.; ;?/,
  )
  assert.ok(isReady)
})
