import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { createGuardedHttp } from '../http/guarded-http.ts'
import type { SliRequest } from '../sli/sli-provider.ts'
import { createPrometheusProvider, type PrometheusOptions } from './prometheus-provider.ts'

const FAST = { attempts: 3, firstDelayMs: 1, maxDelayMs: 5 }
const REQUEST: SliRequest = {
  indicator: 'rt',
  query: 'up{job="$SERVICE"}',
  window: { startMs: 1_000_000, endMs: 1_060_500 },
  scope: {
    project: 'shop',
    stage: 'dev',
    service: 'carts',
    deployment: 'primary',
    labels: {},
    filters: {},
  },
}

type Seen = {
  method: string | undefined
  url: string | undefined
  form: URLSearchParams
  headers: IncomingMessage['headers']
}

async function prometheus(
  context: TestContext,
  answer: (seen: Seen, response: ServerResponse, count: number) => void,
  options: Partial<PrometheusOptions> = {},
) {
  const requests: Seen[] = []
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request))
    const seen = { method: request.method, url: request.url, form, headers: request.headers }
    requests.push(seen)
    answer(seen, response, requests.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const url = `http://127.0.0.1:${address.port}`
  const http = createGuardedHttp()
  const provider = createPrometheusProvider({ http, url, retry: FAST, ...options })
  return { provider, requests, url }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function vector(...values: string[]): unknown {
  const result = values.map((value) => ({ metric: {}, value: [1060.5, value] }))
  return { status: 'success', data: { resultType: 'vector', result } }
}

test('one instant query at the end of the window gives the value', async (context) => {
  const { provider, requests, url } = await prometheus(context, (_seen, response) =>
    json(response, 200, vector('0.25')),
  )
  const value = await provider.fetchValue(REQUEST)
  assert.deepEqual(
    [value.metric, value.value, value.success, value.message],
    ['rt', 0.25, true, ''],
  )
  assert.equal(value.detail.query, 'up{job="carts"}')
  assert.ok(value.detail.link?.startsWith(`${url}/graph?g0.expr=up%7Bjob%3D%22carts%22%7D`))
  assert.equal(requests.length, 1)
  assert.equal(requests[0]?.url, '/api/v1/query')
  assert.equal(requests[0]?.form.get('query'), 'up{job="carts"}')
  assert.equal(requests[0]?.form.get('time'), '1060.5')
})

test('the ways to have no single number are told apart, in the words of Keptn', async (context) => {
  const results: Record<string, unknown> = {
    none: vector(),
    many: vector('1', '2'),
    nan: vector('NaN'),
    infinite: vector('+Inf'),
    scalar: { status: 'success', data: { resultType: 'scalar', result: [1, '1'] } },
  }
  const { provider } = await prometheus(context, ({ form }, response) =>
    json(response, 200, results[form.get('query') ?? '']),
  )
  const told: Record<string, unknown> = {}
  for (const query of Object.keys(results)) {
    const value = await provider.fetchValue({ ...REQUEST, query })
    assert.equal(value.success, false)
    assert.equal(value.value, 0)
    told[query] = [value.detail.problem, value.message]
  }
  assert.deepEqual(told, {
    none: ['no-data', 'query did not return any values'],
    many: ['several-values', 'query did return multiple values'],
    nan: ['not-a-number', 'query did not return valid values'],
    infinite: ['not-a-number', 'query did not return valid values'],
    scalar: [
      'several-values',
      'query did not return a vector but a scalar; vector(…) or sum(…) make one of it',
    ],
  })
})

test('a refused query says what Prometheus said; refused credentials say so; neither is repeated', async (context) => {
  const { provider, requests } = await prometheus(context, ({ form }, response) => {
    if (form.get('query') === 'secret') return json(response, 403, {})
    return json(response, 400, { status: 'error', errorType: 'bad_data', error: 'parse error' })
  })
  const broken = await provider.fetchValue({ ...REQUEST, query: 'up{' })
  assert.deepEqual(
    [broken.detail.problem, broken.message],
    ['query-refused', 'bad_data: parse error'],
  )
  const refused = await provider.fetchValue({ ...REQUEST, query: 'secret' })
  assert.equal(refused.detail.problem, 'auth-refused')
  assert.match(refused.message, /^Prometheus at 127\.0\.0\.1:\d+ refused our credentials \(403\)$/)
  assert.equal(requests.length, 2)
})

test('429 and 5xx are asked again, and the last answer counts', async (context) => {
  const recovering = await prometheus(context, (_seen, response, count) => {
    if (count === 1) return void response.writeHead(429, { 'retry-after': '0.001' }).end()
    if (count === 2) return json(response, 503, {})
    return json(response, 200, vector('7'))
  })
  assert.equal((await recovering.provider.fetchValue(REQUEST)).value, 7)
  assert.equal(recovering.requests.length, 3)

  const down = await prometheus(context, (_seen, response) => {
    response.writeHead(502).end('<h1>Bad gateway</h1>')
  })
  const value = await down.provider.fetchValue(REQUEST)
  assert.equal(value.detail.problem, 'provider-failed')
  assert.match(
    value.message,
    /does not answer like Prometheus: status 502, "<h1>Bad gateway<\/h1>"$/,
  )
  assert.equal(down.requests.length, FAST.attempts)
})

test('a server that is not there is unreachable, not a crash; an abort is one', async () => {
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const address = closed.address()
  assert.ok(address !== null && typeof address === 'object')
  await new Promise((resolve) => closed.close(resolve))
  const options = { http: createGuardedHttp(), retry: FAST }
  const provider = createPrometheusProvider({
    ...options,
    url: `http://127.0.0.1:${address.port}/`,
  })
  const value = await provider.fetchValue(REQUEST)
  assert.equal(value.detail.problem, 'unreachable')
  assert.match(
    value.message,
    /^Prometheus did not answer: 127\.0\.0\.1:\d+ refused the connection$/,
  )
  const signal = AbortSignal.abort()
  await assert.rejects(provider.fetchValue({ ...REQUEST, signal }))
  const misspelt = createPrometheusProvider({ ...options, url: 'http://[::' })
  assert.equal((await misspelt.fetchValue(REQUEST)).detail.problem, 'provider-failed')
})

test('a server that takes no POST is asked by GET', async (context) => {
  const { provider, requests } = await prometheus(context, (seen, response) => {
    if (seen.method === 'POST') return void response.writeHead(405).end()
    return json(response, 200, vector('3'))
  })
  assert.equal((await provider.fetchValue(REQUEST)).value, 3)
  assert.match(requests[1]?.url ?? '', /^\/api\/v1\/query\?query=up.*&time=1060\.5$/)
})

test('basic, bearer and extra headers are sent', async (context) => {
  const echo = (seen: Seen, response: ServerResponse) =>
    json(response, 200, vector(seen.headers.authorization ? '1' : '0'))
  const basic = await prometheus(context, echo, { user: 'anna', password: 's3cret' })
  await basic.provider.fetchValue(REQUEST)
  const expected = `Basic ${Buffer.from('anna:s3cret').toString('base64')}`
  assert.equal(basic.requests[0]?.headers.authorization, expected)

  const headers = { 'X-Scope-OrgID': 'team' }
  const bearer = await prometheus(context, echo, { bearerToken: 't', headers })
  await bearer.provider.fetchValue(REQUEST)
  assert.equal(bearer.requests[0]?.headers.authorization, 'Bearer t')
  assert.equal(bearer.requests[0]?.headers['x-scope-orgid'], 'team')
})

test('built-in indicators need no query, others do, and a hostile label is not asked', async (context) => {
  const { provider, requests } = await prometheus(context, (_seen, response) =>
    json(response, 200, vector('12')),
  )
  const builtIn = { ...REQUEST, indicator: 'response_time_p95', query: undefined }
  const value = await provider.fetchValue(builtIn)
  assert.equal(value.detail.unit, 'ms')
  assert.match(requests[0]?.form.get('query') ?? '', /job='carts-shop-dev-canary'.*\[61s\]/)
  const unknown = await provider.fetchValue({ ...REQUEST, query: undefined })
  assert.equal(unknown.detail.problem, 'unknown-indicator')
  const scope = { ...REQUEST.scope, labels: { v: '"} or vector(0' } }
  const hostile = await provider.fetchValue({ ...REQUEST, query: 'up{v="$LABEL.v"}', scope })
  assert.equal(hostile.detail.problem, 'query-unsafe')
  assert.equal(requests.length, 1)
})
