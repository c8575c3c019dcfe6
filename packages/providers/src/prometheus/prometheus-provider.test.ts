import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import { PrometheusConnection } from '@tiphys/contract/connections/prometheus.ts'
import { startServer } from '../../test/answering-server.ts'
import { type Answer, describeProvider, REQUEST, type Seen } from '../../test/provider-contract.ts'
import { createGuardedHttp } from '../http/guarded-http.ts'
import type { SliRequest } from '../sli/sli-provider.ts'
import { createPrometheusProvider } from './prometheus-provider.ts'

const FAST = { attempts: 3, firstDelayMs: 1, maxDelayMs: 5 }
const UP = { query: 'up{job="$SERVICE"}' }

function vector(...values: string[]): Answer {
  const result = values.map((value) => ({ metric: {}, value: [1060.5, value] }))
  return { body: { status: 'success', data: { resultType: 'vector', result } } }
}

function matrix(...series: [number, string][][]): Answer {
  const result = series.map((values) => ({ metric: {}, values }))
  return { body: { status: 'success', data: { resultType: 'matrix', result } } }
}

/** Answers are those of the documentation of Prometheus' HTTP API; a real server is asked in packages/server/test/peers. */
describeProvider({
  title: 'Prometheus',
  create: (url, power, more) => {
    const settings = { url, user: 'anna', password: 's3cret/word', ...more }
    return createPrometheusProvider({ name: 'prometheus', settings }, power)
  },
  secrets: ['s3cret/word', Buffer.from('anna:s3cret/word').toString('base64')],
  query: UP,
  good: {
    answer: vector('0.25'),
    value: 0.25,
    request({ method, url, headers, body }) {
      assert.deepEqual([method, url], ['POST', '/api/v1/query'])
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded')
      assert.equal(headers.authorization, `Basic ${btoa('anna:s3cret/word')}`)
      assert.deepEqual(
        [...new URLSearchParams(body)],
        [
          ['query', 'up{job="carts"}'],
          ['time', '1767323345'],
        ],
      )
    },
    link: /\/graph\?g0\.expr=up%7Bjob%3D%22carts%22%7D&g0\.tab=0&g0\.range_input=300s&g0\.end_input=2026-01-02T03%3A09%3A05\.000Z$/,
  },
  empty: vector(),
  others: {
    'several samples': {
      answer: vector('1', '2'),
      problem: 'several-values',
      message: /^query did return multiple values$/,
    },
    NaN: {
      answer: vector('NaN'),
      problem: 'not-a-number',
      message: /^query did not return valid values$/,
    },
    infinity: {
      answer: vector('+Inf'),
      problem: 'not-a-number',
      message: /^query did not return valid values$/,
    },
    'a scalar': {
      answer: { body: { status: 'success', data: { resultType: 'scalar', result: [1, '1'] } } },
      problem: 'several-values',
      message:
        /^query did not return a vector but a scalar; vector\(…\) or sum\(…\) make one of it$/,
    },
    'several series over time': {
      answer: matrix([[1, '1']], [[1, '2']]),
      problem: 'several-values',
      message: /^query did return 2 series/,
      query: { ...UP, aggregate: 'max' },
    },
    'infinity over time': {
      answer: matrix([
        [1, '1'],
        [2, '+Inf'],
        [3, '2'],
      ]),
      problem: 'not-a-number',
      message: /the value is Infinity$/,
      query: { ...UP, aggregate: 'max' },
    },
    'a blank': {
      answer: vector(' '),
      problem: 'not-a-number',
      message: /^query did not return valid values$/,
    },
    'a time-out of its own': {
      answer: {
        status: 503,
        body: { status: 'error', errorType: 'timeout', error: 'query timed out' },
      },
      problem: 'provider-failed',
      message: /failed \(503\): timeout: query timed out$/,
    },
    'an error with status 200': {
      answer: { body: { status: 'error', errorType: 'bad_data', error: 'parse error' } },
      problem: 'query-refused',
      message: /^bad_data: parse error$/,
    },
  },
  refusal: {
    answer: {
      status: 400,
      body: {
        status: 'error',
        errorType: 'bad_data',
        error: 'invalid parameter "query": 1:4: parse error: unclosed left brace',
      },
    },
    words: /^Prometheus refused the query \(400\): bad_data: .*1:4: parse error/,
  },
  templated: { query: 'up{job="{{ labels.hostile }}"}' },
})

async function ask(
  answer: (seen: Seen, count: number) => Answer,
  more: Partial<SliRequest>,
  settings: Partial<PrometheusConnection> = {},
) {
  await using server = await startServer((seen, _response, count) => answer(seen, count))
  const power = { http: createGuardedHttp(), retry: FAST }
  const connection = { name: 'prometheus', settings: { url: server.url, ...settings } }
  const provider = createPrometheusProvider(connection, power)
  const value = await provider.fetchValue({ ...REQUEST, ...more })
  return { value, seen: server.seen }
}

test('a server that takes no POST is asked by GET', async () => {
  const { value, seen } = await ask(
    ({ method }) => (method === 'POST' ? { status: 405, body: '' } : vector('3')),
    { query: UP },
  )
  assert.equal(value.value, 3)
  assert.match(seen[1]?.url ?? '', /^\/api\/v1\/query\?query=up.*&time=1767323345$/)
})

test('bearer tokens, tenants and parameters of the family are sent', async () => {
  const { seen } = await ask(
    () => vector('1'),
    { query: UP },
    {
      bearerToken: 't',
      headers: { 'X-Scope-OrgID': 'team' },
      parameters: { dedup: 'true', partial_response: 'false' },
    },
  )
  assert.equal(seen[0]?.headers.authorization, 'Bearer t')
  assert.equal(seen[0]?.headers['x-scope-orgid'], 'team')
  const form = new URLSearchParams(seen[0]?.body)
  assert.deepEqual([form.get('dedup'), form.get('partial_response')], ['true', 'false'])
})

test('an aggregate or a step asks for the course of the window', async () => {
  const { value, seen } = await ask(
    () =>
      matrix([
        [1767323045, '1'],
        [1767323060, 'NaN'],
        [1767323075, '4'],
      ]),
    { query: { ...UP, aggregate: 'max', scale: 10 } },
  )
  assert.equal(seen[0]?.url, '/api/v1/query_range')
  const form = new URLSearchParams(seen[0]?.body)
  assert.deepEqual(
    [form.get('start'), form.get('end'), form.get('step'), form.get('time')],
    ['1767323045', '1767323345', '15', null],
  )
  assert.equal(value.value, 40)
  assert.deepEqual(value.detail.series, {
    points: [
      [1767323045000, 10],
      [1767323075000, 40],
    ],
    of: 'max',
  })
  const stepped = await ask(
    () =>
      matrix([
        [1, '1'],
        [2, '3'],
      ]),
    {
      query: { ...UP, with: { step: '1m' } },
    },
  )
  assert.equal(new URLSearchParams(stepped.seen[0]?.body).get('step'), '60')
  assert.equal(stepped.value.value, 2)
  for (const [options, message] of [
    [{ step: 'often' }, /with\.step "often" is no duration/],
    [{ step: '10ms' }, /more than 11000 points/],
    [{ stop: '1m' }, /there is step/],
  ] as const) {
    const wrong = await ask(() => vector('1'), { query: { ...UP, with: options } })
    assert.equal(wrong.value.detail.problem, 'query-refused')
    assert.match(wrong.value.message, message)
    assert.equal(wrong.seen.length, 0)
  }
})

test('an answer that is partial says so', async () => {
  const thanos = { ...(vector('1').body as object), warnings: ['store eu is down'] }
  assert.deepEqual((await ask(() => ({ body: thanos }), { query: UP })).value.detail.remarks, [
    'store eu is down',
  ])
  const victoria = { ...(vector('1').body as object), isPartial: true }
  assert.deepEqual((await ask(() => ({ body: victoria }), { query: UP })).value.detail.remarks, [
    'the answer is partial',
  ])
})

test('built-in indicators need no query, others do, and what Keptn filled in unescaped is not asked', async () => {
  const builtIn = await ask(() => vector('12'), { indicator: 'response_time_p95' })
  assert.equal(builtIn.value.detail.unit, 'ms')
  const query = new URLSearchParams(builtIn.seen[0]?.body).get('query')
  assert.match(query ?? '', /job='carts-shop-dev-canary'.*\[300s\]/)
  const unknown = await ask(() => vector('12'), {})
  assert.match(unknown.value.message, /has no query for rt, and none is built in$/)
  const scope = { ...REQUEST.scope, labels: { v: '"} or vector(0' } }
  const hostile = await ask(() => vector('12'), { query: { query: 'up{v="$LABEL.v"}' }, scope })
  assert.equal(hostile.value.detail.problem, 'query-unsafe')
  assert.equal(hostile.seen.length, 0)
})

test('an address without a scheme is refused with the settings', () => {
  assert.equal(PrometheusConnection.safeParse({ url: 'mimir.example' }).success, false)
  assert.equal(PrometheusConnection.safeParse({ url: 'https://mimir.example/prom' }).success, true)
})

test('a query that no server can read is not sent, unless it may be MetricsQL', async () => {
  const sent = async (query: string, syntax?: 'promql' | 'metricsql') => {
    const { value, seen } = await ask(
      () => vector('1'),
      { query: { query } },
      syntax ? { syntax } : {},
    )
    return seen.length === 0 ? `${value.detail.problem}: ${value.message}` : 'sent'
  }
  assert.match(
    await sent('sum(rate(errors_total[5m])'),
    /^query-refused: the query is no PromQL, at 1:\d+: /,
  )
  assert.match(await sent('up{job="$SERVICE}'), /^query-refused: the query is no PromQL, at 1:8: /)
  const metricsql = 'sum(rate(errors_total)) default 0'
  assert.equal(await sent(metricsql), 'sent')
  assert.equal(await sent(metricsql, 'metricsql'), 'sent')
  assert.match(await sent(metricsql, 'promql'), /^query-refused: the query is no PromQL/)
})

test('a server that wants to know who asks is shown a certificate', async (context) => {
  const own = certificate()
  if (own === undefined) return context.skip('not run here: openssl')
  const { body } = vector('5')
  const server = createServer({ ...own, ca: own.cert, requestCert: true }, (request, response) => {
    request.resume()
    response.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const settings = { url: `https://127.0.0.1:${port}` }
  const measure = (tls: ConnectionTls) =>
    createPrometheusProvider(
      { name: 'prometheus', settings, tls },
      { http: createGuardedHttp(), retry: { ...FAST, attempts: 1 } },
    ).fetchValue({ ...REQUEST, query: UP })
  assert.equal((await measure({ ca: own.cert, cert: own.cert, key: own.key })).value, 5)
  const anonymous = await measure({ ca: own.cert })
  assert.equal(anonymous.detail.problem, 'unreachable')
  assert.match(
    (await measure({})).message,
    /^Prometheus did not answer: .*over TLS \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
  )
})

/** A fresh certificate for 127.0.0.1, for both sides; undefined where there is no openssl command. */
function certificate(): { readonly key: string; readonly cert: string } | undefined {
  const line =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=us -addext subjectAltName=IP:127.0.0.1 -keyout -'
  try {
    const text = execFileSync('openssl', line.split(' '), { encoding: 'utf8', stdio: 'pipe' })
    const [, key, cert] =
      /(-----BEGIN PRIVATE.*?-----END PRIVATE KEY-----)\s*(.*)/s.exec(text) ?? []
    return key === undefined || cert === undefined ? undefined : { key, cert }
  } catch {
    return undefined
  }
}
