import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { REQUEST } from '../../test/provider-contract.ts'
import { ask, LATENCY, NOW, REGION, results, START_S } from './cloudwatch-examples.ts'

function graphOf(link: string | undefined): JsonObject {
  const [, graph = ''] = (link ?? '').split('#metricsV2:graph=')
  return JSON.parse(decodeURIComponent(graph)) as JsonObject
}

test('an expression is sent with the metrics that it names, which are not answered', async () => {
  const query = {
    query: '100 * errors / requests',
    unit: '%',
    with: {
      metrics: {
        errors: { namespace: 'Shop', metric: 'Errors', statistic: 'Sum' },
        requests: {
          namespace: 'Shop',
          metric: 'Requests',
          statistic: 'Sum',
          dimensions: { Service: '{{ service }}' },
          account: '123456789012',
        },
      },
      period: '1m',
    },
  }
  const { value, sent } = await ask(query, () => results({ Values: [1.5] }))
  assert.deepEqual([value.value, value.detail.unit], [1.5, '%'])
  assert.equal(
    value.detail.query,
    '100 * errors / requests; errors = Sum of Shop Errors; requests = Sum of Shop Requests {Service=carts}',
  )
  const [{ MetricDataQueries: queries, StartTime, EndTime }] = sent
  assert.deepEqual([StartTime, EndTime], [START_S, REQUEST.window.endMs / 1000])
  assert.deepEqual(
    queries.map(({ Id, ReturnData }: { Id: string; ReturnData?: boolean }) => [Id, ReturnData]),
    [
      ['errors', false],
      ['requests', false],
      ['tiphys_value', undefined],
    ],
  )
  assert.deepEqual(queries[2], {
    Id: 'tiphys_value',
    Expression: '100 * errors / requests',
    Period: 60,
  })
  assert.equal(queries[1].AccountId, '123456789012')
  assert.deepEqual(graphOf(value.detail.link), {
    view: 'timeSeries',
    stacked: false,
    region: REGION,
    start: '2026-01-02T03:04:00.000Z',
    end: '2026-01-02T03:09:05.000Z',
    period: 60,
    metrics: [
      ['Shop', 'Errors', { stat: 'Sum', id: 'errors', visible: false, period: 60 }],
      [
        'Shop',
        'Requests',
        'Service',
        'carts',
        { stat: 'Sum', id: 'requests', visible: false, period: 60, accountId: '123456789012' },
      ],
      [{ expression: '100 * errors / requests', period: 60 }],
    ],
  })
})

test('SEARCH and Metrics Insights stand alone; placeholders in them are plain words', async () => {
  const query = {
    query: `SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/ECS", ServiceName) WHERE ServiceName = '{{ labels.name }}'`,
  }
  const labels = (name: string) => ({ scope: { ...REQUEST.scope, labels: { name } } })
  const { sent } = await ask(query, () => results({}), labels('carts-7.1'))
  assert.equal(
    sent[0].MetricDataQueries[0].Expression,
    `SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/ECS", ServiceName) WHERE ServiceName = 'carts-7.1'`,
  )
  for (const name of [`x' OR ServiceName != '`, 'a b', 'back\\']) {
    const { value, seen } = await ask(query, () => results({}), labels(name))
    assert.equal(value.detail.problem, 'query-unsafe')
    assert.equal(seen.length, 0)
  }
})

test('a dimension takes any value as the text that it is', async () => {
  const options = { ...LATENCY.with, dimensions: { Name: 'x{{ labels.hostile }}' } }
  const { sent } = await ask({ query: 'latency', with: options }, () => results({}))
  assert.deepEqual(sent[0].MetricDataQueries[0].MetricStat.Metric.Dimensions, [
    { Name: 'Name', Value: `x${REQUEST.scope.labels['hostile']}` },
  ])
})

test('options that are none are refused before anything is asked', async () => {
  const { statistic: _, ...noStatistic } = LATENCY.with
  for (const [options, message] of [
    [noStatistic, /^with: statistic is missing beside namespace$/],
    [{ ...LATENCY.with, metrics: {} }, /^with: namespace and metrics exclude each other/],
    [{ ...LATENCY.with, period: '90s' }, /^with\.period: expected a duration of whole minutes/],
    [{ ...LATENCY.with, period: 'often' }, /^with\.period: expected a duration/],
    [{ ...LATENCY.with, account: 'me' }, /^with\.account: expected an account of 12 digits$/],
    [{ metrics: { M1: {} } }, /^with\.metrics\.M1: /],
    [{ stat: 'Sum' }, /^with: .*stat/],
  ] as const) {
    const { value, seen } = await ask({ query: 'x', with: options }, () => results({}))
    assert.equal(value.detail.problem, 'query-refused', value.message)
    assert.match(value.message, message)
    assert.equal(seen.length, 0)
  }
  const window = { startMs: NOW - 40 * 86_400_000, endMs: NOW }
  const fine = { query: 'x', with: { ...LATENCY.with, period: '1m' } }
  const { value } = await ask(fine, () => results({}), { window })
  assert.match(value.message, /^with\.period makes more than 10000 points of this window$/)
})
