import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkPromql, checkPromqlTemplate } from './promql-check.ts'
import { INVALID_PROMQL, NEWER_PROMQL, VALID_PROMQL } from './promql-examples.ts'

function said(query: string): string | undefined {
  const problem = checkPromql(query)
  return problem && `${problem.line}:${problem.column} ${problem.message}`
}

test('what a Prometheus reads is not spoken of', () => {
  for (const query of [...VALID_PROMQL, ...NEWER_PROMQL]) {
    assert.equal(said(query), undefined, query)
  }
})

test('what a Prometheus refuses is said in a sentence, at its place', () => {
  for (const [query, place, message] of INVALID_PROMQL) {
    assert.equal(said(query), `${place} ${message}`, query)
  }
})

test('what MetricsQL reads is marked, what nothing reads is not', () => {
  const metricsql = [
    'rate(x)',
    'x default 0',
    'sum(x) keep_metric_names',
    'median_over_time(x[5m])',
    'x{a="b" or c="d"}',
    'sum(rate(x)) limit 3',
    'WITH (f = {job="a"}) x{f}',
    'x > 5Ki',
    'x[5i]',
  ]
  for (const query of metricsql) assert.equal(checkPromql(query)?.isMetricsql, true, query)
  for (const query of ['sum(x', 'x{a="b', 'x +', 'rte(x[5m])', 'sum rate(x[5m])', 'x y']) {
    assert.equal(checkPromql(query)?.isMetricsql, false, query)
  }
})

test('placeholders of a file count as what fits there', () => {
  const good = [
    'sum(rate(http{job="$SERVICE-$PROJECT",env="$LABEL.env-name"}[$DURATION_SECONDS]))',
    'x{job="{{ service }}"} > {{ labels.limit }}',
    'x[{{ window }}]',
    'rate(x{ {{filters}} }[5m] offset $shift)',
    'rate(x{$filter,a="b"}[5m])',
    '$metric / $other * $FACTOR',
    'requests_$STAGE_total',
    'topk($k, x)',
    'rate(x[$range:$step])',
    '{{ query }}',
    'x[{{ duration_s }}s] offset $minutes',
    'rate(x[{{ labels.n }}m])',
    'x @ {{ end_s }} > {{ filters.limit }}',
    'sum_over_time(x[{{ duration }}]) / {{ duration_s }}',
  ]
  for (const text of good) assert.equal(checkPromqlTemplate(text), undefined, text)
  const place = (text: string) => {
    const problem = checkPromqlTemplate(text)
    return problem && `${problem.line}:${problem.column} ${problem.message}`
  }
  assert.equal(
    place('sum(rate(x{job="$SERVICE"}[$DURATION_SECONDS])'),
    '1:4 the ( that opens here is not closed',
  )
  assert.equal(place('x{job=$SERVICE}'), '1:7 expected a value in quotes but found a placeholder')
  assert.equal(
    place('sum($metric)\n  + rate(y)'),
    '2:10 rate takes a range of time like x[5m], found an instant vector',
  )
})

test('no text makes it throw, and every place lies in the text', () => {
  const word = fc.constantFrom(
    ...'sum rate x by on ( ) [ ] { } , 5m 5 "a" \' \\ = =~ == + - or offset @ : ` # $x {{a}} \n bool'.split(
      ' ',
    ),
  )
  const text = fc.oneof(
    fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
    fc.string(),
  )
  fc.assert(
    fc.property(text, (query) => {
      for (const problem of [checkPromql(query), checkPromqlTemplate(query)]) {
        if (problem === undefined) continue
        assert.ok(problem.offset >= 0 && problem.offset <= query.length)
        const lines = query.slice(0, problem.offset).split('\n')
        assert.deepEqual(
          [problem.line, problem.column],
          [lines.length, (lines.at(-1) ?? '').length + 1],
        )
      }
    }),
    { numRuns: 300 },
  )
})
