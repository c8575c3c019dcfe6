import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInQuery } from './prometheus-query.ts'
import { JSON_DOCUMENT } from './query-language.ts'
import { deploymentOf, type QueryScope } from './query-scope.ts'
import { expandQuery } from './sli-query.ts'

const WINDOW = { startMs: 0, endMs: 299_001 }
const SCOPE: QueryScope = {
  project: 'sockshop',
  stage: 'dev',
  service: 'carts',
  deployment: 'primary',
  labels: { version: '1.2.3', versionName: 'x' },
  filters: { id: "'job-1'", identity: 'me' },
}

function expand(query: string, scope: Partial<QueryScope> = {}): string {
  const expanded = expandQuery(query, { ...SCOPE, ...scope }, WINDOW)
  return expanded.ok ? expanded.query : `refused: ${expanded.message}`
}

test('every placeholder is filled', () => {
  assert.equal(
    expand('rate(x{p="$PROJECT",s="$STAGE",v="$SERVICE",d="$DEPLOYMENT"}[$DURATION_SECONDS])'),
    'rate(x{p="sockshop",s="dev",v="carts",d="primary"}[300s])',
  )
  assert.equal(expand('x{a="$id",b="$ID",c="$identity"}'), 'x{a="job-1",b="job-1",c="me"}')
  assert.equal(expand('x{a="$LABEL.version",b="$LABEL.versionName"}'), 'x{a="1.2.3",b="x"}')
  assert.equal(expand('x{a="$UNKNOWN",b="$LABEL.none"}'), 'x{a="$UNKNOWN",b="$LABEL.none"}')
  assert.equal(expand('x{a="$id"}', { filters: { id: '$& $1' } }), 'x{a="$& $1"}')
})

test('a label of an event cannot change what is asked', () => {
  const hostile = { version: '"} or vector(0) or x{a="' }
  assert.match(
    expand('x{a="$LABEL.version"}', { labels: hostile }),
    /^refused: \$LABEL\.version holds/,
  )
  assert.match(expand("x{a='$LABEL.version'}", { labels: { version: '\\' } }), /^refused/)
  const range = { window: '5m]) or vector(0' }
  assert.match(expand('rate(x[$LABEL.window])', { labels: range }), /^refused/)
  assert.match(expand("# it's\nrate(x[$LABEL.window])", { labels: range }), /^refused/)
  assert.equal(expand('rate(x[$LABEL.window])', { labels: { window: '5m' } }), 'rate(x[5m])')
  assert.equal(expand('x{a=~"$LABEL.v"}', { labels: { v: '(a|b) c' } }), 'x{a=~"(a|b) c"}')
  assert.match(expand('x{d="$DEPLOYMENT"}', { deployment: '"} or y{' }), /^refused/)
})

test('a label cannot change a query inside a document of JSON', () => {
  const inJson = (query: string, x: string) => {
    const scope = { ...SCOPE, labels: { x } }
    const expanded = expandQuery(query, scope, WINDOW, JSON_DOCUMENT)
    return expanded.ok ? expanded.query : `refused: ${expanded.message}`
  }
  for (const [query, x] of [
    ['{"q":"level:error AND build:$LABEL.x"}', 'a OR level:info'],
    ['{"q":"{{ labels.x }} AND level:error"}', 'a OR b'],
    ['{"q":"build:\\"{{ labels.x }}\\""}', 'a" OR level:"info'],
    [`{"n": {{ end_s }}, "q": "select 1 where s = '{{ labels.x }}'"}`, "a' or 1=1"],
    ['q="{{ labels.x }}"&limit=1', 'a&limit=9'],
    ['{"n": {{ labels.x }}}', '1, "m": 2'],
  ] as const) {
    assert.match(inJson(query, x), /^refused: .* holds /, query)
  }
  const alone = '{"a": {"term": {"b": " {{ labels.x }} "}}, "size": {{ duration_s }}}'
  const hostile = `x'"\\ OR 1`
  assert.equal(inJson(alone, hostile), `{"a": {"term": {"b": " x'\\"\\\\ OR 1 "}}, "size": 300}`)
  const quoted = `{"q": "s = '{{ labels.x }}' and t:\\"$LABEL.x\\""}`
  assert.equal(inJson(quoted, 'a b'), `{"q": "s = 'a b' and t:\\"a b\\""}`)
  assert.equal(inJson('q=$SERVICE-{{ labels.x }}', '1.2'), 'q=carts-1.2')
})

test("the deployment is the event's, else its label, else primary", () => {
  assert.equal(deploymentOf('canary', { deployment: 'blue' }), 'canary')
  assert.equal(deploymentOf(undefined, { deployment: 'blue' }), 'blue')
  assert.equal(deploymentOf('', {}), 'primary')
})

test('built-in queries use the configured job, or the filters of slo.yaml', () => {
  const own = { ...SCOPE, filters: {} }
  assert.equal(
    builtInQuery('throughput', own, WINDOW)?.query,
    "sum(rate(http_requests_total{job='carts-sockshop-dev-canary'}[300s]))",
  )
  const filtered = { ...SCOPE, filters: { job: '"web"', handler: '!="health"' } }
  assert.equal(
    builtInQuery('error_rate', filtered, WINDOW)?.query,
    "sum(rate(http_requests_total{job='web',handler!='health',status!~'2..'}[300s]))/sum(rate(http_requests_total{job='web',handler!='health'}[300s]))",
  )
  assert.equal(
    builtInQuery('response_time_p95', filtered, WINDOW)?.query,
    "histogram_quantile(0.95,sum(rate(http_response_time_milliseconds_bucket{job='web',handler!='health'}[300s]))by(le))",
  )
  assert.equal(builtInQuery('response_time_p99', own, WINDOW), undefined)
})
