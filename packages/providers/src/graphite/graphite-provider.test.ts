import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GraphiteConnection } from '@tiphys/contract/connections/graphite.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import { askOnce } from '../../test/ask-once.ts'
import { type Answer, describeProvider, REQUEST } from '../../test/provider-contract.ts'
import { createGraphiteProvider } from './graphite-provider.ts'
import { whyNoTarget } from './graphite-target.ts'

const QUERY = { query: 'averageSeries(stats.{{ service }}.*.p95)' }

function render(...series: [string, [number | null, number][]][]): Answer {
  return {
    body: series.map(([target, datapoints]) => ({ target, tags: { name: target }, datapoints })),
  }
}

/** A page of graphite-web 1.1 for an exception, shortened. */
const TRACEBACK = `<body style="background-color: #666666; color: black;">
<center>
<p>Graphite encountered an unexpected error while handling your request.</p>
<pre>
Traceback (most recent call last):
  File &quot;/usr/lib/python3/dist-packages/graphite/render/attime.py&quot;, line 164, in parseTimeOffset
    sign = { &#x27;+&#x27; : 1, &#x27;-&#x27; : -1 }[offset[0]]
KeyError: &#x27;x&#x27;
</pre>
</center>
</body>`

/** Of "The Render URL API" in Graphite's documentation; a real graphite-web is asked in packages/providers/test. */
describeProvider({
  title: 'Graphite',
  create: (url, power, more) => {
    const settings = { url: `${url}/graphite/`, user: '4711', password: 'glc_key', ...more }
    return createGraphiteProvider({ name: 'graphite', settings }, power)
  },
  secrets: ['glc_key', btoa('4711:glc_key')],
  query: QUERY,
  good: {
    answer: render([
      'entries',
      [
        [1, 1767323060],
        [null, 1767323070],
        [6, 1767323080],
      ],
    ]),
    value: 3.5,
    series: 2,
    request({ method, url, headers, body }) {
      const { pathname, searchParams } = new URL(url, 'http://x')
      assert.deepEqual([method, pathname, body], ['GET', '/graphite/render', ''])
      assert.deepEqual(
        [...searchParams],
        [
          ['target', 'averageSeries(stats.carts.*.p95)'],
          ['from', '1767323044'],
          ['until', '1767323344'],
          ['format', 'json'],
        ],
      )
      assert.equal(headers.authorization, `Basic ${btoa('4711:glc_key')}`)
      assert.equal(headers.accept, 'application/json')
    },
    link: /\/graphite\/render\?target=averageSeries%28stats\.carts\.\*\.p95%29&from=1767323044&until=1767323344&width=900&height=400$/,
  },
  empty: { body: [] },
  others: {
    'nothing but gaps': {
      answer: render([
        'entries',
        [
          [null, 1767323060],
          [null, 1767323070],
        ],
      ]),
      problem: 'no-data',
      message: /^entries has no points in the window$/,
    },
    'several series': {
      answer: render(['a', [[1, 1]]], ['b', [[1, 1]]], ['c', [[1, 1]]], ['d', [[1, 1]]]),
      problem: 'several-values',
      message: /^query did return 4 series \(a, b, c, …\); sumSeries\(…\) or averageSeries/,
    },
    'values beyond numbers': {
      // What graphite-web writes for infinity.
      answer: { body: '[{"target":"a","datapoints":[[1e9999,1767323060]]}]' },
      problem: 'not-a-number',
      message: /Infinity/,
    },
    'an exception': {
      answer: { status: 500, headers: { 'content-type': 'text/html' }, body: TRACEBACK },
      problem: 'provider-failed',
      message: /^Graphite at 127\.0\.0\.1:\d+ failed \(500\): KeyError: 'x'$/,
    },
    'a bracket that is not closed': {
      answer: render(['a', [[1, 1]]]),
      problem: 'query-refused',
      message: /^column 10: \) is missing in sumSeries\(a\.b$/,
      query: { query: 'sumSeries(a.b' },
    },
    'options that are none': {
      answer: render(['a', [[1, 1]]]),
      problem: 'query-refused',
      message: /^with\.maxDataPoints: /,
      query: { ...QUERY, with: { maxDataPoints: 0 } },
    },
  },
  refusal: {
    answer: {
      status: 400,
      headers: { 'content-type': 'text/html' },
      body: 'Invalid parameters (Received request for unknown function: nope); targets: &quot;nope(a)&quot;',
    },
    words:
      /^Graphite refused the query \(400\): Invalid parameters \(Received request for unknown function: nope\); targets: "nope\(a\)"$/,
  },
})

function ask(query: SliQuery, answer: Answer, settings: Partial<GraphiteConnection> = {}) {
  return askOnce(
    (url, power) =>
      createGraphiteProvider({ name: 'graphite', settings: { url, ...settings } }, power),
    answer,
    { query },
  )
}

test('the average counts unless the file says otherwise; long windows keep a small chart', async () => {
  const points = Array.from({ length: 1000 }, (_, index): [number, number] => [
    index,
    1767323050 + index,
  ])
  const { value } = await ask({ ...QUERY, aggregate: 'max' }, render(['a', points]))
  assert.equal(value.value, 999)
  assert.equal(value.detail.series?.of, 'max')
  assert.equal(value.detail.series?.points.length, 120)
})

test('a token, and how many points may come', async () => {
  const query = { ...QUERY, with: { maxDataPoints: 50 } }
  const { seen } = await ask(query, render(), { bearerToken: 't' })
  assert.equal(seen[0]?.headers.authorization, 'Bearer t')
  assert.match(seen[0]?.url ?? '', /maxDataPoints=50$/)
})

test('a label stands in a text as it is, and where it would need an escape it is not asked', async () => {
  const labelled = (build: string) =>
    askOnce(
      (url, power) => createGraphiteProvider({ name: 'graphite', settings: { url } }, power),
      render(['a', [[1, 1767323060]]]),
      {
        query: { query: "seriesByTag('name=p95', 'build={{ labels.build }}')" },
        scope: { ...REQUEST.scope, labels: { build } },
      },
    )
  const good = await labelled('7 (a) "b"')
  assert.equal(good.value.detail.query, `seriesByTag('name=p95', 'build=7 (a) "b"')`)
  for (const build of ["'), sumSeries(*", 'ends in \\']) {
    const { value, seen } = await labelled(build)
    assert.equal(value.detail.problem, 'query-unsafe')
    assert.equal(seen.length, 0)
  }
})

test('brackets and quotes are looked at before a target is sent', () => {
  for (const good of ['a.b', 'f(a.{b,c}.[0-9], "(")', "alias(a, 'it ]')", '']) {
    assert.equal(whyNoTarget(good), undefined, good)
  }
  assert.equal(whyNoTarget('f(a))'), 'column 5: ) closes nothing')
  assert.equal(whyNoTarget('f(a.{b)'), 'column 7: ) closes nothing')
  assert.equal(whyNoTarget('f(a.{b'), 'column 5: } is missing')
  assert.equal(whyNoTarget("f(a, 'b)"), "column 6: ' is not closed")
})
