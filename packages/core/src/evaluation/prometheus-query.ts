import { durationSeconds, type QueryScope, withoutQuotes } from './query-scope.ts'

/** Indicators of the Prometheus provider that need no sli.yaml (facts/keptn-v1.md 4.7). */
export const BUILT_IN_PROMETHEUS_INDICATORS = [
  'throughput',
  'error_rate',
  'response_time_p50',
  'response_time_p90',
  'response_time_p95',
] as const

const UNITS: Readonly<Record<string, string>> = {
  throughput: '/s',
  response_time_p50: 'ms',
  response_time_p90: 'ms',
  response_time_p95: 'ms',
}

type Window = { readonly startMs: number; readonly endMs: number }

/** Undefined for a name that has no built-in query. */
export function builtInQuery(
  indicator: string,
  scope: QueryScope,
  window: Window,
): { readonly query: string; readonly unit: string | undefined } | undefined {
  const matchers = labelMatchers(scope)
  const range = durationSeconds(window)
  const unit = UNITS[indicator]
  const rate = (more = '') => `sum(rate(http_requests_total{${matchers}${more}}[${range}]))`
  switch (indicator) {
    case 'throughput':
      return { query: rate(), unit }
    case 'error_rate':
      return { query: `${rate(",status!~'2..'")}/${rate()}`, unit }
    case 'response_time_p50':
      return { query: quantile('0.50', matchers, range), unit }
    case 'response_time_p90':
      return { query: quantile('0.90', matchers, range), unit }
    case 'response_time_p95':
      return { query: quantile('0.95', matchers, range), unit }
    default:
      return undefined
  }
}

function quantile(fraction: string, matchers: string, range: string): string {
  return `histogram_quantile(${fraction},sum(rate(http_response_time_milliseconds_bucket{${matchers}}[${range}]))by(le))`
}

/** The filters of slo.yaml as label matchers; a value may start with its own operator. Without a `job` the one that Keptn configured. */
function labelMatchers(scope: QueryScope): string {
  const matchers = Object.entries(scope.filters).map(([key, value]) =>
    /^(=~|!~|!=|=)/.test(value)
      ? `${key}${value.replaceAll('"', "'")}`
      : `${key}='${withoutQuotes(value)}'`,
  )
  if (!Object.hasOwn(scope.filters, 'job')) {
    matchers.unshift(`job='${scope.service}-${scope.project}-${scope.stage}-canary'`)
  }
  return matchers.join(',')
}
