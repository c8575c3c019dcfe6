import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from '../end-to-end/harness.ts'
import { until } from '../end-to-end/until.ts'
import { openObservedServer } from '../observation/observed-server.ts'
import { isPrometheusInstalled, startPrometheus } from './prometheus.ts'

const DOCS = new URL('../../../../docs/observing.md', import.meta.url)
const ALERTS = new URL('../../../../examples/prometheus/alerts.yml', import.meta.url)
const QUERY = /```promql\n([\s\S]*?)```/g

const isSkipped =
  isPrometheusInstalled() || process.env['TIPHYS_TEST_PEERS'] === 'all'
    ? false
    : 'prometheus is not installed'

it('a real Prometheus scrapes the metrics with a token, and makes the figures', {
  skip: isSkipped,
}, async () => {
  await using server = await openObservedServer()
  const bearerToken = await server.client.mintToken('prometheus', ['read'])
  const address = new URL(server.url).host
  await using prometheus = await startPrometheus(await freePort(), [
    { job: 'tiphys', address, bearerToken },
  ])
  await until('a first scrape', async () =>
    (await prometheus.value('up{job="tiphys"}')) === 1 ? true : undefined,
  )
  const answer = async (context: string, task: string, result: string) =>
    await server.client.report(await server.client.openTask(context, task), { result })
  const bad = await server.client.trigger()
  await until('the series to be there before its first step', async () =>
    (await prometheus.value('sum(tiphys_changes_total{stage="staging"})')) === 0 ? true : undefined,
  )
  await answer(bad, 'deployment', 'pass')
  await answer(bad, 'evaluation', 'fail')
  await answer(bad, 'rollback', 'pass')
  await server.client.ended(bad)
  await until('the failed change', async () =>
    (await prometheus.value('sum(tiphys_changes_total{result="fail"})')) === 1 ? true : undefined,
  )
  await until('the process metrics', async () =>
    (await prometheus.value('process_resident_memory_bytes{job="tiphys"}')) ? true : undefined,
  )
  const queries = [...readFileSync(DOCS, 'utf8').matchAll(QUERY)].map(([, query = '']) =>
    query.replaceAll('production', 'staging'),
  )
  assert.equal(queries.length, 4)
  // increase() needs two scrapes around the step, which have been there.
  const [frequency, lead, failureRate, restore] = await Promise.all(queries.map(prometheus.value))
  assert.ok((frequency ?? 0) > 0, 'deployments a day')
  assert.ok((lead ?? 0) > 0 && (restore ?? 0) > 0, `${lead} ${restore}`)
  assert.equal(failureRate, 1)
})

it('the alerts are taken by promtool, and ask for metrics that are there', {
  skip: isSkipped,
}, () => {
  const checked = spawnSync('promtool', ['check', 'rules', fileURLToPath(ALERTS)])
  assert.equal(checked.status, 0, `${checked.stdout}${checked.stderr}`)
  const documented = readFileSync(DOCS, 'utf8')
  const names = readFileSync(ALERTS, 'utf8').match(/\b(tiphys|nodejs|process)_[a-z0-9_]+/g) ?? []
  assert.ok(names.length > 10)
  for (const name of names) {
    const metric = name.replace(/_(count|sum|bucket)$/, '')
    assert.ok(documented.includes(`\`${metric}\``), name)
  }
})
