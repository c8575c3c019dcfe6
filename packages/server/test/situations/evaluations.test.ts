import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type Installation, openInstallation } from '../end-to-end/harness.ts'
import { prometheusAt } from '../prometheus-connection.ts'
import { assertGolden } from './golden.ts'
import { ended, type Situation } from './situation.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: judge
          tasks:
            - name: test
              properties: { executor: external }
            - name: evaluation
        - name: gate
          tasks:
            - name: evaluation
`

const SLO = `objectives:
  - sli: rt
    pass:
      - criteria: ["<=200"]
    warning:
      - criteria: ["<=300"]
`
const WINDOW = { evaluation: { start: '2026-01-02T15:00:00Z', end: '2026-01-02T15:05:00Z' } }

type Files = Readonly<Record<string, string>>

describe('what users read: evaluations', () => {
  let installation: Installation
  let prometheus: Server
  before(async () => {
    prometheus = await startMoodyPrometheus()
    const { port } = prometheus.address() as AddressInfo
    installation = await openInstallation({
      settings: {
        providers: [{ ...prometheusAt(`http://127.0.0.1:${port}`), projects: ['shop'] }],
      },
    })
  })
  after(async () => {
    await installation[Symbol.asyncDispose]()
    prometheus.closeAllConnections()
    await new Promise((resolve) => prometheus.close(resolve))
  })

  const situations: Situation[] = []
  let projects = 0

  /** Every situation has a service of its own, so that none is the baseline of another. */
  async function judged(
    situation: string,
    files: Files,
    data: Readonly<Record<string, unknown>> = WINDOW,
    project = 'shop',
  ): Promise<void> {
    const { client } = installation
    const service = `service-${situations.length}`
    const path = `/api/controlPlane/v1/project/${project}/service`
    await client.ask('POST', path, { body: { serviceName: service } })
    if (Object.keys(files).length > 0) {
      await client.write({ project, stage: 'staging', service }, files)
    }
    const wish = { project, service, sequence: 'gate', data }
    situations.push(ended(situation, await client.ended(await client.trigger(wish))))
  }

  async function project(name: string, files: Files): Promise<void> {
    projects += 1
    await installation.client.createProject(name, SHIPYARD, [])
    if (Object.keys(files).length > 0) await installation.client.write({ project: name }, files)
  }

  it('says which file is missing or wrong', async () => {
    await project('shop', {})
    const sli = { 'prometheus/sli.yaml': 'indicators: { rt: "150" }\n' }
    await judged('no slo.yaml', {})
    await judged('slo.yaml that is not YAML', { ...sli, 'slo.yaml': 'objectives: [\n' })
    await judged('slo.yaml without objectives', { ...sli, 'slo.yaml': 'spec_version: "1.0"\n' })
    await judged('a criterion that is none', {
      ...sli,
      'slo.yaml': SLO.replace('<=200', 'about 200'),
    })
    await judged('an aggregate function that is none', {
      ...sli,
      'slo.yaml': `comparison: { aggregate_function: median }\n${SLO}`,
    })
    await judged('sli.yaml that is not YAML', {
      'slo.yaml': SLO,
      'prometheus/sli.yaml': 'indicators: [\n',
    })
    await judged('no SLI provider', { 'slo.yaml': SLO })
    await judged('an SLI provider that is not built in', {
      'slo.yaml': SLO,
      'honeycomb/sli.yaml': 'indicators: { rt: "builtin" }\n',
    })
    await judged('an SLI provider that is not connected', {
      'slo.yaml': SLO,
      'dynatrace/sli.yaml': 'indicators: { rt: "builtin" }\n',
    })
    await judged('Argo CD asked for what it does not know', {
      'slo.yaml': SLO,
      'argocd/sli.yaml': 'indicators: { rt: restart }\n',
    })
    await judged('Argo CD asked, and no application is named', {
      'slo.yaml': SLO,
      'argocd/sli.yaml': 'indicators: { rt: restarts }\n',
    })
    await judged('two SLI providers', {
      'slo.yaml': SLO,
      ...sli,
      'test-results/sli.yaml': 'indicators: { rt: response_time_p95 }\n',
    })
    await project('astray', {
      'slo.yaml': SLO,
      'tiphys/project.yaml': 'sliProvider: test-results\n',
    })
    await judged('slo.yaml at the project instead of the service', {}, WINDOW, 'astray')
    await project('unconnected', { 'tiphys/project.yaml': 'sliProvider: prometheus\n' })
    await judged(
      'Prometheus wanted, and none connected',
      { 'slo.yaml': SLO },
      WINDOW,
      'unconnected',
    )
    await project('untested', { 'tiphys/project.yaml': 'sliProvider: test-results\n' })
    await judged('test results wanted, and nothing tested', { 'slo.yaml': SLO }, WINDOW, 'untested')
  })

  it('says what is wrong with the window', async () => {
    const files = { 'slo.yaml': SLO, 'prometheus/sli.yaml': 'indicators: { rt: number_150 }\n' }
    const windows: Readonly<Record<string, object>> = {
      'no window at all': {},
      'a window that ends before it starts': {
        start: '2026-01-02T15:00:00Z',
        end: '2026-01-02T14:00:00Z',
      },
      'a window of ten seconds': { start: '2026-01-02T15:00:00Z', end: '2026-01-02T15:00:10Z' },
      'a start that is no time': { start: 'yesterday', end: '2026-01-02T15:05:00Z' },
      'a timeframe that is none': { timeframe: 'soon' },
      'an end and a timeframe': { end: '2026-01-02T15:05:00Z', timeframe: '5m' },
    }
    for (const [situation, evaluation] of Object.entries(windows)) {
      await judged(situation, files, { evaluation })
    }
  })

  it('says what the provider answered', async () => {
    for (const [situation, query] of MOODS) {
      await judged(situation, {
        'slo.yaml': SLO,
        'prometheus/sli.yaml': `indicators: { rt: '${query}' }\n`,
      })
    }
    await judged(
      'a label that would change the query',
      {
        'slo.yaml': SLO,
        'prometheus/sli.yaml': 'indicators: { rt: up{version="$LABEL.version"} }\n'
          .replace('up{', "'up{")
          .replace('} }', "}' }"),
      },
      { ...WINDOW, labels: { version: '1"} or vector(0) or up{x="' } },
    )
    await judged('an indicator without a query', {
      'slo.yaml': SLO.replace('sli: rt', 'sli: happiness'),
      'prometheus/sli.yaml': 'indicators: { rt: "150" }\n',
    })
    assert.equal(projects, 4)
  })

  it('reads as the golden file says', () => assertGolden('Evaluations', situations))
})

const MOODS: readonly (readonly [string, string])[] = [
  ['a value that passes', 'number_150'],
  ['a value in the warning band, and no other objective', 'number_250'],
  ['a value that fails', 'number_400'],
  ['no data', 'empty'],
  ['several series', 'several'],
  ['not a number', 'number_NaN'],
  ['a query that Prometheus refuses', 'bad_query'],
  ['credentials that Prometheus refuses', 'status_401'],
  ['Prometheus answers 500', 'status_500'],
  ['Prometheus breaks the connection', 'hang_up'],
  ['an answer that is not JSON', 'page'],
]

/** Answers like Prometheus, in the mood that the query names. */
async function startMoodyPrometheus(): Promise<Server> {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      const mood = new URLSearchParams(body).get('query') ?? ''
      const [, word = '', detail = ''] = /^([a-z]+)_?(\w*)$/.exec(mood) ?? []
      if (mood === 'hang_up') return response.destroy()
      if (word === 'status') return response.writeHead(Number(detail)).end('no')
      if (word === 'page') return response.writeHead(200).end('<html>welcome</html>')
      if (mood === 'bad_query') {
        const error = {
          status: 'error',
          errorType: 'bad_data',
          error: 'parse error: unexpected end',
        }
        return response.writeHead(400, JSON_TYPE).end(JSON.stringify(error))
      }
      const series = word === 'empty' ? [] : word === 'several' ? ['1', '2'] : [detail]
      const result = series.map((value) => ({ metric: { value }, value: [0, value] }))
      const answer = { status: 'success', data: { resultType: 'vector', result } }
      return response.writeHead(200, JSON_TYPE).end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

const JSON_TYPE = { 'content-type': 'application/json' }
