import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NewRelicConnection } from '@tiphys/contract/connections/newrelic.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { startServer } from '../../test/answering-server.ts'
import { type Answer, describeProvider, REQUEST } from '../../test/provider-contract.ts'
import { createGuardedHttp } from '../http/guarded-http.ts'
import { createNewRelicProvider } from './newrelic-provider.ts'

const KEY = 'NRAK-NOT-A-KEY'
const QUERY = { query: "SELECT average(duration) FROM Transaction WHERE appName = '$SERVICE'" }
const WINDOW = 'SINCE 1767323045000 UNTIL 1767323345000'

/** As documented in "Query your data using NRQL" (docs.newrelic.com, nerdgraph-nrql-tutorial), with the metadata of New Relic's own client. */
function rows(results: readonly object[], metadata: object = {}): Answer {
  const nrql = { results, metadata: { facets: null, messages: [], ...metadata } }
  return { body: { data: { actor: { account: { nrql } } } } }
}

/** A refusal comes with status 200; as seen in public threads, with the classes that New Relic's own client knows. */
function refusal(message: string, extensions?: object): Answer {
  const error = { message, path: ['actor', 'account', 'nrql'], locations: [], extensions }
  return { body: { data: { actor: { account: { nrql: null } } }, errors: [error] } }
}

describeProvider({
  title: 'New Relic',
  create: (url, power, more) => {
    const settings = { accountId: 1234567, url, apiKey: KEY, ...more }
    return createNewRelicProvider({ name: 'newrelic', settings }, power)
  },
  secrets: [KEY],
  query: QUERY,
  good: {
    answer: rows([{ 'average.duration': 0.3125 }]),
    value: 0.3125,
    request({ method, url, headers, body }) {
      assert.deepEqual([method, url], ['POST', '/graphql'])
      assert.equal(headers['api-key'], KEY)
      assert.equal(headers['content-type'], 'application/json')
      assert.equal(headers.authorization, undefined)
      const sent = JSON.parse(body)
      assert.deepEqual(Object.keys(sent), ['query', 'variables'])
      assert.deepEqual(sent.variables, {
        accountId: 1234567,
        nrql: `SELECT average(duration) FROM Transaction WHERE appName = 'carts' ${WINDOW}`,
        timeout: 30,
      })
      assert.equal(
        sent.query,
        'query ($accountId: Int!, $nrql: Nrql!, $timeout: Seconds!) { actor { account(id: $accountId) { nrql(query: $nrql, timeout: $timeout) { results metadata { facets messages } } } } }',
      )
    },
  },
  empty: rows([]),
  others: {
    'an average of nothing': {
      answer: rows([{ 'average.duration': null }]),
      problem: 'no-data',
      message: /^query did not return any values$/,
    },
    'several values': {
      answer: rows([{ 'average.duration': 1, 'max.duration': 2, 'min.duration': 0, count: 3 }]),
      problem: 'several-values',
      message:
        /^query did return 4 values \(average\.duration, max\.duration, min\.duration, …\); with: \{ field: … \} names the one$/,
    },
    'several groups': {
      answer: rows(
        [
          { facet: 'App1', appName: 'App1', count: 1000 },
          { facet: 'App2', appName: 'App2', count: 500 },
        ],
        { facets: ['appName'] },
      ),
      problem: 'several-values',
      message: /^query did return 2 groups \(App1, App2\); without FACET it is one$/,
    },
    events: {
      answer: rows([
        { timestamp: 1767323100000, duration: 1 },
        { timestamp: 1767323160000, duration: 2 },
      ]),
      problem: 'several-values',
      message: /^query did return 2 rows; a function like average/,
    },
    text: {
      answer: rows([{ 'latest.appName': 'carts' }]),
      problem: 'not-a-number',
      message: /^latest\.appName is no number: "\\"carts\\""$/,
    },
    'a key that is none, with status 200': {
      answer: {
        body: {
          errors: [
            {
              extensions: { error_code: 'BAD_API_KEY' },
              message: 'Bad API Key or no API Key provided',
            },
          ],
        },
      },
      problem: 'auth-refused',
      message: /^New Relic at 127\.0\.0\.1:\d+ refused our credentials \(401\): Bad API Key or no/,
    },
    'too many questions, with status 200': {
      answer: refusal('NRDB: too many queries', { errorClass: 'TOO_MANY_REQUESTS' }),
      problem: 'provider-failed',
      message: /takes no more questions for now \(429\): NRDB: too many queries$/,
    },
    'a time-out of its own, with status 200': {
      answer: refusal('NRDB query timed out', { errorClass: 'TIMEOUT' }),
      problem: 'provider-failed',
      message: /^New Relic at 127\.0\.0\.1:\d+ failed \(503\): NRDB query timed out$/,
    },
    'an account that is not there': {
      answer: { body: { data: { actor: { account: null } } } },
      problem: 'provider-failed',
      message: /^the answer is not like New Relic's: /,
    },
  },
  refusal: {
    answer: refusal("NRQL Syntax Error: Error at line 1 position 8,\nunexpected 'FORM'", {
      errorClass: 'INVALID_INPUT',
    }),
    words:
      /^New Relic refused the query \(400\): NRQL Syntax Error: Error at line 1 position 8, unex/,
  },
  templated: { query: "SELECT count(*) FROM Transaction WHERE v = '{{ labels.hostile }}'" },
})

async function ask(
  query: SliQuery,
  answer: Answer | ((count: number) => Answer) = rows([{ count: 7 }]),
  settings: Partial<NewRelicConnection> = {},
) {
  await using server = await startServer((_seen, _response, count) =>
    typeof answer === 'function' ? answer(count) : answer,
  )
  const retry = { attempts: 2, firstDelayMs: 1, maxDelayMs: 1 }
  const connection = {
    name: 'newrelic',
    settings: { accountId: 1, url: server.url, apiKey: KEY, ...settings },
  }
  const power = { http: createGuardedHttp(), retry }
  const value = await createNewRelicProvider(connection, power).fetchValue({ ...REQUEST, query })
  const variables = JSON.parse(server.seen[0]?.body || '{}').variables ?? {}
  return { value, variables, asked: server.seen.length }
}

const COUNT = 'SELECT count(*) FROM Transaction'

test('the window is put behind a query that has no range of time', async () => {
  for (const [query, expected] of [
    [` ${COUNT} \n`, `${COUNT} ${WINDOW}`],
    [`${COUNT} LIMIT 5`, `${COUNT} LIMIT 5 ${WINDOW}`],
    [`${COUNT} WHERE a = 'since \\' until'`, `${COUNT} WHERE a = 'since \\' until' ${WINDOW}`],
    [`${COUNT} WHERE \`until\` = 1`, `${COUNT} WHERE \`until\` = 1 ${WINDOW}`],
    [`${COUNT} -- since`, `${COUNT} -- since\n${WINDOW}`],
    [`// until\n${COUNT}`, `// until\n${COUNT}\n${WINDOW}`],
    [`${COUNT} /* since */`, `${COUNT} /* since */ ${WINDOW}`],
    [
      `${COUNT} WHERE a IN (FROM B SELECT c SINCE 1 day ago)`,
      `${COUNT} WHERE a IN (FROM B SELECT c SINCE 1 day ago) ${WINDOW}`,
    ],
  ] as const) {
    const { value, variables } = await ask({ query })
    assert.equal(variables.nrql, expected)
    assert.equal(value.detail.query, expected)
    assert.equal(value.detail.remarks, undefined)
  }
})

test('a range of its own is left, and said', async () => {
  for (const range of [
    'since 10 minutes ago',
    'SINCE 1 day ago UNTIL now',
    'Until 5 minutes ago',
  ]) {
    const { value, variables } = await ask({ query: `${COUNT} ${range}` })
    assert.equal(variables.nrql, `${COUNT} ${range}`)
    assert.deepEqual(value.detail.remarks, [
      'the query has a range of time of its own, which is not that of the evaluation',
    ])
  }
  const filled = await ask({ query: `${COUNT} SINCE {{ start_ms }} UNTIL {{ end_ms }}` })
  assert.equal(filled.variables.nrql, `${COUNT} ${WINDOW}`)
  assert.equal(filled.value.detail.remarks, undefined)
})

test('a label stays the text that it is', async () => {
  const { variables } = await ask({ query: `${COUNT} WHERE v = '{{ labels.hostile }}'` })
  const escaped = 'x\\\'"`\\\\) OR 1=1 -- {$}'
  assert.equal(variables.nrql, `${COUNT} WHERE v = '${escaped}'\n${WINDOW}`)
  const scope = { ...REQUEST.scope, labels: { v: "x' OR 1 = 1" } }
  const connection = { name: 'newrelic', settings: { accountId: 1, apiKey: KEY } }
  const provider = createNewRelicProvider(connection, { http: createGuardedHttp() })
  const query = { query: `${COUNT} WHERE v = '$LABEL.v'` }
  const refused = await provider.fetchValue({ ...REQUEST, query, scope })
  assert.equal(refused.detail.problem, 'query-unsafe')
})

test('TIMESERIES is a series', async () => {
  const slots = rows([
    { beginTimeSeconds: 1767323105, endTimeSeconds: 1767323165, 'average.duration': 3 },
    { beginTimeSeconds: 1767323045, endTimeSeconds: 1767323105, 'average.duration': 1 },
    { beginTimeSeconds: 1767323165, endTimeSeconds: 1767323225, 'average.duration': null },
  ])
  const query = 'SELECT average(duration) FROM Transaction TIMESERIES 1 minute'
  const { value } = await ask({ query }, slots)
  assert.equal(value.value, 2)
  assert.deepEqual(value.detail.series, {
    points: [
      [1767323045000, 1],
      [1767323105000, 3],
    ],
    of: 'avg',
  })
  assert.equal((await ask({ query, aggregate: 'max' }, slots)).value.value, 3)
  const nothing = rows([
    { beginTimeSeconds: 1767323045, endTimeSeconds: 1767323105, 'average.duration': null },
  ])
  assert.equal((await ask({ query }, nothing)).value.detail.problem, 'no-data')
})

test('one group is taken, and of a series of several none', async () => {
  const metadata = { facets: ['httpResponseCode', 'host'] }
  const one = { facet: ['200', 'a'], httpResponseCode: 200, host: 'a', count: 5 }
  assert.equal((await ask({ query: COUNT }, rows([one], metadata))).value.value, 5)
  const slot = { beginTimeSeconds: 1767323045, endTimeSeconds: 1767323105 }
  // As in the tests of New Relic's own client: rows of FACET and TIMESERIES need not have `facet`.
  const both = [
    { ...slot, appName: 'App1', count: 100 },
    { ...slot, appName: 'App2', count: 50 },
  ]
  const { value } = await ask({ query: COUNT }, rows(both, { facets: ['appName'] }))
  assert.match(value.message, /^query did return 2 groups \(App1, App2\)/)
})

test('percentiles and several functions are told apart by field', async () => {
  const one = rows([{ 'percentile.duration': { '95': 1.2 } }])
  assert.equal((await ask({ query: 'x' }, one)).value.value, 1.2)
  const several = rows([{ 'percentile.duration': { '50': 0.4, '95': 1.2, '99': null }, count: 9 }])
  const field = (name: string) => ask({ query: 'x', with: { field: name } }, several)
  assert.equal((await field('percentile.duration.95')).value.value, 1.2)
  assert.equal((await field('count')).value.value, 9)
  assert.equal((await field('percentile.duration.99')).value.detail.problem, 'no-data')
  const wrong = await field('percentile.duration')
  assert.equal(wrong.value.detail.problem, 'query-refused')
  assert.match(
    wrong.value.message,
    /^with\.field: there is no percentile\.duration; there are percentile\.duration\.50, perc/,
  )
  for (const options of [{ fild: 'x' }, { field: 7 }, { field: '' }]) {
    const refused = await ask({ query: 'x', with: options })
    assert.match(refused.value.message, /^with/)
    assert.equal(refused.asked, 0)
  }
})

test('of COMPARE WITH the window itself counts', async () => {
  const compared = rows([
    { comparison: 'current', count: 3 },
    { comparison: 'previous', count: 8 },
  ])
  assert.equal((await ask({ query: `${COUNT} COMPARE WITH 1 day ago` }, compared)).value.value, 3)
})

test('what New Relic says beside results is said', async () => {
  const answer = rows([{ count: 1 }], { messages: ['some expressions cannot be transformed'] })
  const body = {
    ...(answer.body as object),
    errors: [{ message: 'This field is deprecated! Please use other.' }],
  }
  const { value } = await ask({ query: COUNT }, { body })
  assert.equal(value.value, 1)
  assert.deepEqual(value.detail.remarks, [
    'some expressions cannot be transformed',
    'This field is deprecated! Please use other.',
  ])
})

test('what may pass is asked again, though its status is 200', async () => {
  for (const errorClass of ['TOO_MANY_REQUESTS', 'INTERNAL_SERVER_ERROR', 'TIMEOUT']) {
    const { value, asked } = await ask({ query: COUNT }, (count) =>
      count === 1 ? refusal('later', { errorClass }) : rows([{ count: 4 }]),
    )
    assert.deepEqual([value.value, asked], [4, 2])
  }
})

test('a query may take as long as the connection waits, within what New Relic allows', async () => {
  for (const [timeout, expected] of [
    ['10s', 10],
    ['10m', 70],
    ['500ms', 1],
  ] as const) {
    const { variables } = await ask({ query: COUNT }, undefined, { timeout })
    assert.equal(variables.timeout, expected)
  }
})

test('each region has its own address', async () => {
  for (const [region, host] of [
    ['us', 'https://api.newrelic.com/graphql'],
    ['eu', 'https://api.eu.newrelic.com/graphql'],
  ] as const) {
    const asked: string[] = []
    const http = {
      ...createGuardedHttp(),
      request(request: { readonly url: string }) {
        asked.push(request.url)
        return Promise.reject(new TypeError('not sent'))
      },
    }
    const settings = { accountId: 1, apiKey: KEY, region }
    const provider = createNewRelicProvider({ name: 'newrelic', settings }, { http })
    await assert.rejects(provider.fetchValue({ ...REQUEST, query: QUERY }), /not sent/)
    assert.deepEqual(asked, [host])
  }
})

test('a connection needs an account and a key', () => {
  const good = { accountId: 1234567, apiKeyFile: '/run/secrets/newrelic' }
  assert.equal(NewRelicConnection.safeParse(good).success, true)
  for (const wrong of [
    { apiKeyFile: '/x' },
    { ...good, accountId: '1234567' },
    { ...good, accountId: 0 },
    { ...good, region: 'US' },
    { accountId: 1 },
  ]) {
    assert.equal(NewRelicConnection.safeParse(wrong).success, false)
  }
})
