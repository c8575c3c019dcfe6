import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import type { PrometheusConnection } from '@tiphys/contract/connections/prometheus.ts'
import { builtInQuery } from '@tiphys/core/evaluation/prometheus-query.ts'
import { PROMQL } from '@tiphys/core/evaluation/query-language.ts'
import {
  type Asked,
  basicAuthorization,
  createHttpSliProvider,
  type HttpSliAdapter,
  type ProviderPower,
  type SliQuestion,
} from '../sli/http-sli.ts'
import { failure, type SliFailure } from '../sli/reading.ts'
import type { SliProvider, SliRequest } from '../sli/sli-provider.ts'
import { complaintOf, readPrometheus } from './prometheus-answer.ts'
import { rangeOf } from './prometheus-range.ts'
import { checkPromql } from './promql-check.ts'

const MS_PER_SECOND = 1000

/**
 * Prometheus and whatever speaks its API (Thanos, Mimir, Cortex, VictoriaMetrics): an instant query at the end of the window
 * (facts/keptn-v1.md 4.7), or, where the file names an aggregate or a step, a range query over the window.
 */
export function createPrometheusProvider(
  connection: {
    readonly name: string
    readonly settings: PrometheusConnection
    readonly tls?: ConnectionTls
  },
  power: ProviderPower,
): SliProvider {
  const { settings } = connection
  const base = settings.url.trim().replace(/\/+$/, '')
  const adapter: HttpSliAdapter = {
    title: 'Prometheus',
    language: PROMQL,
    aggregate: 'avg',
    builtIn: ({ indicator, scope, window }) => builtInQuery(indicator, scope, window),
    question: (asked) => question(base, settings, asked),
    credentials: () => ({ ok: true, headers: credentials(settings) }),
    read: readPrometheus,
    complaint: complaintOf,
  }
  return createHttpSliProvider(adapter, connection, power)
}

function question(
  base: string,
  settings: PrometheusConnection,
  { text, sli, request }: Asked,
): SliQuestion | SliFailure {
  const unreadable = whyUnreadable(text, settings.syntax)
  if (unreadable !== undefined) return failure('query-refused', unreadable)
  const range = rangeOf(sli, request.window)
  if ('kind' in range) return range
  const seconds = (ms: number) => String(ms / MS_PER_SECOND)
  const { startMs, endMs } = request.window
  const when: Record<string, string> =
    range.stepS === undefined
      ? { time: seconds(endMs) }
      : { start: seconds(startMs), end: seconds(endMs), step: String(range.stepS) }
  const parameters = { ...settings.parameters, query: text, ...when }
  const form = new URLSearchParams(parameters).toString()
  const url = `${base}/api/v1/${range.stepS === undefined ? 'query' : 'query_range'}`
  const link = graphLink(base, text, request)
  return {
    url,
    // By POST, since queries are longer than some proxies allow a URL to be.
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form,
    otherwise: { url: `${url}?${form}` },
    ...(link === undefined ? {} : { link }),
  }
}

/** Said before anything is asked, with the place. What may be VictoriaMetrics' own is left to the server, unless it is known to be none. */
function whyUnreadable(query: string, syntax: PrometheusConnection['syntax']): string | undefined {
  if (syntax === 'metricsql') return undefined
  const problem = checkPromql(query)
  if (problem === undefined || (problem.isMetricsql && syntax !== 'promql')) return undefined
  const { line, column, message } = problem
  return `the query is no PromQL, at ${line}:${column}: ${message}`
}

function credentials(settings: PrometheusConnection): Record<string, string> {
  const { user, password, bearerToken } = settings
  if (bearerToken !== undefined) return { authorization: `Bearer ${bearerToken}` }
  return user === undefined ? {} : { authorization: basicAuthorization(user, password ?? '') }
}

/** The expression browser, ending where the window ends. */
function graphLink(base: string, query: string, { window }: SliRequest): string | undefined {
  const seconds = Math.ceil((window.endMs - window.startMs) / MS_PER_SECOND)
  const link = URL.parse(`${base}/graph`)
  if (link === null) return undefined
  link.username = ''
  link.password = ''
  link.search = new URLSearchParams({
    'g0.expr': query,
    'g0.tab': '0',
    'g0.range_input': `${seconds}s`,
    'g0.end_input': new Date(window.endMs).toISOString(),
  }).toString()
  return link.href
}
