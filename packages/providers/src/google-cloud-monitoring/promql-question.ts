import { rangeOf } from '../prometheus/prometheus-range.ts'
import { checkPromql } from '../prometheus/promql-check.ts'
import type { Asked, SliQuestion } from '../sli/http-sli.ts'
import { failure, type SliFailure } from '../sli/reading.ts'
import { metricsExplorerLink } from './metrics-explorer-link.ts'

const MS_PER_SECOND = 1000
/** Monitoring Query Language begins like this, and no PromQL does. */
const MQL = /^\s*(fetch\b|\{\s*fetch\b)/

/** PromQL on all metrics of Google Cloud, by the API that Grafana uses ("Query using the Prometheus API" of Managed Service for Prometheus). */
export function promqlQuestion(
  base: string,
  project: string,
  { text, sli, request }: Asked,
): SliQuestion | SliFailure {
  if (MQL.test(text)) {
    const message =
      'the query is MQL, which Google has deprecated: write it in PromQL, or use with.filter'
    return failure('query-refused', message)
  }
  const problem = checkPromql(text)
  if (problem !== undefined && !problem.isMetricsql) {
    const { line, column, message } = problem
    return failure('query-refused', `the query is no PromQL, at ${line}:${column}: ${message}`)
  }
  const range = rangeOf(sli, request.window)
  if ('kind' in range) return range
  const { startMs, endMs } = request.window
  const seconds = (ms: number) => String(ms / MS_PER_SECOND)
  const when: Record<string, string> =
    range.stepS === undefined
      ? { time: seconds(endMs) }
      : { start: seconds(startMs), end: seconds(endMs), step: String(range.stepS) }
  const path = `/v1/projects/${project}/location/global/prometheus/api/v1`
  return {
    url: `${base}${path}/${range.stepS === undefined ? 'query' : 'query_range'}`,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ query: text, ...when }).toString(),
    link: metricsExplorerLink(project, { prometheusQuery: text }, request.window),
  }
}
