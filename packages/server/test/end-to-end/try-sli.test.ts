import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import type { Answer } from '../api/test-api.ts'
import { prometheusAt } from '../prometheus-connection.ts'
import { type Installation, openInstallation } from './harness.ts'
import { createShop } from './project-files.ts'

const PASSWORD = 'password-that-nobody-may-see'
const TRY = '/api/tiphys/v1/providers/try'
const PLACE = { project: 'shop', stage: 'staging', service: 'carts' }
const SLO = `filter: { handler: Items }
objectives:
  - sli: latency
    pass: [{ criteria: ["<=200"] }]
`

describe('a query is tried before it is written into a file', () => {
  let installation: Installation
  let prometheus: Server
  const asked: string[] = []
  before(async () => {
    prometheus = createServer(async (request, response) => {
      const query = new URLSearchParams(await text(request)).get('query') ?? ''
      asked.push(query)
      const result = query.includes('empty') ? [] : [{ metric: {}, value: [0, '0.25'] }]
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }))
    })
    await new Promise<void>((resolve) => prometheus.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(prometheus.address() as AddressInfo).port}`
    const settings = { url, user: 'tiphys', password: PASSWORD }
    installation = await openInstallation({
      argocd: { applications: [{ stage: 'staging' }] },
      settings: {
        providers: [
          { connection: { kind: 'prometheus', name: 'prometheus', settings } },
          { ...prometheusAt(url), projects: ['other'] },
        ],
      },
    })
    await createShop(installation, { slo: SLO, project: 'apiVersion: tiphys.dev/v1\n' })
    await installation.client.write(
      { project: 'shop' },
      {
        'prometheus/sli.yaml': `indicators:
  latency: { query: 'latency{handler="$handler",service="$SERVICE"}', scale: 1000, unit: ms }
`,
      },
    )
  })
  after(async () => {
    await installation[Symbol.asyncDispose]()
    prometheus.closeAllConnections()
    await new Promise((resolve) => prometheus.close(resolve))
  })

  const attempt = (body: object, token?: string): Promise<Answer> =>
    installation.client.ask('POST', TRY, {
      body: { ...PLACE, ...body },
      ...(token === undefined ? {} : { token }),
    })
  const value = async (body: object) => {
    const answer = await attempt(body)
    assert.equal(answer.status, 200, answer.text)
    return answer.json as Record<string, unknown>
  }

  it('as it stands in sli.yaml, with its placeholders filled', async () => {
    const end = '2026-01-02T15:05:00.000Z'
    const tried = await value({ indicator: 'latency', start: '2026-01-02T15:00:00.000Z', end })
    assert.equal(tried['value'], 250)
    assert.equal(tried['unit'], 'ms')
    assert.equal(tried['provider'], 'prometheus')
    assert.deepEqual(tried['window'], { start: '2026-01-02T15:00:00.000Z', end })
    assert.equal(asked.at(-1), 'latency{handler="Items",service="carts"}')
    assert.equal(tried['query'], asked.at(-1))
  })

  it('or as somebody writes it, with the reason where there is no value', async () => {
    const tried = await value({ provider: 'prometheus', query: 'up{service="$SERVICE"}' })
    assert.deepEqual([tried['indicator'], tried['value']], ['query', 0.25])
    const empty = await value({ provider: 'prometheus', query: 'empty' })
    assert.deepEqual(
      [empty['success'], empty['value'], empty['problem'], empty['message']],
      [false, null, 'no-data', 'query did not return any values'],
    )
    const label = {
      provider: 'prometheus',
      query: 'up{a="$LABEL.a"}',
      labels: { a: '"} or up{b="' },
    }
    const before = asked.length
    assert.equal((await value(label))['problem'], 'query-unsafe')
    assert.equal(asked.length, before)
  })

  it('also of Argo CD, whose figures need no query', async () => {
    const tried = await value({ provider: 'argocd', indicator: 'failed_resources' })
    assert.equal(tried['value'], 0)
    const wrong = await value({ provider: 'argocd', indicator: 'restart' })
    assert.match(
      String(wrong['message']),
      /^argocd has no indicator restart, did you mean restarts\?/,
    )
  })

  it('and what cannot be asked is refused with one sentence, and asks nobody', async () => {
    const before = asked.length
    const refused: [object, number, RegExp][] = [
      [{}, 400, /say indicator, or provider and query/],
      [{ query: 'up' }, 400, /query needs provider/],
      [
        { indicator: 'nothing', provider: 'honeycomb' },
        400,
        /^honeycomb cannot be tried for project shop: it is no connection/,
      ],
      [{ indicator: 'latency', provider: 'test-results' }, 400, /are there in a run only$/],
      [{ indicator: 'latency', timeframe: 'soon' }, 400, /timeframe/],
      [{ indicator: 'latency', stage: 'nowhere' }, 404, /Stage not found: nowhere/],
      [{ indicator: 'latency', service: 'nobody' }, 404, /Service not found: nobody/],
      [{ indicator: 'latency', project: 'nothing' }, 404, /Project not found: nothing/],
      [{ indicator: 'latency', aggregate: 'median' }, 400, /aggregate/],
      [{ indicator: 'latency', url: 'http://elsewhere' }, 400, /url/],
    ]
    for (const [body, status, words] of refused) {
      const answer = await attempt(body)
      assert.equal(answer.status, status, answer.text)
      assert.match((answer.json as { message: string }).message, words)
    }
    assert.equal(asked.length, before)
  })

  it('needs a token that may configure the project, and leaves a line of who did it', async () => {
    const { client } = installation
    const reader = await client.mintToken('reader', ['read', 'trigger'], ['shop'])
    const foreign = await client.mintToken('foreign', ['configure'], ['other'])
    const before = asked.length
    assert.equal((await attempt({ indicator: 'latency' }, reader)).status, 403)
    assert.equal((await attempt({ indicator: 'latency' }, foreign)).status, 403)
    assert.equal(asked.length, before)
    const { json } = await client.ask('GET', '/api/tiphys/v1/audit?action=provider.try&pageSize=1')
    const { entries } = json as { entries: { details?: object; outcome: string }[] }
    assert.ok(entries.length > 0)
  })

  it('shows what is connected, and nothing secret', async () => {
    const { client } = installation
    const all = await client.ask('GET', '/api/tiphys/v1/providers')
    const { providers } = all.json as {
      providers: { name: string; kind: string; projects?: string[] }[]
    }
    assert.deepEqual(
      providers.map(({ name, kind, projects }) => [name, kind, projects]),
      [
        ['prometheus', 'prometheus', undefined],
        ['prometheus', 'prometheus', ['other']],
        ['default', 'argocd', undefined],
      ],
    )
    assert.doesNotMatch(all.text, new RegExp(`${PASSWORD}|tiphys`))
    const reader = await client.mintToken('shop-reader', ['read'], ['shop'])
    const own = await client.ask('GET', '/api/tiphys/v1/providers', { token: reader })
    assert.equal((own.json as { providers: object[] }).providers.length, 2)
  })
})
