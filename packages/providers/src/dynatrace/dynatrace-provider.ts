import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import type { DynatraceConnection } from '@tiphys/contract/connections/dynatrace.ts'
import { PLAIN } from '@tiphys/core/evaluation/query-language.ts'
import {
  type Asked,
  createHttpSliProvider,
  type HttpSliAdapter,
  type ProviderPower,
  type SliQuestion,
} from '../sli/http-sli.ts'
import { failure, type SliFailure, type SliReading } from '../sli/reading.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import { complaintOf, readDynatrace } from './dynatrace-answer.ts'
import { builtInQuery } from './dynatrace-built-in.ts'
import { dynatraceCredentials } from './dynatrace-credentials.ts'
import { type DynatraceQuery, parseDynatraceQuery } from './dynatrace-query.ts'

const NOT_FOUND = 404
const PLATFORM_PATH = '/platform/classic/environment-api'

/**
 * Dynatrace's metrics, SLOs and problems (docs.dynatrace.com, environment API v2), asked for as in Keptn's dynatrace-service. One number
 * of the whole window is Dynatrace's own (`resolution=Inf`), so that percentiles are right.
 */
export function createDynatraceProvider(
  connection: {
    readonly name: string
    readonly settings: DynatraceConnection
    readonly tls?: ConnectionTls
  },
  power: ProviderPower,
): SliProvider {
  const place = placeOf(connection.settings.url)
  const adapter: HttpSliAdapter = {
    title: 'Dynatrace',
    language: PLAIN,
    aggregate: 'avg',
    builtIn: builtInQuery,
    question: (asked) => question(place, asked),
    credentials: dynatraceCredentials(connection, connection.tls, {
      http: power.http,
      retry: power.retry,
      environment: {},
      nowMs: power.nowMs ?? Date.now,
    }),
    read,
    complaint: complaintOf,
    // An SLO that is not there.
    queryStatuses: [NOT_FOUND],
  }
  return createHttpSliProvider(adapter, connection, power)
}

type Place = {
  /** Before `/metrics/query`. */
  readonly api: string
  /** Before `/ui/…`; the platform has its pages elsewhere. */
  readonly pages: string | undefined
}

/** An environment has its API below `/api/v2`, the platform below a path of its own. */
function placeOf(given: string): Place {
  const url = new URL(given.trim())
  const isPlatform =
    url.hostname.endsWith('.apps.dynatrace.com') || url.pathname.includes(PLATFORM_PATH)
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`
  if (!isPlatform) return { api: `${base}/api/v2`, pages: base }
  const path = url.pathname.includes(PLATFORM_PATH) ? '' : PLATFORM_PATH
  return { api: `${base}${path}/v2`, pages: undefined }
}

function question(place: Place, { text, sli, request }: Asked): SliQuestion | SliFailure {
  if (Object.keys(sli.with ?? {}).length > 0) {
    return failure('query-refused', 'with: Dynatrace has no options beside the query')
  }
  const parsed = parseDynatraceQuery(text)
  if (!parsed.ok) return failure('query-refused', parsed.message)
  const { query } = parsed
  if (query.kind !== 'metrics' && sli.aggregate !== undefined) {
    return failure('query-refused', 'aggregate: there is only one value to it')
  }
  const { startMs, endMs } = request.window
  const window = { from: String(startMs), to: String(endMs) }
  const path = pathOf(query)
  const url = `${place.api}/${path}?${new URLSearchParams(
    query.kind === 'slo'
      ? { ...window, timeFrame: 'GTF' }
      : {
          ...(query.kind === 'metrics'
            ? metricsParameters(query, sli.aggregate)
            : query.parameters),
          ...window,
        },
  )}`
  const link = query.kind === 'metrics' ? explorerLink(place, request.window) : undefined
  return { url, ...(link === undefined ? {} : { link }) }
}

function pathOf(query: DynatraceQuery): string {
  switch (query.kind) {
    case 'metrics':
      return 'metrics/query'
    case 'slo':
      return `slo/${encodeURIComponent(query.id)}`
    case 'count':
      return query.path
    default:
      return query satisfies never
  }
}

/**
 * One value of the window: at the resolution `Inf`, or, where the file wants another, folded by Dynatrace. Points where `aggregate`
 * reduces them here.
 */
function metricsParameters(
  { parameters }: DynatraceQuery & { readonly kind: 'metrics' },
  aggregate: string | undefined,
): Readonly<Record<string, string>> {
  const { metricSelector = '', resolution, ...others } = parameters
  if (aggregate !== undefined) {
    const isWhole = resolution === undefined || /^inf$/i.test(resolution)
    return { metricSelector, ...others, ...(isWhole ? {} : { resolution }) }
  }
  if (resolution === undefined || /^inf$/i.test(resolution)) {
    return { metricSelector, ...others, resolution: 'Inf' }
  }
  const isFolded = /:fold(\([^()]*\))?$/.test(metricSelector)
  const folded = isFolded ? metricSelector : `(${metricSelector}):fold`
  return { metricSelector: folded, ...others, resolution }
}

function read(body: unknown, { text, sli }: Asked): SliReading {
  const parsed = parseDynatraceQuery(text)
  // Was parsed for the question.
  if (!parsed.ok) return failure('query-refused', parsed.message)
  return readDynatrace(parsed.query, body, sli.aggregate !== undefined)
}

/** Data Explorer at the window. What it shows stands in its address in a form that is nowhere described, so the query is not in it. */
function explorerLink(
  { pages }: Place,
  window: { readonly startMs: number; readonly endMs: number },
): string | undefined {
  if (pages === undefined) return undefined
  const [from, to] = [window.startMs, window.endMs].map((ms) =>
    new Date(ms).toISOString().replace(/\.\d+Z$/, '+00:00'),
  )
  return `${pages}/ui/data-explorer?${new URLSearchParams({ gtf: `${from} to ${to}`, gf: 'all' })}`
}
