import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ElasticsearchConnection } from '@tiphys/contract/connections/elasticsearch.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { askOnce } from '../../test/ask-once.ts'
import { type Answer, describeProvider, type Seen } from '../../test/provider-contract.ts'
import { createElasticsearchProvider } from './elasticsearch-provider.ts'
import { whyNoIndex } from './index-name.ts'

const SHARDS = { total: 1, successful: 1, skipped: 0, failed: 0 }

function search(more: object, shards: object = SHARDS): Answer {
  const hits = { total: { value: 3, relation: 'eq' }, max_score: null, hits: [] }
  return { body: { took: 5, timed_out: false, _shards: shards, hits, ...more } }
}

const P95 = {
  query: 'service:"{{ service }}" AND level:access',
  with: {
    index: 'logs-{{ stage }}-*',
    timeField: '@timestamp',
    value: '$.aggregations.load_time_outlier.values["95.0"]',
    body: {
      aggs: { load_time_outlier: { percentiles: { field: 'load_time', percents: [95, 99] } } },
    },
  },
}
const WINDOW = {
  range: { '@timestamp': { gte: 1767323045000, lt: 1767323345000, format: 'epoch_millis' } },
}

/**
 * Of "Search API", "Percentiles aggregation" and "REST APIs: error handling" in Elastic's documentation: percentiles are keyed by text, a
 * percentile of nothing is null.
 */
describeProvider({
  title: 'Elasticsearch',
  create: (url, power, more) => {
    const settings = { url: `${url}/`, apiKey: 'VnVhQ2ZHY0JDZGJrUW0t', ...more }
    return createElasticsearchProvider({ name: 'elasticsearch', settings }, power)
  },
  secrets: ['VnVhQ2ZHY0JDZGJrUW0t'],
  query: P95,
  good: {
    answer: search({
      aggregations: { load_time_outlier: { values: { '95.0': 60, '99.0': 150 } } },
    }),
    value: 60,
    request({ method, url, headers, body }) {
      assert.deepEqual([method, url], ['POST', '/logs-dev-*/_search'])
      assert.equal(headers.authorization, 'ApiKey VnVhQ2ZHY0JDZGJrUW0t')
      assert.equal(headers['content-type'], 'application/json')
      assert.deepEqual(JSON.parse(body), {
        size: 0,
        track_total_hits: true,
        aggs: P95.with.body.aggs,
        query: {
          bool: {
            filter: [{ query_string: { query: 'service:"carts" AND level:access' } }, WINDOW],
          },
        },
      })
    },
  },
  empty: search({ aggregations: { load_time_outlier: { values: { '95.0': null } } } }),
  others: {
    'no such place in the answer': {
      answer: search({}),
      problem: 'no-data',
      message: /^there is nothing at \$\.aggregations/,
    },
    'several values': {
      answer: search({ aggregations: { a: { buckets: [{ doc_count: 1 }, { doc_count: 2 }] } } }),
      problem: 'several-values',
      message: /leads to 2 values; aggregate: avg/,
      query: { ...P95, with: { index: 'a', value: '$.aggregations.a.buckets[*].doc_count' } },
    },
    'an index that is not there': {
      answer: {
        status: 404,
        body: {
          error: {
            root_cause: [{ type: 'index_not_found_exception', reason: 'no such index [a]' }],
            type: 'index_not_found_exception',
            reason: 'no such index [a]',
          },
          status: 404,
        },
      },
      problem: 'query-refused',
      message: /\(404\): index_not_found_exception: no such index \[a\]$/,
    },
    'shards that failed, all of them': {
      answer: {
        status: 503,
        body: {
          error: {
            root_cause: [],
            type: 'search_phase_execution_exception',
            reason: 'all shards failed',
            caused_by: {
              type: 'a',
              reason: 'b',
              caused_by: { type: 'c', reason: 'no space left on device' },
            },
          },
        },
      },
      problem: 'provider-failed',
      message:
        /failed \(503\): search_phase_execution_exception: all shards failed: no space left on device$/,
    },
    'a body that is none': {
      answer: search({}),
      problem: 'query-refused',
      message: /^the query begins like JSON and is none: /,
      query: { query: '{ "query": ', with: { index: 'a' } },
    },
    'no index': {
      answer: search({}),
      problem: 'query-refused',
      message: /^with\.index is missing/,
      query: { query: '*' },
    },
    'an index that is a way out': {
      answer: search({}),
      problem: 'query-refused',
      message: /^with\.index: "_cluster\/settings\?" is no name of an index$/,
      query: { query: '*', with: { index: '_cluster/settings?' } },
    },
    'options of another language': {
      answer: search({}),
      problem: 'query-refused',
      message: /^with\.index: only searches take it, not esql$/,
      query: { query: 'FROM a', with: { index: 'a', language: 'esql' } },
    },
  },
  refusal: {
    answer: {
      status: 400,
      body: {
        error: {
          root_cause: [
            { type: 'query_shard_exception', reason: 'Failed to parse query [a:(]', index: 'logs' },
          ],
          type: 'search_phase_execution_exception',
          reason: 'all shards failed',
          phase: 'query',
          caused_by: {
            type: 'parse_exception',
            reason:
              'parse_exception: Cannot parse \'a:(\': Encountered "<EOF>" at line 1, column 3.',
          },
        },
        status: 400,
      },
    },
    words:
      /^Elasticsearch refused the query \(400\): query_shard_exception: Failed to parse query \[a:\(\]: parse_exception: Cannot parse 'a:\(': .*line 1, column 3\.$/,
  },
  templated: { ...P95, query: 'build:"{{ labels.hostile }}"' },
})

function ask(query: SliQuery, answer: Answer, settings: Partial<ElasticsearchConnection> = {}) {
  return askOnce(
    (url, power) =>
      createElasticsearchProvider({ name: 'elasticsearch', settings: { url, ...settings } }, power),
    answer,
    { query },
  )
}

function sent(seen: readonly Seen[]) {
  const [{ url, body } = { url: '', body: 'null' }] = seen
  return { url, body: JSON.parse(body) }
}

test('without a place the documents are counted, all of them; none is a number too', async () => {
  const settings = { index: 'logs-*', timeField: 'at' }
  const { value, seen } = await ask({ query: '*' }, search({}), settings)
  assert.equal(value.value, 3)
  assert.deepEqual(sent(seen).body, {
    size: 0,
    track_total_hits: true,
    query: { range: { at: WINDOW.range['@timestamp'] } },
  })
  const none = { hits: { total: { value: 0, relation: 'eq' }, hits: [] } }
  const nothing = await ask({ query: 'level:error' }, search(none), settings)
  assert.deepEqual([nothing.value.success, nothing.value.value], [true, 0])
  const everywhere = await ask({ query: '*' }, search({}), { index: 'a' })
  assert.deepEqual(sent(everywhere.seen).body, { size: 0, track_total_hits: true })
})

test('a body of the query DSL is sent as it is, its labels as text', async () => {
  const query = `{"query": {"term": {"service": "{{ labels.hostile }}"}}, "size": 1, "sort": ["at"]}`
  const { seen } = await ask({ query, with: { index: 'a,-b,eu:c-*' } }, search({}))
  assert.deepEqual(sent(seen), {
    url: '/a,-b,eu:c-*/_search',
    body: {
      size: 1,
      track_total_hits: true,
      query: { term: { service: `x'"\`\\) OR 1=1 -- {$}` } },
      sort: ['at'],
    },
  })
  const timed = await ask({ query, with: { index: 'a', timeField: '@timestamp' } }, search({}))
  const { filter } = sent(timed.seen).body.query.bool
  assert.deepEqual(filter[1], WINDOW)
})

test('buckets over time are a series', async () => {
  const buckets = [
    { key_as_string: '2026-01-02T03:04:00.000Z', key: 1767323040000, p: { value: 4 } },
    { key_as_string: '2026-01-02T03:05:00.000Z', key: 1767323100000, p: { value: null } },
    { key_as_string: '2026-01-02T03:06:00.000Z', key: 1767323160000, p: { value: 8 } },
  ]
  const options = {
    index: 'a',
    value: '$.aggregations.t.buckets[*].p.value',
    time: '$.aggregations.t.buckets[*].key',
  }
  const answer = search({ aggregations: { t: { buckets } } })
  const { value } = await ask({ query: '*', aggregate: 'max', with: options }, answer)
  assert.equal(value.value, 8)
  assert.deepEqual(value.detail.series?.points, [
    [1767323040000, 4],
    [1767323160000, 8],
  ])
})

test('a label changes no query inside a body', async () => {
  const words = { query_string: { query: 'build:"{{ labels.hostile }}"' } }
  for (const query of [
    { query: JSON.stringify({ query: words }), with: { index: 'a' } },
    { query: '*', with: { index: 'a', body: { query: words } } },
  ]) {
    const { value, seen } = await ask(query, search({}))
    assert.deepEqual([value.detail.problem, seen.length], ['query-unsafe', 0])
  }
})

test('an answer that is partial says so', async () => {
  const failures = [{ shard: 0, reason: { type: 'x', reason: 'node left' } }]
  const shards = { total: 5, successful: 3, failed: 2, failures }
  const { value } = await ask(
    { query: '*', with: { index: 'a' } },
    search({ timed_out: true, hits: { total: { value: 10000, relation: 'gte' } } }, shards),
  )
  assert.equal(value.value, 10000)
  assert.deepEqual(value.detail.remarks, [
    'the search timed out: the answer is partial',
    'the answer is partial: 2 of 5 shards failed: node left',
    'only 10000 hits were counted',
  ])
})

test('ES|QL, the SQL of Elasticsearch and that of OpenSearch, each at its place', async () => {
  // Of "ES|QL REST API", "SQL REST API: response data formats" and OpenSearch's "SQL and PPL API".
  const columns = [
    { name: 'p95', type: 'double' },
    { name: 'service', type: 'keyword' },
  ]
  const esql = await ask(
    {
      query: 'FROM logs-* | WHERE service == "{{ service }}" | STATS p95 = PERCENTILE(ms, 95)',
      with: { language: 'esql', timeField: '@timestamp' },
    },
    { body: { took: 28, is_partial: true, columns, values: [[31.5, 'carts']] } },
  )
  assert.deepEqual(sent(esql.seen), {
    url: '/_query',
    body: {
      query: 'FROM logs-* | WHERE service == "carts" | STATS p95 = PERCENTILE(ms, 95)',
      filter: WINDOW,
    },
  })
  assert.equal(esql.value.value, 31.5)
  assert.match(esql.value.detail.remarks?.[0] ?? '', /partial/)
  const sql = {
    query: "SELECT AVG(ms) FROM logs WHERE s = '{{ service }}'",
    with: { language: 'sql' },
  }
  const elastic = await ask(sql, { body: { columns, rows: [[7, 'carts']] } })
  assert.deepEqual(sent(elastic.seen), {
    url: '/_sql?format=json',
    body: { query: "SELECT AVG(ms) FROM logs WHERE s = 'carts'" },
  })
  assert.equal(elastic.value.value, 7)
  const schema = [{ name: 'AVG(ms)', alias: 'ms', type: 'double' }]
  const open = await ask(
    { ...sql, with: { language: 'sql', column: 'ms' } },
    { body: { schema, datarows: [[9]], total: 1, size: 1, status: 200 } },
    { product: 'opensearch' },
  )
  assert.equal(sent(open.seen).url, '/_plugins/_sql')
  assert.equal(open.value.value, 9)
})

test('rows that the server cut off are no value', async () => {
  const columns = [{ name: 'ms', type: 'double' }]
  const rows = Array.from({ length: 1000 }, () => [1])
  const asked = { aggregate: 'sum', with: { language: 'esql' } } as const
  const cut = await ask(
    { ...asked, query: 'FROM limits | KEEP ms' },
    { body: { columns, values: rows } },
  )
  assert.equal(cut.value.detail.problem, 'several-values')
  assert.match(cut.value.message, /^the answer is cut at 1000 rows; .*LIMIT/)
  const limited = { ...asked, query: 'FROM a | KEEP ms | LIMIT 1000' }
  assert.equal((await ask(limited, { body: { columns, values: rows } })).value.value, 1000)
  const sql = { query: 'SELECT ms FROM a', aggregate: 'sum', with: { language: 'sql' } } as const
  const paged = await ask(sql, { body: { columns, rows: [[1]], cursor: 'sDXF1ZXJ5' } })
  assert.equal(paged.value.detail.problem, 'several-values')
})

test('rows with a date are a series, and what would write is not sent', async () => {
  const columns = [
    { name: 'ms', type: 'double' },
    { name: 'minute', type: 'date' },
  ]
  const values = [
    [5, '2026-01-02T03:05:00.000Z'],
    [1, '2026-01-02T03:04:00.000Z'],
  ]
  const query = { query: 'FROM a | STATS ms = AVG(ms) BY minute', with: { language: 'esql' } }
  const { value } = await ask({ ...query, aggregate: 'last' }, { body: { columns, values } })
  assert.equal(value.value, 5)
  const writing = await ask({ query: 'DELETE FROM a', with: { language: 'sql' } }, search({}))
  assert.match(writing.value.message, /^a query begins with SELECT/)
  assert.equal(writing.seen.length, 0)
  const foreign = await ask(query, search({}), { product: 'opensearch' })
  assert.match(foreign.value.message, /OpenSearch does not speak esql/)
  const hostile = {
    query: "SELECT 1 FROM a WHERE b = '{{ labels.hostile }}'",
    with: { language: 'sql' },
  }
  assert.equal((await ask(hostile, search({}))).value.detail.problem, 'query-unsafe')
})

test('an error of OpenSearch has its details', async () => {
  const error = {
    reason: 'Invalid SQL query',
    details: 'Failed to parse request due to offending symbol [:] at: 5',
    type: 'SyntaxCheckException',
  }
  const { value } = await ask(
    { query: 'SELECT', with: { language: 'sql' } },
    { status: 400, body: { error, status: 400 } },
    { product: 'opensearch' },
  )
  assert.equal(
    value.message,
    'OpenSearch refused the query (400): SyntaxCheckException: Invalid SQL query: Failed to parse request due to offending symbol [:] at: 5',
  )
})

test('credentials of every kind, an API key also by its two halves', async () => {
  const query = { query: '*', with: { index: 'a' } }
  const header = async (settings: Partial<ElasticsearchConnection>) =>
    (await ask(query, search({}), settings)).seen[0]?.headers.authorization
  assert.equal(await header({ apiKey: 'id:key' }), `ApiKey ${btoa('id:key')}`)
  assert.equal(await header({ bearerToken: 't' }), 'Bearer t')
  assert.equal(await header({ user: 'u', password: 'p' }), `Basic ${btoa('u:p')}`)
  assert.equal(await header({}), undefined)
})

test('the link opens Discover with the window and the words', async () => {
  const kibana = { kibana: 'https://u:p@kibana.example/s/shop/' }
  const link = async (query: SliQuery) => (await ask(query, search({}), kibana)).value.detail.link
  const words = decodeURIComponent((await link({ query: `a:"it's!"`, with: { index: 'a' } })) ?? '')
  assert.equal(
    words,
    `https://kibana.example/s/shop/app/discover#/?_g=(time:(from:'2026-01-02T03:04:05.000Z',to:'2026-01-02T03:09:05.000Z'))&_a=(query:(language:lucene,query:'a:"it!'s!!"'))`,
  )
  const body = await link({ query: '{}', with: { index: 'a' } })
  assert.ok(body?.includes('_g=') && !body.includes('_a='))
})

test('an index is a name, with wildcards, and no way to anything else', () => {
  for (const good of [
    'a',
    'logs-*',
    '*',
    'a,b',
    'a,-b*',
    '.ds-logs-1',
    'eu:logs-*',
    '*:logs',
    'A_1',
  ]) {
    assert.equal(whyNoIndex(good), undefined, good)
  }
  for (const bad of [
    ...['', '_all', '_search', 'a/_delete_by_query', '..', '.', 'a,', 'a,_b', '-a', 'a?b', 'a%2fb'],
    ...['a#b', 'a b', '../x', 'x..y', 'eu:_x', 'eu:..', 'a,--b', '<logs-{now/d}>', 'a\nb', 'ä'],
  ]) {
    assert.match(whyNoIndex(bad) ?? '', /is no name of an index$/, bad)
  }
})
