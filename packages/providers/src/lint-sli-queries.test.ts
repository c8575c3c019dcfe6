import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { formatProblem } from '@tiphys/contract/problem.ts'
import { lintFileSet } from './lint-file-set.ts'

function lines(files: Readonly<Record<string, string>>): string[] {
  return lintFileSet(files).map(formatProblem)
}

const SLI = String.raw`spec_version: "1.0"
indicators:
  open: sum(rate(x{job="$SERVICE"}[$DURATION_SECONDS])
  folded:
    query: >-
      histogram_quantile(0.9,
        sum(rate(x{job=$SERVICE}[5m])) by (le))
    units: ms
  metricsql: { query: "rate(x)", scale: 1000 }
  block: |
    # one line of reasons
    sum(x{a="{{ servce }}"})
      + rte(x[5m])
  escaped: "up{a=\"b\"} +"
  good: sum(rate(x{a="{{ labels.version }}"}[{{ duration }}])) > {{ duration_s }}
`

test('queries of a Prometheus are checked where they stand in the file', () => {
  assert.deepEqual(lines({ 'prometheus/sli.yaml': SLI }), [
    'prometheus/sli.yaml:3:12: PromQL: the ( that opens here is not closed',
    'prometheus/sli.yaml:7:24: PromQL: expected a value in quotes but found a placeholder',
    'prometheus/sli.yaml:12:14: {{ servce }} is not known, so the query is never asked; did you mean service?',
    'prometheus/sli.yaml:13:9: PromQL: PromQL has no function rte; did you mean rate?',
    'prometheus/sli.yaml:14:26: PromQL: expected a metric, a function, a number or ( but the query ends',
    'prometheus/sli.yaml:8:5: warning: unknown key units in indicators.folded; did you mean unit?',
    'prometheus/sli.yaml:9:29: warning: PromQL: rate takes a range of time like x[5m], found an instant vector; of a VictoriaMetrics say so with syntax: metricsql',
  ])
})

test('whose queries they are is known from the folder, and from the settings', () => {
  const text = 'indicators: { a: "rate(x" }\n'
  const problem = 'PromQL: the ( that opens here is not closed'
  assert.deepEqual(lines({ 'shop/prometheus/sli.yaml': text }), [
    `shop/prometheus/sli.yaml:1:23: ${problem}`,
  ])
  // Nobody knows whom these would be asked of.
  assert.deepEqual(lines({ 'sli.yaml': text, 'mimir/sli.yaml': text }), [])
  assert.deepEqual(lines({ 'datadog/sli.yaml': text }), [])
  const settings = (syntax: string) => `providers:
  prometheus:
    - { name: mimir, url: "https://mimir.example.com/prometheus" }
    - { url: "https://victoria.example.com"${syntax} }
`
  assert.deepEqual(lines({ 'tiphys.yaml': settings(''), 'mimir/sli.yaml': text }), [
    `mimir/sli.yaml:1:23: ${problem}`,
  ])
  const metricsql = { 'tiphys.yaml': settings(', syntax: metricsql'), 'prometheus/sli.yaml': text }
  assert.deepEqual(lines(metricsql), [])
})

test('what Argo CD does not know is an error at its place, with what it knows', () => {
  const text = 'indicators:\n  restarts: restarts\n  slow: { query: sync_durations }\n'
  const [problem, ...others] = lines({ 'staging/argocd/sli.yaml': text })
  assert.match(
    problem ?? '',
    /^staging\/argocd\/sli\.yaml:3:18: argocd has no indicator sync_durations, did you mean sync_duration\? it has /,
  )
  assert.deepEqual(others, [])
})

test('a placeholder that nobody fills is an error for every provider of ours', () => {
  const text = 'indicators: { a: "avg:x{service:{{ servic }}}" }\n'
  assert.deepEqual(lines({ 'datadog/sli.yaml': text }), [
    'datadog/sli.yaml:1:33: {{ servic }} is not known, so the query is never asked; did you mean service?',
  ])
  assert.deepEqual(lines({ 'own-provider/sli.yaml': text }), [])
})

test('a provider that is called nearly like one of ours is doubtful', () => {
  const files = {
    'tiphys/project.yaml': 'sliProvider: promethius\n',
    'dynatrase/sli.yaml': 'indicators: { a: x }\n',
    'our-metrics/sli.yaml': 'indicators: { b: x }\n',
  }
  assert.deepEqual(lines(files), [
    'tiphys/project.yaml:1:1: warning: no provider here is called promethius, so an integration has to answer; did you mean prometheus?',
    'dynatrase/sli.yaml:1:1: warning: no provider here is called dynatrase, so an integration has to answer; did you mean the folder dynatrace?',
  ])
  assert.deepEqual(lines({ 'tiphys/project.yaml': 'sliProvider: test-results\n' }), [])
})
