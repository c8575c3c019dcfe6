import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SplunkConnection } from '@tiphys/contract/connections/splunk.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { startServer } from '../../test/answering-server.ts'
import { type Answer, describeProvider, REQUEST, type Seen } from '../../test/provider-contract.ts'
import { createGuardedHttp } from '../http/guarded-http.ts'
import { createSplunkProvider } from './splunk-provider.ts'

const TOKEN = 'eyJraWQiOiJzcGx1bmsuc2VjcmV0EXAMPLE'
const FAST = { attempts: 3, firstDelayMs: 1, maxDelayMs: 5 }

type Row = Readonly<Record<string, unknown>>

/** As "Using the REST API" and "search/jobs" of Splunk's REST API reference show `output_mode=json`: results are texts. */
function results(
  rows: readonly Row[],
  messages: readonly (readonly [string, string])[] = [],
): Answer {
  const fields = [...new Set(rows.flatMap(Object.keys))].map((name) => ({ name }))
  return {
    body: {
      preview: false,
      init_offset: 0,
      messages: messages.map(([type, text]) => ({ type, text })),
      fields,
      results: rows,
      highlighted: {},
    },
  }
}

function refusal(status: number, type: string, text: string): Answer {
  return { status, body: { messages: [{ type, text }] } }
}

const QUERY = { query: 'index=shop service="$SERVICE" | stats p95(ms) as ms' }

describeProvider({
  title: 'Splunk',
  create: (url, power, more) => {
    const webUrl = 'https://splunk.example:8000'
    const settings = { url, token: TOKEN, webUrl, ...more }
    return createSplunkProvider({ name: 'splunk', settings }, power)
  },
  secrets: [TOKEN],
  query: QUERY,
  good: {
    answer: results([{ ms: '312.5' }]),
    value: 312.5,
    request({ method, url, headers, body }) {
      assert.deepEqual([method, url], ['POST', '/services/search/jobs'])
      assert.equal(headers.authorization, `Bearer ${TOKEN}`)
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded')
      assert.deepEqual(
        [...new URLSearchParams(body)],
        [
          ['search', 'search index=shop service="carts" | stats p95(ms) as ms'],
          ['exec_mode', 'oneshot'],
          ['output_mode', 'json'],
          ['earliest_time', '1767323045.000'],
          ['latest_time', '1767323345.000'],
          ['count', '10000'],
          ['max_time', '35'],
        ],
      )
    },
    link: /^https:\/\/splunk\.example:8000\/app\/search\/search\?q=search\+index%3Dshop\+service%3D%22carts%22\+%7C\+stats\+p95%28ms%29\+as\+ms&earliest=1767323045\.000&latest=1767323345\.000$/,
  },
  empty: results([]),
  others: {
    'an empty field': {
      answer: results([{ ms: '', _span: '300' }]),
      problem: 'no-data',
      message: /^query did not return any values$/,
    },
    'several rows': {
      answer: results([
        { host: 'a', ms: '1' },
        { host: 'b', ms: '2' },
      ]),
      problem: 'several-values',
      message: /^query did return 2 rows; aggregate: avg/,
    },
    'several fields': {
      answer: results([{ host: 'a', ms: '1', count: '2' }]),
      problem: 'several-values',
      message: /^several fields hold numbers \(ms, count\); with: \{ field: … \}/,
    },
    'no number': {
      answer: results([{ host: 'a', ms: 'fast' }]),
      problem: 'not-a-number',
      message: /^no field holds numbers: there are host, ms$/,
    },
    'several values in a field': {
      answer: results([{ ms: ['1', '2'] }]),
      problem: 'not-a-number',
      message: /^no field holds numbers: there are ms$/,
    },
    'an error with status 200': {
      answer: results([], [['FATAL', "Error in 'stats' command: The argument 'x' is invalid."]]),
      problem: 'query-refused',
      message: /^Splunk answers: Error in 'stats' command: The argument 'x' is invalid\.$/,
    },
    'a peer that failed, with status 200': {
      answer: results([{ ms: '1' }], [['ERROR', '[idx2] Search results might be incomplete']]),
      problem: 'provider-failed',
      message: /^Splunk answers: \[idx2\] Search results might be incomplete$/,
    },
    'messages and nothing else': {
      answer: { body: { messages: [{ type: 'FATAL', text: 'Unknown search command.' }] } },
      problem: 'query-refused',
      message: /^Splunk answers: Unknown search command\.$/,
    },
    'too many searches at once': {
      answer: refusal(503, 'FATAL', 'The maximum number of concurrent historical searches'),
      problem: 'provider-failed',
      message: /failed \(503\): The maximum number of concurrent historical searches$/,
    },
    'a token that is none': {
      answer: refusal(401, 'WARN', 'call not properly authenticated'),
      problem: 'auth-refused',
      message: /refused our credentials \(401\): call not properly authenticated$/,
    },
  },
  refusal: {
    answer: refusal(400, 'FATAL', "Unknown search command 'statz'."),
    words: /^Splunk refused the query \(400\): Unknown search command 'statz'\.$/,
  },
  templated: { query: 'index=shop version="{{ labels.hostile }}" | stats count' },
})

async function ask(
  query: SliQuery,
  answer: Answer,
  settings: Partial<SplunkConnection> = { token: TOKEN },
) {
  await using server = await startServer(() => answer)
  const connection = { name: 'splunk', settings: { url: `${server.url}/`, ...settings } }
  const power = { http: createGuardedHttp(), retry: FAST }
  const value = await createSplunkProvider(connection, power).fetchValue({ ...REQUEST, query })
  const seen: readonly Seen[] = server.seen
  return { value, seen }
}

test('a timechart is a series, in the zone that Splunk writes', async () => {
  const rows = [
    { _time: '2026-01-02T04:05:00.000+01:00', ms: '40', count: '3', _span: '60' },
    { _time: '2026-01-02T04:04:00.000+01:00', ms: '20', count: '1', _span: '60' },
    { _time: '2026-01-02T04:06:00.000+01:00', count: '0', _span: '60' },
  ]
  const query = { query: '| tstats x', with: { field: 'ms' } }
  const { value } = await ask(query, results(rows))
  assert.deepEqual([value.message, value.value], ['', 30])
  assert.deepEqual(value.detail.series, {
    points: [
      [Date.UTC(2026, 0, 2, 3, 4), 20],
      [Date.UTC(2026, 0, 2, 3, 5), 40],
    ],
    of: 'avg',
  })
  const most = await ask({ ...query, aggregate: 'max' }, results(rows))
  assert.equal(most.value.value, 40)
})

test('rows of several series over time are refused', async () => {
  const at = (second: number) => `2026-01-02T04:04:0${second}.000+01:00`
  for (const [rows, message] of [
    [
      [
        { _time: at(1), status: '200', count: '1' },
        { _time: at(1), status: '500', count: '2' },
      ],
      /^query did return several rows for one _time; one series is expected$/,
    ],
    [
      [
        { _time: at(1), host: 'a', count: '1' },
        { _time: at(2), host: 'b', count: '2' },
      ],
      /^query did return 2 series \(host="a"; host="b"\); one is expected$/,
    ],
  ] as const) {
    const wish = { query: 'x', with: { field: 'count' } }
    const { value } = await ask(wish, results(rows))
    assert.equal(value.detail.problem, 'several-values')
    assert.match(value.message, message)
  }
})

test('rows without times need an aggregate', async () => {
  const rows = [{ ms: '1' }, { ms: '2' }, { ms: '' }, { ms: '6' }]
  const { value } = await ask({ query: 'x', aggregate: 'sum' }, results(rows))
  assert.equal(value.value, 9)
})

test('a field that is named counts, and one that is not there is said', async () => {
  const row = { host: 'a', ms: '1', count: '2', _raw: 'x' }
  const named = (field: string) => ({ query: 'x', with: { field } })
  assert.equal((await ask(named('count'), results([row]))).value.value, 2)
  const missing = await ask(named('sum'), results([row]))
  assert.match(
    missing.value.message,
    /^no result has the field sum; there are host, ms, count, _raw$/,
  )
  const text = await ask(named('host'), results([row]))
  const inherited = await ask(named('constructor'), results([row]))
  assert.match(inherited.value.message, /^no result has the field constructor;/)
  assert.match(text.value.message, /^field host holds "a", which is no number$/)
  const wrong = await ask({ query: 'x', with: { filed: 'ms' } }, results([row]))
  assert.match(wrong.value.message, /^with: .*filed/)
  assert.equal(wrong.seen.length, 0)
})

test('numbers are read as Splunk writes them', async () => {
  for (const [text, number] of [
    ['312', 312],
    ['-0.5', -0.5],
    ['.25', 0.25],
    ['1.5e-7', 1.5e-7],
  ] as const) {
    assert.equal((await ask(QUERY, results([{ ms: text }]))).value.value, number)
  }
  for (const text of ['1,234', '12 ms', '0x1F', '1_000', 'NaN']) {
    const { value } = await ask(QUERY, results([{ ms: text }]))
    assert.equal(value.detail.problem, 'not-a-number', text)
  }
})

test('warnings stand beside the value, and explain where there is none', async () => {
  const warning = ['WARN', 'The limit of 50000 subsearch results was reached.'] as const
  const some = await ask(QUERY, results([{ ms: '1' }], [warning, ['DEBUG', 'base lispy: [ AND ]']]))
  assert.deepEqual(some.value.detail.remarks, [warning[1]])
  const none = await ask(QUERY, results([], [warning]))
  assert.equal(none.value.detail.problem, 'no-data')
  assert.match(
    none.value.message,
    /any values: The limit of 50000 subsearch results was reached\.$/,
  )
  const answer = results([{ ms: '1' }])
  const preview = await ask(QUERY, { body: { ...(answer.body as object), preview: true } })
  assert.deepEqual(preview.value.detail.remarks, [
    'the answer is a preview: the search was not done',
  ])
})

test('an answer that may be cut is refused', async () => {
  const rows = Array.from({ length: 10_000 }, (_, index) => ({ ms: String(index) }))
  const { value } = await ask({ query: 'x', aggregate: 'avg' }, results(rows))
  assert.match(value.message, /^query did return 10000 rows or more; stats, or timechart/)
})

test('dangerous commands are not sent, also not by way of a label', async () => {
  const { value, seen } = await ask({ query: 'index=shop | delete' }, results([]))
  assert.equal(value.detail.problem, 'query-refused')
  assert.match(value.message, /^the search has the command delete, which changes, sends or runs/)
  assert.equal(seen.length, 0)
})

test('each way to authenticate is sent as Splunk wants it, in the app that is named', async () => {
  for (const [settings, authorization] of [
    [{ token: 't' }, 'Bearer t'],
    [{ sessionKey: 's' }, 'Splunk s'],
    [{ user: 'anna', password: 'p:w' }, `Basic ${btoa('anna:p:w')}`],
  ] as const) {
    const app = { ...settings, app: 'shop_app' }
    const { value, seen } = await ask(QUERY, results([{ ms: '1' }]), app)
    assert.equal(seen[0]?.headers.authorization, authorization)
    assert.equal(seen[0]?.url, '/servicesNS/nobody/shop_app/search/jobs')
    assert.equal(value.detail.link, undefined)
  }
})

test('the connection says what is wrong with it', () => {
  const good = { url: 'https://splunk.example:8089', tokenFile: '/run/secrets/splunk' }
  assert.equal(SplunkConnection.safeParse(good).success, true)
  for (const [settings, message] of [
    [{ url: good.url }, /expected one of token, sessionKey, or password with user; there is none/],
    [{ ...good, sessionKeyEnv: 'X' }, /there are token and sessionKey/],
    [{ url: good.url, passwordEnv: 'X' }, /user is missing beside password/],
    [{ ...good, app: '../x' }, /expected the id of an app/],
    [{ ...good, url: 'splunk.example:8089' }, /expected an http or https address/],
  ] as const) {
    const parsed = SplunkConnection.safeParse(settings)
    assert.match(parsed.error?.issues.map((issue) => issue.message).join('\n') ?? '', message)
  }
})
