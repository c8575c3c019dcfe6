import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { startServer } from '../../test/answering-server.ts'
import { type Answer, describeProvider, REQUEST } from '../../test/provider-contract.ts'
import { createGuardedHttp } from '../http/guarded-http.ts'
import { metrics, QUERY, SELECTOR, TOKEN, tuple } from './dynatrace-examples.ts'
import { createDynatraceProvider } from './dynatrace-provider.ts'

const ERROR_400 = {
  error: {
    code: 400,
    message: 'Constraints violated.',
    constraintViolations: [
      {
        path: 'metricSelector',
        message: "could not be parsed:\n'builtin:x:splitby()'",
        parameterLocation: 'QUERY',
        location: null,
      },
    ],
  },
}

describeProvider({
  title: 'Dynatrace',
  create: (url, power, more) => {
    const settings = { url: `${url}/e/1234-abcd/`, apiToken: TOKEN, ...more }
    return createDynatraceProvider({ name: 'dynatrace', settings }, power)
  },
  secrets: [TOKEN],
  query: QUERY,
  good: {
    answer: metrics([tuple([1550773.9132118083])]),
    value: 1550773.9132118083,
    request({ method, url, headers, body }) {
      const { pathname, searchParams } = new URL(`http://x${url}`)
      assert.deepEqual([method, pathname, body], ['GET', '/e/1234-abcd/api/v2/metrics/query', ''])
      assert.deepEqual(
        [...searchParams],
        [
          ['metricSelector', SELECTOR],
          ['entitySelector', 'type(SERVICE),tag(keptn_service:carts)'],
          ['resolution', 'Inf'],
          ['from', '1767323045000'],
          ['to', '1767323345000'],
        ],
      )
      assert.equal(headers.authorization, `Api-Token ${TOKEN}`)
      assert.equal(headers.accept, 'application/json')
    },
    link: /\/e\/1234-abcd\/ui\/data-explorer\?gtf=2026-01-02T03%3A04%3A05%2B00%3A00\+to\+2026-01-02T03%3A09%3A05%2B00%3A00&gf=all$/,
  },
  empty: metrics([]),
  others: {
    'no result at all': {
      answer: { body: { totalCount: 0, nextPageKey: null, resolution: '1m', result: [] } },
      problem: 'no-data',
      message: /^query did not return any values$/,
    },
    'a tuple without values': {
      answer: metrics([tuple([])]),
      problem: 'no-data',
      message: /^query did not return any values$/,
    },
    null: {
      answer: metrics([tuple([null])]),
      problem: 'no-data',
      message: /^query did not return any values$/,
    },
    'nothing, and a warning that says why': {
      answer: metrics([], {
        top: { warnings: ['The dimension key `x` has been referenced,\nbut is unknown.'] },
        result: { warnings: ['The dimension key `x` has been referenced,\nbut is unknown.'] },
      }),
      problem: 'no-data',
      message:
        /^query did not return any values: The dimension key `x` has been referenced, but is unknown\.$/,
    },
    'several tuples': {
      answer: metrics([
        tuple([1], 'SERVICE-80EBD53CE45CE542'),
        tuple([2], null),
        tuple([3], 'SERVICE-3'),
        tuple([4], 'SERVICE-4'),
      ]),
      problem: 'several-values',
      message:
        /^query did return 4 series \(SERVICE-80EBD53CE45CE542; null; SERVICE-3; …\); :splitBy\(\) in/,
    },
    'points over time': {
      answer: metrics([tuple([1, 2])]),
      problem: 'several-values',
      message: /^query did return 2 points over time; aggregate: avg/,
    },
    'an SLO that is not there': {
      answer: {
        status: 404,
        body: { error: { code: 404, message: "SLO with ID '7d07efde' not found." } },
      },
      problem: 'query-refused',
      message: /^Dynatrace refused the query \(404\): SLO with ID '7d07efde' not found\.$/,
      query: { query: 'SLO;7d07efde' },
    },
    'a token without the scope': {
      answer: {
        status: 403,
        body: {
          error: {
            code: 403,
            message: 'Token is missing required scope. Use one of: metrics.read',
          },
        },
      },
      problem: 'auth-refused',
      message: /refused our credentials \(403\): Token is missing required scope/,
    },
  },
  refusal: {
    answer: { status: 400, body: ERROR_400 },
    words:
      /^Dynatrace refused the query \(400\): Constraints violated\. metricSelector: could not be parsed: 'builtin:x:splitby\(\)'$/,
  },
})

async function ask(query: SliQuery, answer: Answer = metrics([tuple([1500])])) {
  await using server = await startServer(() => answer)
  const power = {
    http: createGuardedHttp(),
    retry: { attempts: 1, firstDelayMs: 1, maxDelayMs: 1 },
  }
  const connection = { name: 'dynatrace', settings: { url: server.url, apiToken: TOKEN } }
  const provider = createDynatraceProvider(connection, power)
  const value = await provider.fetchValue({ ...REQUEST, query })
  const { pathname = '', searchParams } =
    URL.parse(server.seen[0]?.url ?? '', 'http://x') ?? new URL('http://x')
  return { value, asked: server.seen.length, pathname, sent: Object.fromEntries(searchParams) }
}

const WINDOW = { from: '1767323045000', to: '1767323345000' }

test('MV2 converts as in Keptn, and says the unit', async () => {
  for (const [unit, value, shown] of [
    ['MicroSecond', 1.5, 'ms'],
    ['microsecond', 1.5, 'ms'],
    ['Byte', 1500 / 1024, 'KiB'],
    ['Percent', 1500, '%'],
    ['PerSecond', 1500, 'PerSecond'],
  ] as const) {
    const found = await ask({ query: `MV2;${unit};${QUERY.query}` })
    assert.deepEqual([found.value.value, found.value.detail.unit], [value, shown])
    assert.equal(found.sent['metricSelector'], SELECTOR)
  }
})

test('SLOs are asked for by their id', async () => {
  // As documented for "GET an SLO" (docs.dynatrace.com, service-level-objectives/get-slo).
  const slo = {
    id: '7d07efde-b714-3e6e-ad95-08490e2540c4',
    enabled: true,
    name: 'Payment service availability',
    evaluatedPercentage: 96.5,
    errorBudget: 1.5,
    status: 'WARNING',
    error: 'NONE',
    target: 95,
    warning: 97.5,
    evaluationType: 'AGGREGATE',
    timeframe: '1767323045000 to 1767323345000',
  }
  const found = await ask({ query: ` SLO;${slo.id}` }, { body: slo })
  assert.deepEqual([found.value.value, found.value.detail.unit], [96.5, '%'])
  assert.equal(found.pathname, `/api/v2/slo/${slo.id}`)
  assert.deepEqual(found.sent, { ...WINDOW, timeFrame: 'GTF' })
  const escaped = await ask({ query: 'SLO;../metrics/query?x=' }, { body: slo })
  assert.equal(escaped.pathname, '/api/v2/slo/..%2Fmetrics%2Fquery%3Fx%3D')
  for (const [change, problem, message] of [
    [{ error: 'METRIC_NOT_FOUND' }, 'provider-failed', /could not evaluate the SLO: METRIC_NOT_/],
    [{ status: 'DISABLED', evaluatedPercentage: 0 }, 'no-data', /is disabled/],
    [{ evaluatedPercentage: -1 }, 'no-data', /no value in this window/],
    [{ evaluatedPercentage: null }, 'provider-failed', /not like Dynatrace's/],
  ] as const) {
    const { value } = await ask({ query: 'SLO;x' }, { body: { ...slo, ...change } })
    assert.equal(value.detail.problem, problem)
    assert.match(value.message, message)
  }
})

test('problems are counted', async () => {
  // As documented for "GET problems" and "GET security problems".
  const problems = { body: { totalCount: 12, pageSize: 50, problems: [], warnings: [] } }
  const open = await ask(
    { query: 'PV2;problemSelector=status(open)&entitySelector=mzId(7030365576649815430)' },
    problems,
  )
  assert.equal(open.value.value, 12)
  assert.equal(open.pathname, '/api/v2/problems')
  assert.deepEqual(open.sent, {
    problemSelector: 'status(open)',
    entitySelector: 'mzId(7030365576649815430)',
    ...WINDOW,
  })
  const none = { body: { totalCount: 0, pageSize: 100, securityProblems: [] } }
  const security = await ask({ query: 'SECPV2;securityProblemSelector=status(open)' }, none)
  assert.deepEqual([security.value.success, security.value.value], [true, 0])
  assert.equal(security.pathname, '/api/v2/securityProblems')
})

test('the older form with a scope is asked as it was', async () => {
  const { sent } = await ask({
    query:
      'builtin:service.response.time:merge(0):percentile(95)?scope=tag(keptn_service:$SERVICE)',
  })
  assert.deepEqual(sent, {
    metricSelector: 'builtin:service.response.time:merge(0):percentile(95)',
    entitySelector: 'tag(keptn_service:carts),type(SERVICE)',
    resolution: 'Inf',
    ...WINDOW,
  })
  const typed = await ask({ query: 'builtin:x?scope=type(SERVICE),tag(a)' })
  assert.equal(typed.sent['entitySelector'], 'type(SERVICE),tag(a)')
  for (const query of ['builtin:x', 'builtin:x?']) {
    const bare = await ask({ query })
    assert.deepEqual(bare.sent, { metricSelector: 'builtin:x', resolution: 'Inf', ...WINDOW })
  }
})

test('a resolution of its own is folded to one value, or reduced here', async () => {
  const query =
    'metricSelector=builtin:x:filter(eq("a","b=c"))&resolution=10m&mzSelector=mzName("z")'
  const folded = await ask({ query })
  assert.deepEqual(folded.sent, {
    metricSelector: '(builtin:x:filter(eq("a","b=c"))):fold',
    mzSelector: 'mzName("z")',
    resolution: '10m',
    ...WINDOW,
  })
  const already = await ask({ query: 'metricSelector=builtin:x:fold(max)&resolution=10m' })
  assert.equal(already.sent['metricSelector'], 'builtin:x:fold(max)')
  const lower = await ask({ query: 'metricSelector=builtin:x&resolution=inf' })
  assert.equal(lower.sent['resolution'], 'Inf')
  const answer = metrics([tuple([4000, null, 2000])])
  const series = await ask(
    { query: 'MV2;MicroSecond;metricSelector=builtin:x&resolution=Inf', aggregate: 'max' },
    answer,
  )
  assert.equal(series.sent['resolution'], undefined)
  assert.deepEqual([series.value.value, series.value.detail.unit], [4, 'ms'])
  assert.deepEqual(series.value.detail.series?.points, [
    [1767323100000, 4],
    [1767323220000, 2],
  ])
  const finer = await ask(
    { query: 'metricSelector=builtin:x&resolution=1m', aggregate: 'min' },
    answer,
  )
  assert.deepEqual([finer.sent['resolution'], finer.value.value], ['1m', 2000])
})

test('what Dynatrace doubts is said beside the value', async () => {
  const doubted = metrics([tuple([1])], {
    top: { warnings: ['deprecated'] },
    result: { warnings: ['deprecated', 'also this'], dataPointCountRatio: 1 },
  })
  const { value } = await ask(QUERY, doubted)
  assert.deepEqual(value.detail.remarks, [
    'the query reaches the limit of what Dynatrace reads for one: the value may be of a part',
    'deprecated',
    'also this',
  ])
  assert.equal(value.value, 1)
})

test("Keptn's indicators need no query", async () => {
  await using server = await startServer(() => metrics([tuple([1])]))
  const connection = { name: 'dynatrace', settings: { url: server.url, apiToken: TOKEN } }
  const provider = createDynatraceProvider(connection, { http: createGuardedHttp() })
  const builtIn = { ...REQUEST, indicator: 'response_time_p90' }
  const value = await provider.fetchValue(builtIn)
  assert.deepEqual([value.value, value.detail.unit], [1, 'µs'])
  const sent = new URL(server.seen[0]?.url ?? '', server.url).searchParams
  assert.equal(sent.get('metricSelector'), 'builtin:service.response.time:splitBy():percentile(90)')
  assert.equal(
    sent.get('entitySelector'),
    'type(SERVICE),tag(keptn_project:shop),tag(keptn_stage:dev),tag(keptn_service:carts),tag(keptn_deployment:primary)',
  )
  const scope = { ...REQUEST.scope, deployment: 'a),tag(b' }
  const hostile = await provider.fetchValue({ ...builtIn, scope })
  assert.equal(hostile.detail.problem, 'unknown-indicator')
  assert.equal(server.seen.length, 1)
})

test('queries that are none are refused before anything is asked', async () => {
  for (const [query, message] of [
    ['USQL;SINGLE_VALUE;;SELECT count(*) FROM usersession', /^USQL; is not supported/],
    ['MV3;x', /^MV3; is not known: there are MV2;, SLO;, PV2; and SECPV2;$/],
    ['SLO; ', /^SLO; needs the id/],
    ['MV2;metricSelector=x', /^MV2; needs a unit/],
    ['entitySelector=type(SERVICE)', /^metricSelector= is missing$/],
    ['?scope=x', /^metricSelector= is missing$/],
    ['metricSelector=x&metricSelector=y', /^metricSelector= is there twice$/],
    ['metricSelector=x&entitySelector=', /^"entitySelector=" is no key=value; there are metricSel/],
    ['metricSelector=x&from=now-1h', /^from= is not known; there are metricSelector, entity/],
    ['builtin:x?scop=y', /^scop= is not known; there is scope$/],
    ['PV2;status=open', /^status= is not known/],
  ] as const) {
    const { value, asked } = await ask({ query })
    assert.equal(value.detail.problem, 'query-refused', query)
    assert.match(value.message, message)
    assert.equal(asked, 0)
  }
  for (const more of [{ with: { field: 'x' } }, { aggregate: 'max' }] as const) {
    const { value, asked } = await ask({ query: 'SLO;x', ...more })
    assert.equal(value.detail.problem, 'query-refused')
    assert.equal(asked, 0)
  }
})
