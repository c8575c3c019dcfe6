import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GoogleCloudMonitoringConnection } from '@tiphys/contract/connections/google-cloud-monitoring.ts'
import { type Answer, describeProvider } from '../../test/provider-contract.ts'
import { ACCESS_TOKEN, ask, PROJECT, refusal } from './google-cloud-monitoring-examples.ts'
import { createGoogleCloudMonitoringProvider } from './google-cloud-monitoring-provider.ts'

/** As "Query using the Prometheus API" of Managed Service for Prometheus shows it. */
function vector(...values: string[]): Answer {
  const result = values.map((value) => ({
    metric: { __name__: 'up', cluster: 'gmp-test', job: 'prometheus' },
    value: [1634873239.971, value],
  }))
  return { body: { status: 'success', data: { resultType: 'vector', result } } }
}

describeProvider({
  title: 'Google Cloud Monitoring',
  create: (url, power, more) => {
    const settings = {
      project: PROJECT,
      credentials: 'metadata' as const,
      url,
      ...more,
    }
    const environment = { GCE_METADATA_HOST: new URL(url).host }
    const connection = { name: 'google-cloud-monitoring', settings }
    return createGoogleCloudMonitoringProvider(connection, { ...power, environment })
  },
  secrets: [ACCESS_TOKEN],
  before: ({ url }) =>
    url.startsWith('/computeMetadata/')
      ? { body: { access_token: ACCESS_TOKEN, expires_in: 3599, token_type: 'Bearer' } }
      : undefined,
  query: { query: 'up{job="$SERVICE"}' },
  good: {
    answer: vector('1'),
    value: 1,
    request({ method, url, headers, body }) {
      assert.deepEqual(
        [method, url],
        ['POST', '/v1/projects/shop-123/location/global/prometheus/api/v1/query'],
      )
      assert.equal(headers.authorization, `Bearer ${ACCESS_TOKEN}`)
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded')
      assert.deepEqual(
        [...new URLSearchParams(body)],
        [
          ['query', 'up{job="carts"}'],
          ['time', '1767323345'],
        ],
      )
    },
    link: /^https:\/\/console\.cloud\.google\.com\/monitoring\/metrics-explorer;startTime=2026-01-02T03:04:05\.000Z;endTime=2026-01-02T03:09:05\.000Z\?project=shop-123&pageState=%7B/,
  },
  empty: vector(),
  others: {
    'several samples': {
      answer: vector('1', '2'),
      problem: 'several-values',
      message: /^query did return multiple values$/,
    },
    NaN: { answer: vector('NaN'), problem: 'not-a-number', message: /not return valid values$/ },
    'no permission': {
      answer: refusal(403, 'PERMISSION_DENIED', 'Permission monitoring.timeSeries.list denied'),
      problem: 'auth-refused',
      message: /refused our credentials \(403\): PERMISSION_DENIED: Permission monitoring/,
    },
    'no such metric': {
      answer: refusal(404, 'NOT_FOUND', 'Cannot find metric(s) that match type = "x"'),
      problem: 'query-refused',
      message: /refused the query \(404\): NOT_FOUND: Cannot find metric/,
    },
    'too many questions': {
      answer: refusal(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded for quota metric'),
      problem: 'provider-failed',
      message: /takes no more questions for now \(429\): RESOURCE_EXHAUSTED: Quota exceeded/,
    },
  },
  refusal: {
    answer: {
      status: 400,
      body: { status: 'error', errorType: 'bad_data', error: 'invalid parameter "query"' },
    },
    words: /^Google Cloud Monitoring refused the query \(400\): bad_data: invalid parameter/,
  },
  templated: { query: 'up{job="{{ labels.hostile }}"}' },
})

test('an aggregate or a step asks for the course of the window', async () => {
  const values = [
    [1767323045, '10'],
    [1767323075, '40'],
  ]
  const body = { status: 'success', data: { resultType: 'matrix', result: [{ values }] } }
  const { value, seen } = await ask({ query: 'up', aggregate: 'max' }, () => ({ body }))
  assert.equal(value.value, 40)
  assert.match(seen[0]?.url ?? '', /\/prometheus\/api\/v1\/query_range$/)
  assert.deepEqual(
    [...new URLSearchParams(seen[0]?.body).keys()],
    ['query', 'start', 'end', 'step'],
  )
})

test('MQL and what is no PromQL are refused with a sentence, before anything is asked', async () => {
  for (const [query, message] of [
    [
      'fetch gce_instance::compute.googleapis.com/instance/cpu/utilization | within 5m',
      /^the query is MQL, which Google has deprecated: write it in PromQL/,
    ],
    ['{ fetch gce_instance ; fetch k8s_container } | ratio', /^the query is MQL/],
    ['sum(rate(up[5m])', /^the query is no PromQL, at 1:/],
  ] as const) {
    const { value, seen } = await ask({ query }, () => vector('1'))
    assert.equal(value.detail.problem, 'query-refused')
    assert.match(value.message, message)
    assert.equal(seen.length, 0)
  }
  const dotted = `{"compute.googleapis.com/instance/cpu/utilization", instance_name="a"}`
  assert.equal((await ask({ query: dotted }, () => vector('0.5'))).value.value, 0.5)
})

test('a token that is refused is no question', async () => {
  const connection = {
    name: 'google-cloud-monitoring',
    settings: { project: PROJECT, credentials: 'service-account-key', serviceAccountKey: '{}' },
  } as const
  const asked: string[] = []
  const http = {
    check: () => Promise.reject(new Error('not asked')),
    request: ({ url }: { readonly url: string }) => {
      asked.push(url)
      return Promise.reject(new Error('not asked'))
    },
  }
  const provider = createGoogleCloudMonitoringProvider(connection, { http })
  const refused = await provider.fetchValue({
    indicator: 'rt',
    query: { query: 'up' },
    window: { startMs: 0, endMs: 300_000 },
    scope: { project: '', stage: '', service: '', deployment: '', labels: {}, filters: {} },
  })
  assert.equal(refused.detail.problem, 'auth-refused')
  assert.match(refused.message, /^no access token: the key of the service account is none: type/)
  assert.deepEqual(asked, [])
})

test('the connection says what is wrong with it', () => {
  const good = { project: PROJECT, credentials: 'metadata' }
  assert.equal(GoogleCloudMonitoringConnection.safeParse(good).success, true)
  for (const [change, message] of [
    [{ project: '../other' }, /expected the id or the number of a project/],
    [{ credentials: 'service-account-key' }, /serviceAccountKey is missing/],
    [{ credentials: 'access-token' }, /accessToken is missing/],
    [{ credentials: 'gcloud' }, /credentials/],
  ] as const) {
    const parsed = GoogleCloudMonitoringConnection.safeParse({ ...good, ...change })
    const issues = parsed.error?.issues.map(({ path, message: text }) => `${path}: ${text}`)
    assert.match(issues?.join('\n') ?? '', message)
  }
  const file = { credentials: 'access-token', accessTokenFile: '/run/token' }
  assert.equal(GoogleCloudMonitoringConnection.safeParse({ ...good, ...file }).success, true)
})
