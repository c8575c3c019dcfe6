import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { startServer } from '../../test/answering-server.ts'
import { type Answer, describeProvider, REQUEST, type Seen } from '../../test/provider-contract.ts'
import { createGuardedHttp } from '../http/guarded-http.ts'
import { createHttpJsonProvider } from './http-json-provider.ts'

describeProvider({
  title: 'http-json',
  create: (url, power, more) => {
    const settings = { url: `${url}/api`, apiKey: 'k3y-of-the-house', ...more }
    return createHttpJsonProvider({ name: 'http-json', settings }, power)
  },
  secrets: ['k3y-of-the-house'],
  query: {
    query: '/stats?service={{ service }}&from={{ start_ms }}',
    with: { value: '$.data.p95' },
  },
  good: {
    answer: { body: { data: { p95: 312.5 } } },
    value: 312.5,
    request({ method, url, headers }) {
      assert.deepEqual(
        [method, url, headers['x-api-key'], headers.accept],
        [
          'GET',
          '/api/stats?service=carts&from=1767323045000',
          'k3y-of-the-house',
          'application/json',
        ],
      )
    },
    link: /\/api\/stats\?service=carts/,
  },
  empty: { body: { data: {} } },
  others: {
    null: { answer: { body: { data: { p95: null } } }, problem: 'no-data', message: /nothing at/ },
    'no number': {
      answer: { body: { data: { p95: 'fast' } } },
      problem: 'not-a-number',
      message: /^\$\.data\.p95 is no number: "\\"fast\\""$/,
    },
    'several values': {
      answer: { body: { data: { p95: [1, 2, 3] } } },
      problem: 'several-values',
      message: /leads to 3 values; aggregate: avg/,
    },
  },
  refusal: {
    answer: { status: 400, body: { error: { message: 'from is in the future' } } },
    words: /refused the query \(400\): from is in the future$/,
  },
})

async function ask(query: SliQuery, answer: (seen: Seen) => Answer) {
  await using server = await startServer((seen) => answer(seen))
  const connection = { name: 'http-json', settings: { url: `${server.url}/api/` } }
  const power = {
    http: createGuardedHttp(),
    retry: { attempts: 1, firstDelayMs: 1, maxDelayMs: 1 },
  }
  const value = await createHttpJsonProvider(connection, power).fetchValue({ ...REQUEST, query })
  return { value, seen: server.seen }
}

test('a series is reduced, with its times where the answer has them', async () => {
  const points = [
    { at: '2026-01-02T03:05:00Z', ms: '4' },
    { at: '2026-01-02T03:04:00Z', ms: 2 },
    { at: '2026-01-02T03:06:00Z', ms: null },
  ]
  const options = { value: '$.points[*].ms', time: '$.points[*].at' }
  const query = { query: 'course', aggregate: 'max', with: options } as const
  const { value } = await ask(query, () => ({ body: { points } }))
  assert.equal(value.value, 4)
  assert.deepEqual(value.detail.series, {
    points: [
      [Date.UTC(2026, 0, 2, 3, 4), 2],
      [Date.UTC(2026, 0, 2, 3, 5), 4],
    ],
    of: 'max',
  })
  const seconds = { ...query, aggregate: 'last', with: { value: '$.v', time: '$.t' } } as const
  const body = { v: [1, 2], t: [1_767_323_045, 1_767_323_046] }
  const found = await ask(seconds, () => ({ body }))
  assert.deepEqual(found.value.detail.series?.points[0], [1_767_323_045_000, 1])
  const uneven = await ask(seconds, () => ({ body: { ...body, t: [1] } }))
  assert.match(uneven.value.message, /^\$\.t leads to 1 times for 2 values$/)
  const odd = await ask(seconds, () => ({ body: { ...body, t: [1, 'noon'] } }))
  assert.match(odd.value.message, /^\$\.t leads to something that is no time$/)
  const bare = await ask(seconds, () => ({
    body: { v: [1, 2], t: ['2026-01-02T03:04:05', '2026-01-02 03:04:06'] },
  }))
  assert.deepEqual(bare.value.detail.series?.points[0], [1_767_323_045_000, 1])
})

test('a body is sent with its placeholders filled in as JSON text', async () => {
  const body = { service: '{{ service }}', note: '{{ labels.hostile }}', window: '{{ duration }}' }
  const query = { query: 'search', with: { value: '$.hits', body } }
  const { value, seen } = await ask(query, () => ({ body: { hits: 7 } }))
  assert.deepEqual([value.message, value.value], ['', 7])
  assert.equal(seen[0]?.method, 'POST')
  assert.equal(seen[0]?.headers['content-type'], 'application/json')
  const { hostile } = REQUEST.scope.labels
  assert.deepEqual(JSON.parse(seen[0]?.body ?? ''), {
    service: 'carts',
    note: hostile,
    window: '300s',
  })
})

test('a label changes no query inside a body', async () => {
  const body = { q: "select avg(ms) from t where note = '{{ labels.hostile }}'" }
  const query = { query: 'sql', with: { value: '$.v', body } }
  const { value, seen } = await ask(query, () => ({ body: { v: 1 } }))
  assert.deepEqual([value.detail.problem, seen.length], ['query-unsafe', 0])
})

test('no query leads away from the address of the connection', async () => {
  for (const query of [
    'https://elsewhere.example/x',
    '//elsewhere.example/x',
    '../../admin',
    '%2e%2e/admin',
    '\\\\elsewhere.example\\x',
  ]) {
    const { value, seen } = await ask({ query, with: { value: '$.v' } }, () => ({ body: { v: 1 } }))
    for (const one of seen) assert.match(one.url, /^\/api\//, query)
    if (seen.length === 0) assert.match(value.message, /leads away from http:\/\/127/, query)
  }
})

test('options that are none are refused before anything is asked', async () => {
  for (const [options, message] of [
    [{ value: 'data.p95' }, /^with\.value: expected a JSONPath like \$\.data\.p95$/],
    [{ value: "$.items[?search(@.a, '^(a+)+$')].v" }, /^with\.value: expected a JSONPath/],
    [{ valeu: '$.x' }, /^with: .*valeu/],
    [{ method: 'DELETE' }, /^with\.method: /],
    [{ headers: { Host: 'admin.example' } }, /^with\.headers\.Host: no header for an indicator$/],
    [{ headers: { 'Transfer-Encoding': 'chunked' } }, /^with\.headers\.Transfer-Encoding: /],
    [{ headers: { 'x-a': '1\r\nx-b: 2' } }, /^with\.headers\.x-a: expected a text of one line$/],
    [{ headers: { 'x a': '1' } }, /^with\.headers\.x a: /],
  ] as const) {
    const { value, seen } = await ask({ query: 'x', with: options }, () => ({ body: 1 }))
    assert.equal(value.detail.problem, 'query-refused')
    assert.match(value.message, message)
    assert.equal(seen.length, 0)
  }
})

test('a password in the address of the connection stays out of reports', async () => {
  await using server = await startServer(() => ({ body: { v: 1 } }))
  const url = server.url.replace('http://', 'http://anna:s3cret@')
  const power = { http: createGuardedHttp() }
  const provider = createHttpJsonProvider({ name: 'http-json', settings: { url } }, power)
  for (const body of [undefined, { q: 1 }]) {
    const options = { value: '$.v', ...(body && { body }) }
    const value = await provider.fetchValue({ ...REQUEST, query: { query: 'x', with: options } })
    assert.equal(value.value, 1)
    assert.ok(!JSON.stringify(value).includes('s3cret'), JSON.stringify(value))
  }
  assert.match(server.seen[0]?.headers.authorization ?? '', /^Basic /)
})

test('a path leads as deep as an answer may be, and no deeper', async () => {
  const nested = (depth: number) => `${'{"a":'.repeat(depth)}{"b":7}${'}'.repeat(depth)}`
  const query = { query: 'x', with: { value: '$..b' } }
  const deep = await ask(query, () => ({ body: nested(99) }))
  assert.deepEqual([deep.value.message, deep.value.value], ['', 7])
  const deeper = await ask(query, () => ({ body: nested(100) }))
  assert.equal(deeper.value.detail.problem, 'provider-failed')
})
