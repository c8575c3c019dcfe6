import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from '../../test/provider-contract.ts'
import { ask, LATENCY, results, START_S } from './cloudwatch-examples.ts'

test('a series over the window is reduced as its statistic wants it', async () => {
  const course = { Timestamps: [START_S + 60, START_S], Values: [30, 10] }
  const metric = { namespace: 'Shop', metric: 'Requests', period: '1m' }
  for (const [statistic, value, of] of [
    ['Sum', 40, 'sum'],
    ['SampleCount', 40, 'sum'],
    ['Maximum', 30, 'max'],
    ['Minimum', 10, 'min'],
    ['Average', 20, 'avg'],
    ['p99', 20, 'avg'],
  ] as const) {
    const query = { query: 'requests', with: { ...metric, statistic } }
    const asked = await ask(query, () => results(course))
    assert.deepEqual([asked.value.value, asked.value.detail.series?.of], [value, of], statistic)
    assert.deepEqual(asked.value.detail.series?.points, [
      [START_S * 1000, 10],
      [START_S * 1000 + 60_000, 30],
    ])
  }
  const query = { query: 'r', aggregate: 'max' as const, with: { ...LATENCY.with } }
  const wished = await ask(query, () => results(course))
  assert.equal(wished.value.value, 30)
  assert.equal(wished.sent[0].MetricDataQueries[0].MetricStat.Period, 60)
})

test('pages are read to the end, each signed for itself, and joined by metric', async () => {
  const page = (count: number): Answer => {
    const NextToken = `token ${count}`
    const Timestamps = [START_S + 60 * count]
    const answer = results({ Timestamps, Values: [count], StatusCode: 'PartialData' })
    return { ...answer, body: { ...(answer.body as object), NextToken } }
  }
  const last = results({ Timestamps: [START_S + 180], Values: [3] })
  const { value, sent, seen } = await ask({ ...LATENCY, aggregate: 'sum' }, (_seen, count) =>
    count < 3 ? page(count) : last,
  )
  assert.deepEqual([value.message, value.value], ['', 6])
  assert.equal(value.detail.remarks, undefined)
  assert.deepEqual(
    sent.map(({ NextToken }) => NextToken),
    [undefined, 'token 1', 'token 2'],
  )
  assert.equal(new Set(seen.map(({ headers }) => headers.authorization)).size, 3)
  const endless = await ask(LATENCY, (_seen, count) => page(count))
  assert.match(endless.value.message, /^CloudWatch answers with more than 10 pages/)
  assert.equal(endless.seen.length, 10)
  const broken = await ask(LATENCY, (_seen, count) => (count === 1 ? page(1) : { body: 'oops' }))
  assert.match(broken.value.message, /does not answer like CloudWatch: status 200, "oops"$/)
  const odd = await ask(LATENCY, (_seen, count) => (count === 1 ? page(1) : { body: { no: 1 } }))
  assert.match(odd.value.message, /^the answer is not like CloudWatch's: /)
})

test('metrics of one search that go over pages stay apart', async () => {
  const first = results({ Label: 'i-1', Values: [1] }, { Label: 'i-2', Values: [2] })
  const { value } = await ask({ query: `SEARCH('{AWS/EC2} x', 'Average')` }, (_seen, count) =>
    count === 1 ? { ...first, body: { ...(first.body as object), NextToken: 'more' } } : first,
  )
  assert.match(value.message, /^query did return 2 metrics \(i-1, i-2\)/)
})

test('an answer that stays partial says so, in the words of CloudWatch too', async () => {
  const { value } = await ask(LATENCY, () =>
    results({
      StatusCode: 'PartialData',
      Messages: [{ Code: 'TooManySeries', Value: 'only 500 of 800 were read' }],
    }),
  )
  assert.equal(value.value, 0.25)
  assert.deepEqual(value.detail.remarks, [
    'the answer is partial (PartialData)',
    'TooManySeries: only 500 of 800 were read',
  ])
})
