import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CloudWatchConnection } from '@tiphys/contract/connections/cloudwatch.ts'
import { startServer } from '../../test/answering-server.ts'
import { describeProvider, REQUEST, type Seen } from '../../test/provider-contract.ts'
import { awsSignature } from '../aws/aws-signature.ts'
import { createGuardedHttp } from '../http/guarded-http.ts'
import { KEYS, LATENCY, NOW, REGION, refusal, results, START_S } from './cloudwatch-examples.ts'
import { createCloudWatchProvider } from './cloudwatch-provider.ts'

function checkRequest({ method, url, headers, body }: Seen): void {
  assert.deepEqual([method, url], ['POST', '/'])
  assert.equal(headers['content-type'], 'application/x-amz-json-1.0')
  assert.equal(headers['x-amz-target'], 'GraniteServiceVersion20100801.GetMetricData')
  assert.deepEqual(JSON.parse(body), {
    MetricDataQueries: [
      {
        Id: 'tiphys_value',
        MetricStat: {
          Metric: {
            Namespace: 'AWS/ApplicationELB',
            MetricName: 'TargetResponseTime',
            Dimensions: [
              { Name: 'LoadBalancer', Value: 'app/carts/50dc6c495c0c9188' },
              { Name: 'Build', Value: '7' },
            ],
          },
          Period: 300,
          Stat: 'p95',
          Unit: 'Seconds',
        },
      },
    ],
    StartTime: START_S,
    EndTime: START_S + 300,
    ScanBy: 'TimestampAscending',
  })
  // AWS would sign what it got, and compare.
  const expected = awsSignature(
    {
      method,
      url: `http://${headers.host}/`,
      headers: {
        'content-type': headers['content-type'] ?? '',
        'x-amz-target': 'GraniteServiceVersion20100801.GetMetricData',
      },
      body,
    },
    { service: 'monitoring', region: REGION },
    KEYS,
    NOW,
  )
  assert.equal(headers.authorization, expected['authorization'])
  assert.match(
    headers.authorization ?? '',
    /\/20260102\/eu-central-1\/monitoring\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,/,
  )
  assert.equal(headers['x-amz-date'], '20260102T030906Z')
  assert.equal(headers['x-amz-security-token'], KEYS.sessionToken)
}

describeProvider({
  title: 'CloudWatch',
  create: (url, power, more) =>
    createCloudWatchProvider(
      {
        name: 'cloudwatch',
        settings: { region: REGION, credentials: 'static', url, ...KEYS, ...more },
      },
      { ...power, nowMs: () => NOW },
    ),
  secrets: Object.values(KEYS),
  query: LATENCY,
  good: {
    answer: results({}),
    value: 0.25,
    request: checkRequest,
    series: 1,
    unit: 's',
    link: /^https:\/\/eu-central-1\.console\.aws\.amazon\.com\/cloudwatch\/deeplink\.js\?region=eu-central-1#metricsV2:graph=%7B/,
  },
  empty: results({ Timestamps: [], Values: [] }),
  others: {
    'no metric at all': {
      answer: {
        body: {
          MetricDataResults: [],
          Messages: [
            { Code: 'MaxMetricsExceeded', Value: 'Maximum number of allowed metrics exceeded' },
          ],
        },
      },
      problem: 'no-data',
      message:
        /^query did not return any values: MaxMetricsExceeded: Maximum number of allowed metrics exceeded$/,
    },
    'several metrics': {
      answer: results({ Label: 'i-1' }, { Label: 'i-2' }),
      problem: 'several-values',
      message: /^query did return 2 metrics \(i-1, i-2\); SUM\(…\)/,
    },
    'an error inside': {
      answer: results({
        StatusCode: 'InternalError',
        Messages: [{ Code: 'InternalError', Value: 'try again' }],
      }),
      problem: 'provider-failed',
      message: /^CloudWatch failed inside \(InternalError\): InternalError: try again$/,
    },
    'a metric of another account': {
      answer: results({ StatusCode: 'Forbidden', Timestamps: [], Values: [] }),
      problem: 'auth-refused',
      message: /^CloudWatch may not show this metric$/,
    },
    NaN: {
      answer: results({ Values: ['NaN'] }),
      problem: 'not-a-number',
      message: /the value is NaN$/,
    },
    'times that do not fit': {
      answer: results({ Timestamps: [START_S, START_S + 60], Values: [1] }),
      problem: 'provider-failed',
      message: /^CloudWatch sent 2 times for 1 values$/,
    },
    'keys that nobody knows, with status 400': {
      answer: refusal(
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
      ),
      problem: 'auth-refused',
      message: /refused our credentials \(403\): UnrecognizedClientException: The security token/,
    },
    'a policy that does not allow it': {
      answer: refusal('AccessDeniedException', 'is not authorized to perform: x', 403),
      problem: 'auth-refused',
      message: /AccessDeniedException: is not authorized to perform/,
    },
    'too many questions, with status 400': {
      answer: refusal('ThrottlingException', 'Rate exceeded'),
      problem: 'provider-failed',
      message: /takes no more questions for now \(429\): ThrottlingException: Rate exceeded$/,
    },
  },
  refusal: {
    answer: refusal(
      'InvalidParameterValueException',
      'The parameter StartTime must be less than the parameter EndTime.',
    ),
    words:
      /^CloudWatch refused the query \(400\): InvalidParameterValueException: The parameter StartTime/,
  },
})

test('without credentials nothing is asked, and it says what is missing', async () => {
  await using server = await startServer(() => results({}))
  const provider = createCloudWatchProvider(
    {
      name: 'cloudwatch',
      settings: { region: REGION, credentials: 'environment', url: server.url },
    },
    { http: createGuardedHttp() },
  )
  const value = await provider.fetchValue({ ...REQUEST, query: LATENCY })
  assert.equal(value.detail.problem, 'auth-refused')
  assert.match(value.message, /^no AWS credentials: AWS_ACCESS_KEY_ID is not set/)
  assert.equal(server.seen.length, 0)
})

test('the connection says what is wrong with it', () => {
  const good = { region: REGION, credentials: 'instance' }
  assert.equal(CloudWatchConnection.safeParse(good).success, true)
  for (const [change, message] of [
    [{ region: 'Frankfurt' }, /expected a region like eu-central-1/],
    [{ credentials: 'static' }, /accessKeyId is missing: accessKeyIdFile names a file/],
    [{ credentials: 'magic' }, /credentials/],
    [{ roleArn: 'demo' }, /expected a role like arn:aws:iam/],
  ] as const) {
    const parsed = CloudWatchConnection.safeParse({ ...good, ...change })
    const issues = parsed.error?.issues.map(({ path, message: text }) => `${path}: ${text}`)
    assert.match(issues?.join('\n') ?? '', message)
  }
  const files = { credentials: 'static', accessKeyIdFile: '/a', secretAccessKeyEnv: 'B' }
  assert.equal(CloudWatchConnection.safeParse({ ...good, ...files }).success, true)
})
