import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { REQUEST } from '../../test/provider-contract.ts'
import { ask, FILTERED, list, series } from './google-cloud-monitoring-examples.ts'

test('a filter lists time series, and reads the one that there is', async () => {
  const { value, seen } = await ask(FILTERED, () => list(series([312.5])))
  assert.deepEqual([value.message, value.value, value.detail.unit], ['', 312.5, 'ms'])
  const url = new URL(seen[0]?.url ?? '', 'http://x')
  assert.deepEqual([seen[0]?.method, url.pathname], ['GET', '/v3/projects/shop-123/timeSeries'])
  assert.equal(seen[0]?.headers.authorization, 'Bearer ya29.c.EXAMPLE-access-token')
  assert.deepEqual(
    [...url.searchParams],
    [
      [
        'filter',
        'metric.type="run.googleapis.com/request_latencies" AND resource.labels.service_name="carts"',
      ],
      ['interval.startTime', '2026-01-02T03:04:05.000Z'],
      ['interval.endTime', '2026-01-02T03:09:05.000Z'],
      ['aggregation.alignmentPeriod', '300s'],
      ['aggregation.perSeriesAligner', 'ALIGN_PERCENTILE_95'],
      ['aggregation.crossSeriesReducer', 'REDUCE_MEAN'],
      ['aggregation.groupByFields', 'resource.label.service_name'],
      ['aggregation.groupByFields', 'metric.label.response_code'],
    ],
  )
  assert.match(
    value.detail.query ?? '',
    /service_name="carts" \(ALIGN_PERCENTILE_95 over 300s, REDUCE_MEAN by resource\.label/,
  )
  const link = new URL(value.detail.link ?? '')
  const { xyChart } = JSON.parse(link.searchParams.get('pageState') ?? '')
  const [{ timeSeriesFilter }] = xyChart.dataSets
  assert.equal(timeSeriesFilter.filter, url.searchParams.get('filter'))
  assert.deepEqual(timeSeriesFilter.aggregations, [
    {
      perSeriesAligner: 'ALIGN_PERCENTILE_95',
      crossSeriesReducer: 'REDUCE_MEAN',
      alignmentPeriod: '300s',
      groupByFields: ['resource.label.service_name', 'metric.label.response_code'],
    },
  ])
})

test('labels are escaped in a filter, and refused outside its quotes', async () => {
  const filter = 'metric.type="x" AND metric.labels.v="{{ labels.hostile }}"'
  const inside = await ask({ ...FILTERED, with: { ...FILTERED.with, filter } }, () => list())
  const sent = new URL(inside.seen[0]?.url ?? '', 'http://x').searchParams.get('filter')
  const hostile = REQUEST.scope.labels['hostile'] ?? ''
  const escaped = hostile.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  assert.equal(sent, `metric.type="x" AND metric.labels.v="${escaped}"`)
  const bare = { ...FILTERED.with, filter: 'metric.labels.v={{ labels.hostile }}' }
  const outside = await ask({ ...FILTERED, with: bare }, () => list())
  assert.equal(outside.value.detail.problem, 'query-unsafe')
  assert.match(outside.value.message, /^with\.filter: \{\{ labels\.hostile \}\} holds/)
  assert.equal(outside.seen.length, 0)
})

const POINTS: readonly (readonly [string, object | number, number | RegExp])[] = [
  ['INT64 as text', { int64Value: '42' }, 42],
  ['DOUBLE', { doubleValue: 0.25 }, 0.25],
  ['DISTRIBUTION', { distributionValue: { count: '3', mean: 2.5, bucketCounts: ['3'] } }, 2.5],
  ['a DISTRIBUTION of nothing', { distributionValue: { count: '0' } }, /did not return any values/],
  [
    'BOOL',
    { boolValue: true },
    /^a point is no number: "\{\\"boolValue\\":true\}"; ALIGN_FRACTION/,
  ],
  ['STRING', { stringValue: '12' }, /^a point is no number/],
  ['NaN', { doubleValue: 'NaN' }, /the value is NaN$/],
]

for (const [name, point, expected] of POINTS) {
  test(`reads a point: ${name}`, async () => {
    const { value } = await ask(FILTERED, () => list(series([point])))
    if (typeof expected === 'number') assert.deepEqual([value.message, value.value], ['', expected])
    else {
      assert.match(value.message, expected)
      assert.equal(value.success, false)
    }
  })
}

test('several periods become one value as their aligner wants it', async () => {
  for (const [aligner, expected, of] of [
    ['ALIGN_DELTA', 40, 'sum'],
    ['ALIGN_MAX', 30, 'max'],
    ['ALIGN_MIN', 10, 'min'],
    ['ALIGN_RATE', 20, 'avg'],
  ] as const) {
    const query = { ...FILTERED, with: { ...FILTERED.with, aligner, alignmentPeriod: '1m' } }
    const { value, seen } = await ask(query, () => list(series([30, 10])))
    assert.deepEqual([value.value, value.detail.series?.of], [expected, of])
    assert.deepEqual(value.detail.series?.points, [
      [Date.UTC(2026, 0, 2, 3, 8), 10],
      [Date.UTC(2026, 0, 2, 3, 9), 30],
    ])
    assert.match(seen[0]?.url ?? '', /alignmentPeriod=60s/)
  }
  const window = { startMs: 0, endMs: 7_200_000 }
  const wished: SliQuery = { ...FILTERED, aggregate: 'last' }
  const { value, seen } = await ask(wished, () => list(series([30, 10])), { window })
  assert.equal(value.value, 30)
  assert.match(seen[0]?.url ?? '', /alignmentPeriod=120s/)
})

test('several series, none, and answers that miss something are told apart', async () => {
  const two = [series([1], { labels: { code: '200' } }), series([2], { labels: { code: '500' } })]
  const several = await ask(FILTERED, () => list(...two))
  assert.equal(several.value.detail.problem, 'several-values')
  assert.match(
    several.value.message,
    /^query did return 2 series \(\{"service_name":"carts","code":"200"\}, .*\); with\.reducer makes one/,
  )
  for (const body of [{}, { unit: 'ms' }, { timeSeries: [] }]) {
    const { value } = await ask(FILTERED, () => ({ body }))
    assert.equal(value.detail.problem, 'no-data')
  }
  const odd = await ask(FILTERED, () => ({ body: { unexpected: 1 } }))
  assert.match(odd.value.message, /^the answer is not like Google Cloud Monitoring's/)
  const executionErrors = [{ code: 14, message: 'region eu is away' }]
  const failed = await ask(FILTERED, () => ({ body: { executionErrors } }))
  assert.equal(failed.value.detail.problem, 'provider-failed')
  assert.match(failed.value.message, /any values: the answer is partial: region eu is away$/)
  const body = { timeSeries: [series([3])], executionErrors, unreachable: ['projects/other'] }
  const partial = await ask(FILTERED, () => ({ body }))
  assert.deepEqual(partial.value.detail.remarks, [
    'the answer is partial: region eu is away',
    'the answer is partial: projects/other could not be reached',
  ])
})

test('pages are read to the end; a series that goes on is one', async () => {
  const query: SliQuery = { ...FILTERED, aggregate: 'sum' }
  const { value, seen } = await ask(query, (_seen, count) => {
    const timeSeries = [series([count])]
    return { body: { timeSeries, unit: 'ms', ...(count < 3 && { nextPageToken: `p/${count}` }) } }
  })
  assert.deepEqual([value.message, value.value, value.detail.unit], ['', 6, 'ms'])
  assert.deepEqual(
    seen.map(({ url }) => new URL(url, 'http://x').searchParams.get('pageToken')),
    [null, 'p/1', 'p/2'],
  )
  const apart = await ask(FILTERED, (_seen, count) => ({
    body: {
      timeSeries: [series([1], { labels: { code: String(count) } })],
      ...(count === 1 && { nextPageToken: 'next' }),
    },
  }))
  assert.match(apart.value.message, /^query did return 2 series/)
})

test('units are shortened, and comments among them are words', async () => {
  for (const [unit, expected] of [
    ['By', 'B'],
    ['{requests}', 'requests'],
    ['1', undefined],
    ['s', 's'],
  ] as const) {
    const { value } = await ask(FILTERED, () => ({ body: { timeSeries: [series([1], { unit })] } }))
    assert.equal(value.detail.unit, expected)
  }
})

test('options that are none are refused before anything is asked', async () => {
  const { aligner: _, ...noAligner } = FILTERED.with
  for (const [options, message] of [
    [noAligner, /^with\.aligner: /],
    [{ ...FILTERED.with, aligner: 'mean' }, /^with\.aligner: .*ALIGN_MEAN/],
    [
      { ...FILTERED.with, alignmentPeriod: '30s' },
      /^with\.alignmentPeriod: expected a duration of at/,
    ],
    [{ aligner: 'ALIGN_MEAN' }, /^with\.filter: /],
    [{ ...FILTERED.with, step: '1m' }, /^with: .*step/],
    [{ reduce: 'x' }, /^with: .*reduce/],
  ] as const) {
    const { value, seen } = await ask({ query: 'x', with: options }, () => list())
    assert.equal(value.detail.problem, 'query-refused')
    assert.match(value.message, message)
    assert.equal(seen.length, 0)
  }
  const window = { startMs: 0, endMs: 30 * 86_400_000 }
  const fine = { ...FILTERED, with: { ...FILTERED.with, alignmentPeriod: '1m' } }
  const { value } = await ask(fine, () => list(), { window })
  assert.match(value.message, /makes more than 10000 points of this window$/)
})
