import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { prometheusAt } from '../prometheus-connection.ts'
import { type Installation, openInstallation } from './harness.ts'
import { createShop, SHIPYARD } from './project-files.ts'
import { until } from './until.ts'

const SLO = `objectives:
  - sli: error_rate
    pass: [{ criteria: ["<=1"] }]
  - sli: response_time_p95
    pass: [{ criteria: ["<=200"] }]
  - sli: sync
    pass: [{ criteria: ["<=60"] }]
  - sli: restarts
    pass: [{ criteria: ["<=0"] }]
    key_sli: true
  - sli: time_degraded
    pass: [{ criteria: ["<=0"] }]
  - sli: failed_resources
    pass: [{ criteria: ["<=0"] }]
  - sli: apdex
    pass: [{ criteria: [">=0.9"] }]
`
const SLI = {
  'prometheus/sli.yaml': 'indicators: { error_rate: "sum(errors)" }\n',
  'test-results/sli.yaml': 'indicators: { response_time_p95: response_time_p95 }\n',
  'argocd/sli.yaml': `indicators:
  sync: sync_duration
  restarts: restarts
  time_degraded:
    query: time_degraded
  failed_resources: failed_resources
`,
  'honeycomb/sli.yaml': 'indicators: { apdex: "AVG(apdex)" }\n',
}
const OPEN = '/api/controlPlane/v1/event/triggered/sh.keptn.event.get-sli.triggered?project=shop'

async function startPrometheus(): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume()
    const result = [{ metric: {}, value: [0, '0.5'] }]
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

type Objective = {
  readonly sli: string
  readonly provider: string | null
  readonly unit: string | null
  readonly link: string | null
  readonly measurement: {
    readonly kind: string
    readonly value?: number
    readonly message?: string
  }
}

describe('one evaluation with several providers', () => {
  let installation: Installation
  let prometheus: Server
  before(async () => {
    prometheus = await startPrometheus()
    const { port } = prometheus.address() as AddressInfo
    installation = await openInstallation({
      argocd: { applications: [{ stage: 'staging' }] },
      settings: { providers: [prometheusAt(`http://127.0.0.1:${port}`)] },
    })
    const gate = '        - name: gate\n          tasks:\n            - name: evaluation\n'
    await createShop(installation, {
      shipyard: `${SHIPYARD}${gate}`,
      slo: SLO,
      project: 'apiVersion: tiphys.dev/v1\n',
    })
    await installation.client.write({ project: 'shop' }, SLI)
    const body = {
      name: 'honeycomb-service',
      metadata: { hostname: 'n', kubernetesmetadata: { namespace: 'keptn' } },
      subscriptions: [
        {
          event: 'sh.keptn.event.get-sli.triggered',
          filter: { projects: [], stages: [], services: [] },
        },
      ],
    }
    const path = '/api/controlPlane/v1/uniform/registration'
    assert.equal((await installation.client.ask('POST', path, { body })).status, 201)
  })
  after(async () => {
    await installation[Symbol.asyncDispose]()
    prometheus.closeAllConnections()
    await new Promise((resolve) => prometheus.close(resolve))
  })

  /** As the provider outside: answers whatever is asked. Runs that Argo CD's own deployments started ask too. */
  async function answerAll(): Promise<void> {
    const { json } = await installation.client.ask('GET', OPEN)
    const { events } = json as {
      events: { id: string; data: { 'get-sli': { indicators: string[] } } }[]
    }
    for (const { id, data } of events) {
      assert.deepEqual(data['get-sli'].indicators, ['apdex'])
      const indicatorValues = [{ metric: 'apdex', value: 0.95, success: true, message: '' }]
      const result = {
        status: 'succeeded',
        result: 'pass',
        data: { 'get-sli': { indicatorValues } },
      }
      const path = `/api/tiphys/v1/tasks/${id}/result`
      await installation.client.ask('POST', path, { body: result })
    }
  }

  async function judged(context: string) {
    const { client } = installation
    const timeline = await until(`the end of ${context}`, async () => {
      await answerAll()
      const now = await client.context(context)
      return now.open ? undefined : now
    })
    const query = `project=shop&keptnContext=${context}&type=sh.keptn.event.evaluation.finished`
    const { json } = await client.ask('GET', `/api/mongodb-datastore/event?${query}`)
    const { events } = json as { events: { data: { explanation: { objectives: Objective[] } } }[] }
    const objectives = events[0]?.data.explanation.objectives ?? []
    const of = (sli: string) =>
      objectives.find((one) => one.sli === sli) ?? assert.fail(`no ${sli}`)
    return { verdict: timeline.verdict, reason: timeline.reason, of }
  }

  it('passes when each of them has a good value, and says whose each is', async () => {
    const context = await installation.client.trigger({ image: 'sample:1.1.0' })
    const { verdict, reason, of } = await judged(context)
    assert.equal(verdict, 'pass', reason)
    const providers = ['error_rate', 'response_time_p95', 'sync', 'restarts', 'apdex'].map(
      (sli) => of(sli).provider,
    )
    assert.deepEqual(providers, ['prometheus', 'test-results', 'argocd', 'argocd', 'honeycomb'])
    assert.deepEqual(
      ['error_rate', 'restarts', 'time_degraded', 'failed_resources', 'apdex'].map(
        (sli) => of(sli).measurement.value,
      ),
      [0.5, 0, 0, 0, 0.95],
    )
    assert.deepEqual([of('sync').unit, of('time_degraded').unit], ['s', 's'])
    assert.match(of('sync').link ?? '', /\/applications\/argocd\/carts-staging$/)
  })

  it('fails when the containers were restarted and the application was degraded in the window', async () => {
    const { client, argocd } = installation
    await argocd.pushTag('1.2.0-crash', 'staging')
    await argocd.simulator.settled()
    const api = `${argocd.simulator.url}/api/v1/applications/carts-staging`
    const headers = {
      authorization: `Bearer ${installation.settings.argocd[0]?.token}`,
      'content-type': 'application/json',
    }
    await fetch(`${api}/sync`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ project: 'default' }),
    })
    await until('a degraded application', () => {
      const { status } = argocd.simulator.application('carts-staging')
      return status.health.status === 'Degraded' || undefined
    })
    // Whole seconds: one of them has to pass before it can be counted.
    const sinceMs = Date.parse(
      argocd.simulator.application('carts-staging').status.health.lastTransitionTime ?? '',
    )
    await until('a second of it', () => Date.now() > sinceMs + 2_000 || undefined)
    const data = { evaluation: { timeframe: '10m' }, test: { results: { response_time_p95: 1 } } }
    const { verdict, of } = await judged(await client.trigger({ sequence: 'gate', data }))
    assert.equal(verdict, 'fail')
    assert.equal(of('restarts').measurement.value, 2)
    const degraded = of('time_degraded').measurement.value ?? 0
    assert.ok(degraded >= 1 && degraded < 60, `${degraded} s`)
    assert.equal(of('apdex').measurement.value, 0.95)
  })

  it('names what Argo CD knows when it is asked for something else', async () => {
    const { client } = installation
    const place = { project: 'shop', stage: 'staging', service: 'carts' }
    await client.write(place, { 'argocd/sli.yaml': 'indicators: { restarts: pod_restarts }\n' })
    const data = { evaluation: { timeframe: '10m' } }
    const { of } = await judged(await client.trigger({ sequence: 'gate', data }))
    assert.match(
      of('restarts').measurement.message ?? '',
      /^argocd has no indicator pod_restarts; it has sync_duration, /,
    )
  })
})
