import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DatadogConnection } from '@tiphys/contract/connections/datadog.ts'
import { startServer } from '../../test/answering-server.ts'
import { type Answer, describeProvider, REQUEST } from '../../test/provider-contract.ts'
import { createGuardedHttp } from '../http/guarded-http.ts'
import type { ProviderPower } from '../sli/http-sli.ts'
import type { SliRequest } from '../sli/sli-provider.ts'
import { createDatadogProvider } from './datadog-provider.ts'

const KEYS = { apiKey: 'a-p-i-k-e-y', applicationKey: 'application-k-e-y' }
const QUERY = { query: 'avg:system.cpu.idle{service:$SERVICE}' }
const PERCENT = {
  family: 'percentage',
  scale_factor: 1,
  name: 'percent',
  short_name: '%',
  plural: 'percent',
  id: 17,
}
const SECOND = { family: 'time', scale_factor: 1, name: 'second', short_name: 's', id: 11 }
const BYTE = { family: 'bytes', scale_factor: 1, name: 'byte', short_name: 'B', id: 2 }

/**
 * As recorded by Datadog's own API clients ("Query timeseries points" at docs.datadoghq.com/api/latest/metrics), with fewer points. The
 * answer repeats the query as Datadog took it.
 */
function points(...series: object[]): Answer {
  return {
    body: {
      status: 'ok',
      resp_version: 1,
      query: 'avg:system.cpu.idle{service:carts}',
      from_date: 1767323045000,
      to_date: 1767323345000,
      res_type: 'time_series',
      group_by: [],
      message: '',
      times: [],
      values: [],
      series,
    },
  }
}

function oneSeries(pointlist: unknown, more: object = {}): object {
  return {
    start: 1767323040000,
    end: 1767323339000,
    interval: 60,
    length: 3,
    metric: 'system.cpu.idle',
    display_name: 'system.cpu.idle',
    expression: 'avg:system.cpu.idle{service:carts}',
    aggr: 'avg',
    attributes: {},
    tag_set: [],
    query_index: 0,
    scope: 'service:carts',
    unit: [PERCENT, null],
    pointlist,
    ...more,
  }
}

const THREE_POINTS = [
  [1767323100000, 91.5],
  [1767323160000, null],
  [1767323220000, 92.25],
]

describeProvider({
  title: 'Datadog',
  create: (url, power, more) =>
    createDatadogProvider({ name: 'datadog', settings: { url, ...KEYS, ...more } }, power),
  secrets: Object.values(KEYS),
  query: QUERY,
  good: {
    answer: points(oneSeries(THREE_POINTS)),
    value: 92.25,
    series: 2,
    unit: '%',
    request({ method, url, headers, body }) {
      assert.deepEqual(
        [method, url, body],
        [
          'GET',
          '/api/v1/query?from=1767323045&to=1767323345&query=avg%3Asystem.cpu.idle%7Bservice%3Acarts%7D',
          '',
        ],
      )
      assert.equal(headers['dd-api-key'], KEYS.apiKey)
      assert.equal(headers['dd-application-key'], KEYS.applicationKey)
      assert.equal(headers.accept, 'application/json')
      assert.equal(headers.authorization, undefined)
    },
    link: /^https:\/\/app\.datadoghq\.com\/metric\/explorer\?exp_metric=system\.cpu\.idle&exp_scope=service%3Acarts&exp_agg=avg&from_ts=1767323045000&to_ts=1767323345000&live=false$/,
  },
  empty: points(),
  others: {
    'a series without points': {
      answer: points(oneSeries([])),
      problem: 'no-data',
      message: /^query did not return any values$/,
    },
    'a series of nulls': {
      answer: points(oneSeries([[1767323100000, null]])),
      problem: 'no-data',
      message: /^query did not return any values$/,
    },
    'several series': {
      answer: points(
        ...['a', 'b', 'c', 'd'].map((host) =>
          oneSeries(THREE_POINTS, { scope: `host:${host},service:carts` }),
        ),
      ),
      problem: 'several-values',
      message:
        /^query did return 4 series \(host:a,service:carts; host:b,service:carts; host:c,service:carts; …\); without "by" it is one$/,
    },
    'an error with status 200': {
      answer: { body: { status: 'error', error: 'Rule "scope_expr"\n didn\'t match', series: [] } },
      problem: 'query-refused',
      message: /^Datadog refused the query: Rule "scope_expr" didn't match$/,
    },
    'an error of its own': {
      answer: { status: 500, body: { errors: ['Internal error'] } },
      problem: 'provider-failed',
      message: /^Datadog at 127\.0\.0\.1:\d+ failed \(500\): Internal error$/,
    },
    'points that are none': {
      answer: points(oneSeries([['soon', 'much']])),
      problem: 'provider-failed',
      message: /^the answer is not like Datadog's: /,
    },
  },
  refusal: {
    answer: {
      status: 400,
      body: { errors: ["Error parsing query: \n unable to parse avg:x{: Rule didn't match"] },
    },
    words: /^Datadog refused the query \(400\): Error parsing query: unable to parse avg:x\{: Rule/,
  },
})

async function ask(
  answer: Answer | ((count: number) => Answer),
  more: Partial<SliRequest>,
  settings: Partial<DatadogConnection> = {},
  power: Partial<ProviderPower> = {},
) {
  await using server = await startServer((_seen, _response, count) =>
    typeof answer === 'function' ? answer(count) : answer,
  )
  const retry = { attempts: 2, firstDelayMs: 1, maxDelayMs: 5 }
  const connection = { name: 'datadog', settings: { url: server.url, ...KEYS, ...settings } }
  const provider = createDatadogProvider(connection, {
    http: createGuardedHttp(),
    retry,
    ...power,
  })
  const value = await provider.fetchValue({ ...REQUEST, query: QUERY, ...more })
  return { value, seen: server.seen }
}

test("the placeholders of Keptn's datadog-service are filled in", async () => {
  const query = {
    query:
      'avg:http.time{service:$service,env:$STAGE,p:$project} by {$SERVICE}.rollup(avg, $DURATION)',
  }
  const { value, seen } = await ask(points(oneSeries(THREE_POINTS)), { query })
  const asked = new URL(`http://x${seen[0]?.url}`).searchParams.get('query')
  const expected = 'avg:http.time{service:carts,env:dev,p:shop} by {carts}.rollup(avg, 300)'
  assert.equal(asked, expected)
  assert.equal(value.detail.query, expected)
  assert.match(value.detail.link ?? '', /exp_metric=http\.time&.*exp_group=carts&/)
})

test('a series is reduced as the file says, and its unit goes where it is scaled', async () => {
  const answer = points(oneSeries(THREE_POINTS, { unit: [BYTE, SECOND] }))
  const plain = await ask(answer, { query: { ...QUERY, aggregate: 'min' } })
  assert.deepEqual([plain.value.value, plain.value.detail.unit], [91.5, 'B/s'])
  assert.deepEqual(plain.value.detail.series, {
    points: [
      [1767323100000, 91.5],
      [1767323220000, 92.25],
    ],
    of: 'min',
  })
  const scaled = await ask(answer, { query: { ...QUERY, scale: 8 } })
  assert.deepEqual([scaled.value.value, scaled.value.detail.unit], [738, undefined])
  const unnamed = await ask(
    points(oneSeries(THREE_POINTS, { unit: [{ name: 'hit' }, SECOND] })),
    {},
  )
  assert.equal(unnamed.value.detail.unit, 'hit/s')
  const none = await ask(points(oneSeries(THREE_POINTS, { unit: null })), {})
  assert.equal(none.value.detail.unit, undefined)
})

test('each site has its own pages, and a query that is an expression has no link', async () => {
  const answer = points(oneSeries(THREE_POINTS))
  for (const [site, host] of [
    ['datadoghq.eu', 'app.datadoghq.eu'],
    ['us5.datadoghq.com', 'us5.datadoghq.com'],
    ['ddog-gov.com', 'app.ddog-gov.com'],
  ] as const) {
    const { value } = await ask(answer, {}, { site })
    assert.equal(new URL(value.detail.link ?? '').host, host)
  }
  const query = { query: 'sum:errors{*}.as_count() / sum:hits{*}.as_count() * 100' }
  assert.equal((await ask(answer, { query })).value.detail.link, undefined)
  const everything = await ask(answer, { query: { query: 'sum:hits{*}.as_count()' } })
  assert.doesNotMatch(everything.value.detail.link ?? '', /exp_scope/)
})

test('without an address the API of the site is asked', async () => {
  const asked: string[] = []
  const http = {
    ...createGuardedHttp(),
    request(request: { readonly url: string }) {
      asked.push(request.url)
      return Promise.reject(new TypeError('not sent'))
    },
  }
  const settings = { ...KEYS, site: 'us3.datadoghq.com' } as const
  const provider = createDatadogProvider({ name: 'datadog', settings }, { http })
  await assert.rejects(provider.fetchValue({ ...REQUEST, query: QUERY }), /not sent/)
  assert.match(asked[0] ?? '', /^https:\/\/api\.us3\.datadoghq\.com\/api\/v1\/query\?/)
})

test('a limit on the rate says when it ends', async () => {
  const limited: Answer = {
    status: 429,
    headers: {
      'x-ratelimit-limit': '100',
      'x-ratelimit-period': '3600',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '35',
    },
    body: { errors: ['Rate limit of 100 requests in 3600 seconds reached.'] },
  }
  const { value, seen } = await ask(limited, {})
  assert.equal(value.detail.problem, 'provider-failed')
  assert.match(
    value.message,
    /takes no more questions for now \(429\), but again in 35s: Rate limit of 100 requests/,
  )
  assert.equal(seen.length, 2)
  const soon = await ask((count) => (count === 1 ? limited : points(oneSeries(THREE_POINTS))), {})
  assert.equal(soon.value.value, 92.25)
})

test('formulas are asked of the v2 API', async () => {
  const query = {
    query: 'sum:errors{service:{{ service }}}.as_count()',
    aggregate: 'max',
    with: {
      queries: { hits: 'sum:hits{service:$SERVICE}.rollup(sum, $DURATION)' },
      formula: 'query / hits / {{ duration_s }}',
    },
  } as const
  // As recorded by Datadog's own API clients: "Timeseries cross product query".
  const answer = {
    body: {
      data: {
        id: '0',
        type: 'timeseries_response',
        attributes: {
          series: [{ group_tags: [], query_index: 0, unit: null }],
          times: [1767323045000, 1767323105000, 1767323165000],
          values: [[0.5, null, 0.25]],
        },
      },
    },
  }
  const { value, seen } = await ask(answer, { query })
  assert.deepEqual([value.message, value.value, value.detail.series?.points.length], ['', 0.5, 2])
  assert.deepEqual(
    [seen[0]?.method, seen[0]?.url, seen[0]?.headers['content-type']],
    ['POST', '/api/v2/query/timeseries', 'application/json'],
  )
  assert.deepEqual(JSON.parse(seen[0]?.body ?? ''), {
    data: {
      type: 'timeseries_request',
      attributes: {
        from: 1767323045000,
        to: 1767323345000,
        queries: [
          { data_source: 'metrics', name: 'query', query: 'sum:errors{service:carts}.as_count()' },
          {
            data_source: 'metrics',
            name: 'hits',
            query: 'sum:hits{service:carts}.rollup(sum, 300)',
          },
        ],
        formulas: [{ formula: 'query / hits / 300' }],
      },
    },
  })
  assert.equal(
    value.detail.query,
    'query / hits / 300, where query = sum:errors{service:carts}.as_count() and hits = sum:hits{service:carts}.rollup(sum, 300)',
  )
  const grouped = structuredClone(answer)
  grouped.body.data.attributes.values.push([1, 2, 3])
  const many = await ask(grouped, { query })
  assert.equal(many.value.detail.problem, 'several-values')
  const empty = structuredClone(answer)
  Object.assign(empty.body.data.attributes, { series: [], times: [], values: [] })
  assert.equal((await ask(empty, { query })).value.detail.problem, 'no-data')
})

/** As recorded by Datadog's own API clients: "Scalar cross product query". */
function scalar(...columns: object[]): Answer {
  return { body: { data: { type: 'scalar_response', attributes: { columns } } } }
}

test('with an aggregator Datadog makes one number of the window', async () => {
  const query = { ...QUERY, with: { aggregator: 'avg' } }
  const meta = { unit: [PERCENT, null] }
  const number = { values: [6.368151928283307], name: 'query', type: 'number', meta }
  const { value, seen } = await ask(scalar(number), { query })
  assert.deepEqual(
    [value.value, value.detail.unit, value.detail.series],
    [6.368151928283307, '%', undefined],
  )
  assert.equal(seen[0]?.url, '/api/v2/query/scalar')
  assert.deepEqual(JSON.parse(seen[0]?.body ?? ''), {
    data: {
      type: 'scalar_request',
      attributes: {
        from: 1767323045000,
        to: 1767323345000,
        queries: [
          {
            data_source: 'metrics',
            name: 'query',
            query: 'avg:system.cpu.idle{service:carts}',
            aggregator: 'avg',
          },
        ],
        formulas: [{ formula: 'query' }],
      },
    },
  })
  const hosts = { name: 'host', type: 'group', values: [['a'], ['b'], ['c']] }
  const grouped = await ask(scalar(hosts, { ...number, values: [1, null, 3] }), { query })
  assert.match(grouped.value.message, /^query did return 2 series \(a; c\)/)
  const single = await ask(scalar(hosts, { ...number, values: [null, 2, null] }), { query })
  assert.equal(single.value.value, 2)
  for (const nothing of [scalar(), scalar({ ...number, values: [null] })]) {
    assert.equal((await ask(nothing, { query })).value.detail.problem, 'no-data')
  }
  const failed = await ask({ body: { errors: 'unknown metric' } }, { query })
  assert.equal(failed.value.message, 'Datadog refused the query: unknown metric')
})

test('options that do not go together are refused before anything is asked', async () => {
  for (const [query, message] of [
    [{ with: { apy: 'v2' } }, /^with: .*apy/],
    [{ with: { api: 'v3' } }, /^with\.api: /],
    [{ with: { api: 'v1', formula: 'query' } }, /need api: v2$/],
    [{ with: { queries: { hits: 'x' } } }, /need a formula/],
    [
      { with: { queries: { query: 'x' }, formula: 'query' } },
      /^with\.queries: "query" cannot be a name/,
    ],
    [
      { with: { queries: { 'a b': 'x' }, formula: 'a' } },
      /^with\.queries: "a b" cannot be a name: letters/,
    ],
    [{ with: { aggregator: 'p95' } }, /^with\.aggregator: /],
    [{ with: { aggregator: 'avg' }, aggregate: 'max' }, /only one of them can be$/],
    [
      { with: { queries: { hits: 'x{{{ labels.hostile }}}' }, formula: 'hits' } },
      /^with\.queries: \{\{ labels\.hostile \}\} holds /,
    ],
  ] as const) {
    const { value, seen } = await ask(points(), { query: { ...QUERY, ...query } })
    assert.equal(value.success, false)
    assert.match(value.message, message)
    assert.equal(seen.length, 0)
  }
})

test('a connection needs both keys, and a site that there is', () => {
  const both = { apiKeyEnv: 'DD_API_KEY', applicationKeyFile: '/run/secrets/dd' }
  assert.equal(DatadogConnection.safeParse(both).success, true)
  assert.equal(DatadogConnection.safeParse({ ...both, site: 'datadoghq.org' }).success, false)
  const none = DatadogConnection.safeParse({ apiKey: 'x' })
  assert.match(none.error?.issues[0]?.message ?? '', /^applicationKey is missing/)
})
