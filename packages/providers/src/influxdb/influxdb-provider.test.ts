import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InfluxdbConnection } from '@tiphys/contract/connections/influxdb.ts'
import { askOnce } from '../../test/ask-once.ts'
import { type Answer, describeProvider } from '../../test/provider-contract.ts'
import type { ProviderPower } from '../sli/http-sli.ts'
import type { SliRequest } from '../sli/sli-provider.ts'
import { createInfluxdbProvider } from './influxdb-provider.ts'

const INFLUXQL = {
  query: `SELECT mean("value") FROM "cpu_load_short" WHERE "service"='{{ service }}' AND time >= {{ start_ms }}ms AND time < {{ end_ms }}ms`,
}
const INFLUXQL_SENT = `SELECT mean("value") FROM "cpu_load_short" WHERE "service"='carts' AND time >= 1767323045000ms AND time < 1767323345000ms`

function series(...all: object[]): Answer {
  return { body: { results: [{ statement_id: 0, ...(all.length > 0 ? { series: all } : {}) }] } }
}

function one(values: unknown[][], more: object = {}): object {
  return { name: 'cpu_load_short', columns: ['time', 'mean'], values, ...more }
}

/**
 * Answers are those of "Query data with the InfluxDB API" and "InfluxDB API reference" of the documentation of InfluxDB OSS v1; a real
 * server of version 1 is asked in packages/providers/test.
 */
describeProvider({
  title: 'InfluxDB',
  create: (url, power, more) =>
    createInfluxdbProvider(
      {
        name: 'influxdb',
        settings: { url, version: 1, database: 'mydb', user: 'anna', password: 's3cret', ...more },
      },
      power,
    ),
  secrets: ['s3cret', btoa('anna:s3cret')],
  query: INFLUXQL,
  good: {
    answer: series(one([[1767323045000, 0.64]])),
    value: 0.64,
    request({ method, url, headers, body }) {
      const { pathname, searchParams } = new URL(url, 'http://x')
      assert.deepEqual([method, pathname, body], ['GET', '/query', ''])
      assert.deepEqual(
        [...searchParams],
        [
          ['db', 'mydb'],
          ['q', INFLUXQL_SENT],
          ['epoch', 'ms'],
        ],
      )
      assert.equal(headers.authorization, `Basic ${btoa('anna:s3cret')}`)
      assert.equal(headers.accept, 'application/json')
    },
    link: /\/query\?db=mydb&q=SELECT.*&epoch=ms$/,
  },
  empty: series(),
  others: {
    'a row of nothing': {
      answer: series(one([[1767323045000, null]])),
      problem: 'no-data',
      message: /^query did not return any values$/,
    },
    'several series': {
      answer: series(
        one([[1, 2]], { tags: { host: 'a' } }),
        one([[1, 3]], { tags: { host: 'b' } }),
      ),
      problem: 'several-values',
      message: /^query did return 2 series \(cpu_load_short host=a; cpu_load_short host=b\)$/,
    },
    'several fields': {
      answer: series({ name: 'cpu', columns: ['time', 'mean', 'max'], values: [[1, 2, 3]] }),
      problem: 'several-values',
      message: /several columns hold numbers \(mean, max\); with: \{ column/,
    },
    'no numbers': {
      answer: series(one([[1, 'fast']])),
      problem: 'not-a-number',
      message: /^no column holds numbers: there are mean$/,
    },
    'an error of the statement, with status 200': {
      answer: { body: { results: [{ statement_id: 0, error: 'database not found: mydb' }] } },
      problem: 'query-refused',
      message: /^database not found: mydb$/,
    },
    'an error with status 200': {
      answer: { body: { error: 'timeout' } },
      problem: 'query-refused',
      message: /^timeout$/,
    },
    'a statement too many': {
      answer: series(one([[1, 2]])),
      problem: 'query-refused',
      message: /^a query is one statement/,
      query: { query: 'SELECT 1 FROM a; DROP DATABASE mydb' },
    },
    'a statement behind a quote in a pattern': {
      answer: series(one([[1, 2]])),
      problem: 'query-refused',
      message: /^a query is one statement/,
      query: { query: "SELECT a FROM b WHERE c =~ /'/; DROP DATABASE mydb; SELECT '1' FROM d" },
    },
    'a query that writes': {
      answer: series(one([[1, 2]])),
      problem: 'query-refused',
      message: /INTO would write/,
      query: { query: 'SELECT mean(x) INTO "y" FROM z' },
    },
    'no question': {
      answer: series(one([[1, 2]])),
      problem: 'query-refused',
      message: /begins with SELECT/,
      query: { query: '/* a */ DROP MEASUREMENT cpu' },
    },
  },
  refusal: {
    answer: {
      status: 400,
      body: { error: 'error parsing query: found EOF, expected FROM at line 1, char 9' },
    },
    words: /^InfluxDB refused the query \(400\): error parsing query: found EOF/,
  },
  templated: { query: `SELECT mean(x) FROM y WHERE build='{{ labels.hostile }}'` },
})

const SQL = {
  query: `SELECT avg(temp) AS temp FROM home WHERE service = '{{ service }}' AND time >= '{{ start }}' AND time < '{{ end }}'`,
}

/** Of "Use the InfluxDB v3 HTTP query API" in the documentation of InfluxDB 3 Core. */
describeProvider({
  title: 'InfluxDB',
  create: (url, power, more) =>
    createInfluxdbProvider(
      {
        name: 'influxdb',
        settings: { url, version: 3, database: 'sensors', token: 'apiv3_t', ...more },
      },
      power,
    ),
  secrets: ['apiv3_t'],
  query: SQL,
  good: {
    answer: { body: [{ temp: 22.7 }] },
    value: 22.7,
    request({ method, url, headers, body }) {
      assert.deepEqual([method, url], ['POST', '/api/v3/query_sql'])
      assert.equal(headers.authorization, 'Bearer apiv3_t')
      assert.equal(headers['content-type'], 'application/json')
      const q =
        "SELECT avg(temp) AS temp FROM home WHERE service = 'carts' AND time >= '2026-01-02T03:04:05.000Z' AND time < '2026-01-02T03:09:05.000Z'"
      assert.deepEqual(JSON.parse(body), { db: 'sensors', q, format: 'json' })
    },
  },
  empty: { body: [] },
  others: {
    'several series': {
      answer: {
        body: [
          { time: '2022-01-01T09:00:00', room: 'Kitchen', temp: 23 },
          { time: '2022-01-01T09:00:00', room: 'Living Room', temp: 21 },
        ],
      },
      problem: 'several-values',
      message: /^query did return 2 series \(room=Kitchen; room=Living Room\)/,
    },
    'several rows without times': {
      answer: { body: [{ temp: 1 }, { temp: 2 }] },
      problem: 'several-values',
      message: /^query did return 2 rows; aggregate/,
    },
    'a table that is not there': {
      answer: { status: 404, body: { error: 'table not found: home', data: null } },
      problem: 'query-refused',
      message: /\(404\): table not found: home$/,
    },
    'an error of its own': {
      answer: { status: 500, body: 'query error: external error' },
      problem: 'provider-failed',
      message: /failed \(500\): query error: external error$/,
    },
  },
  refusal: {
    answer: { status: 400, body: { error: 'Error during planning: column not found', data: null } },
    words: /^InfluxDB refused the query \(400\): Error during planning: column not found$/,
  },
  templated: { query: `SELECT a FROM b WHERE c = '{{ labels.hostile }}'` },
})

function ask(settings: object, answer: Answer, more: Partial<SliRequest>) {
  const create = (url: string, power: ProviderPower) => {
    const parsed = InfluxdbConnection.parse({ url, ...settings })
    return createInfluxdbProvider({ name: 'influxdb', settings: parsed }, power)
  }
  return askOnce(create, answer, more)
}

test('points of a window become one value, gaps left out', async () => {
  const answer = series(
    one([
      [1767323040000, 1],
      [1767323100000, null],
      [1767323160000, 5],
    ]),
  )
  const query = { query: 'SELECT mean(v) FROM a WHERE time > 0 GROUP BY time(1m)' }
  const average = await ask({ version: 1, database: 'd' }, answer, { query })
  assert.equal(average.value.value, 3)
  assert.deepEqual(average.value.detail.series, {
    points: [
      [1767323040000, 1],
      [1767323160000, 5],
    ],
    of: 'avg',
  })
  const most = await ask({ version: 1, database: 'd' }, answer, {
    query: { ...query, aggregate: 'max' },
  })
  assert.equal(most.value.value, 5)
})

test('rows of version 3 over time are UTC, in any order, and may lack a value', async () => {
  // InfluxQL leaves out what is null; the first two rows are of the documentation.
  const rows = [
    { 'iox::measurement': 'home', time: '2022-01-01T10:00:00', temp: 22.7 },
    { 'iox::measurement': 'home', time: '2022-01-01T09:00:00', temp: 23 },
    { 'iox::measurement': 'home', time: '2022-01-01T11:00:00' },
  ]
  const { value, seen } = await ask(
    { version: 3, database: 'd', token: 't' },
    { body: rows },
    {
      query: {
        query: 'SELECT mean(temp) FROM home WHERE room =~ /^Kit/ GROUP BY time(1h)',
        aggregate: 'last',
        with: { language: 'influxql', database: 'other' },
      },
    },
  )
  assert.equal(seen[0]?.url, '/api/v3/query_influxql')
  assert.equal(JSON.parse(seen[0]?.body ?? '').db, 'other')
  assert.equal(value.value, 22.7)
  assert.deepEqual(value.detail.series?.points, [
    [Date.UTC(2022, 0, 1, 9), 23],
    [Date.UTC(2022, 0, 1, 10), 22.7],
  ])
})

test('rows that only a number tells apart are several series', async () => {
  const rows = [1, 2].map((shard) => ({ time: '2026-01-02T03:04:05', shard, ms: shard * 10 }))
  const query = { query: 'SELECT time, shard, ms FROM http', with: { column: 'ms' } }
  const settings = { version: 3, database: 'd', token: 't' }
  const { value } = await ask(settings, { body: rows }, { query })
  assert.equal(value.detail.problem, 'several-values')
  assert.match(value.message, /^query did return several rows for one time;/)
  const most = await ask(settings, { body: rows }, { query: { ...query, aggregate: 'max' } })
  assert.equal(most.value.value, 20)
})

test('version 2 is asked in InfluxQL where version 1 is', async () => {
  const settings = { version: 2, database: 'd', retentionPolicy: 'r', token: 't' }
  const query = { ...INFLUXQL, with: { language: 'influxql' } }
  const { value, seen } = await ask(settings, series(one([[1, 7]])), { query })
  assert.equal(value.value, 7)
  const { pathname, searchParams } = new URL(seen[0]?.url ?? '', 'http://x')
  assert.deepEqual(
    [pathname, searchParams.get('db'), searchParams.get('rp'), seen[0]?.headers.authorization],
    ['/query', 'd', 'r', 'Token t'],
  )
  const flux = await ask(settings, series(), { query: { query: 'from(bucket: "shop")' } })
  assert.match(flux.value.message, /Flux needs the organization/)
})

test('user and password go into the address only where the connection says so, and show nowhere', async () => {
  const settings = { version: 1, user: 'anna', password: 'sesam-open', credentialsIn: 'query' }
  const { value, seen } = await ask(settings, series(one([[1, 7]])), { query: INFLUXQL })
  const { searchParams } = new URL(seen[0]?.url ?? '', 'http://x')
  assert.deepEqual([searchParams.get('u'), searchParams.get('p')], ['anna', 'sesam-open'])
  assert.equal(seen[0]?.headers.authorization, undefined)
  assert.ok(!JSON.stringify(value).includes('sesam-open'))
  const token = await ask({ version: 1, token: 'j.w.t' }, series(), { query: INFLUXQL })
  assert.equal(token.seen[0]?.headers.authorization, 'Bearer j.w.t')
})

test('an answer cut short by the server is no value', async () => {
  const cut = series(one([[1, 7]], { partial: true }))
  const { value } = await ask({ version: 1 }, cut, { query: { ...INFLUXQL, aggregate: 'sum' } })
  assert.equal(value.detail.problem, 'several-values')
  assert.match(value.message, /^the answer is cut at 1 rows/)
})

test('a language that this version does not speak, and options that are none, are not asked', async () => {
  for (const [settings, options, message] of [
    [{ version: 1 }, { language: 'flux' }, /InfluxDB 1 does not speak flux; it speaks influxql$/],
    [{ version: 3, database: 'd' }, { language: 'flux' }, /it speaks sql and influxql$/],
    [{ version: 1 }, { colum: 'x' }, /^with: .*colum/],
    [{ version: 1 }, { column: 'max' }, /no column max; there are time, mean/],
  ] as const) {
    const query = { ...INFLUXQL, with: options }
    const { value } = await ask(settings, series(one([[1, 7]])), { query })
    assert.equal(value.detail.problem, 'query-refused')
    assert.match(value.message, message)
  }
})

test('a connection says what its version needs', () => {
  const problem = (settings: object) => {
    const parsed = InfluxdbConnection.safeParse({ url: 'http://influx.example', ...settings })
    return parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join()
  }
  assert.equal(problem({ version: 1 }), undefined)
  assert.equal(problem({ version: 2, organization: 'o' }), undefined)
  assert.match(problem({ version: 2 }) ?? '', /organization: version 2 needs/)
  assert.match(problem({ version: 3 }) ?? '', /database: version 3 needs/)
  assert.match(problem({ version: 4 }) ?? '', /version: expected 1, 2 or 3/)
  assert.match(problem({}) ?? '', /version: expected 1, 2 or 3/)
  assert.match(problem({ version: 1, organization: 'o' }) ?? '', /only version 2/)
})
