import assert from 'node:assert/strict'
import { it } from 'node:test'
import { StoredEvaluation } from '@tiphys/contract/http/native-evaluation.ts'
import { freePort, type Installation, openInstallation } from '../end-to-end/harness.ts'
import { createShop, TESTS_YAML } from '../end-to-end/project-files.ts'
import { until } from '../end-to-end/until.ts'
import { prometheusAt } from '../prometheus-connection.ts'
import { isPrometheusInstalled, startPrometheus } from './prometheus.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: delivery
          tasks: [{ name: deployment }, { name: test }, { name: evaluation }]
`

const SLI = `spec_version: "1.0"
indicators:
  response_time_p95: histogram_quantile(0.95, sum by (le) (rate(http_response_time_milliseconds_bucket{job="$SERVICE-$STAGE"}[$DURATION_SECONDS])))
  error_rate: 100 * (sum(rate(http_requests_total{job="$SERVICE-$STAGE",status=~"5.."}[$DURATION_SECONDS])) or vector(0)) / sum(rate(http_requests_total{job="$SERVICE-$STAGE"}[$DURATION_SECONDS]))
`

const SLO = `objectives:
  - sli: response_time_p95
    key_sli: true
    pass:
      - criteria: ["<=200"]
  - sli: error_rate
    pass:
      - criteria: ["<=1"]
`

/** What the slow version's 350 ms come to in the histogram, which knows buckets from 300 to 500 ms. */
const SLOW_MS = { from: 300, to: 500 }

const isSkipped =
  isPrometheusInstalled() || process.env['TIPHYS_TEST_PEERS'] === 'all'
    ? false
    : 'prometheus is not installed'

it('a gate judges what a real Prometheus measured', { skip: isSkipped }, async () => {
  const port = await freePort()
  await using installation = await openInstallation({
    argocd: { applications: [{ stage: 'staging' }] },
    settings: { providers: [prometheusAt(`http://127.0.0.1:${port}`)] },
  })
  // Argo CD keeps the address of the service for all of its versions.
  const address = new URL(installation.argocd.simulator.ingressUrl('carts-staging')).host
  await using prometheus = await startPrometheus(port, [{ job: 'carts-staging', address }])
  await until('a first scrape', async () =>
    (await prometheus.value('up{job="carts-staging"}')) === 1 ? true : undefined,
  )
  const { client } = installation
  await createShop(installation, {
    shipyard: SHIPYARD,
    project: 'apiVersion: tiphys.dev/v1\n',
    slo: SLO,
    tests: TESTS_YAML.replace('duration: 1s', 'duration: 5s'),
  })
  await client.write({ project: 'shop' }, { 'prometheus/sli.yaml': SLI })

  const good = await judged(installation, 'sample:1.1.0')
  assert.equal(good.result, 'pass', good.text)
  assert.ok(good.responseTimeMs < 200, `${good.responseTimeMs} ms`)
  assert.equal(good.errorRate, 0)

  const slow = await judged(installation, 'sample:1.2.0-slow')
  assert.equal(slow.result, 'fail', slow.text)
  assert.ok(slow.responseTimeMs > SLOW_MS.from && slow.responseTimeMs < SLOW_MS.to)
  // Shown with four digits: 473.98 is 474.
  const [, shownMs] = /because response_time_p95 was ([\d.]+)\D/.exec(slow.text) ?? []
  assert.ok(Math.abs(Number(shownMs) - slow.responseTimeMs) < 1, `${shownMs}`)
})

async function judged({ client }: Installation, image: string) {
  const ended = await client.ended(await client.trigger({ image }))
  const task = ended.runs[0]?.tasks.find((one) => one.name === 'evaluation')
  const answer = await client.ask('GET', `/api/tiphys/v1/evaluations/${task?.triggeredId}`)
  assert.equal(answer.status, 200, `${answer.text} ${ended.reason}`)
  const { evaluation } = StoredEvaluation.parse(answer.json)
  const value = (metric: string) =>
    evaluation?.indicatorResults?.find((one) => one.value?.metric === metric)?.value?.value
  return {
    result: task?.result,
    text: answer.text,
    responseTimeMs: value('response_time_p95') ?? Number.NaN,
    errorRate: value('error_rate') ?? Number.NaN,
  }
}
