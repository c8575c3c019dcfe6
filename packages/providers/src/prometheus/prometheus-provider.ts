import { prometheusValue } from '@tiphys/core/evaluation/prometheus-answer.ts'
import { builtInQuery } from '@tiphys/core/evaluation/prometheus-query.ts'
import { expandQuery } from '@tiphys/core/evaluation/sli-query.ts'
import {
  measured,
  type SliDetail,
  type SliProblemCode,
  type SliValue,
  unmeasured,
} from '@tiphys/core/evaluation/sli-value.ts'
import type { GuardedHttp, HttpAnswer } from '../http/guarded-http.ts'
import { HttpError, type HttpErrorCode } from '../http/http-error.ts'
import { DEFAULT_RETRY, type RetryPolicy, withRetry } from '../http/retry.ts'
import type { SliProvider, SliRequest } from '../sli/sli-provider.ts'
import { readAnswer } from './prometheus-http-answer.ts'

export type PrometheusOptions = {
  readonly http: GuardedHttp
  /** Base address, a path prefix included (`https://mimir.example/prometheus`); without a scheme https, as Keptn. */
  readonly url: string
  readonly user?: string
  readonly password?: string
  readonly bearerToken?: string
  /** Sent with every request to this origin only: `X-Scope-OrgID` and the like. */
  readonly headers?: Readonly<Record<string, string>>
  /** `user` where the address comes from a file or an event; server settings are the operator's. */
  readonly urlClass?: 'operator' | 'user'
  readonly timeoutMs?: number
  readonly retry?: RetryPolicy
}

export const PROMETHEUS_PROVIDER = 'prometheus'
/** Prometheus itself gives a query two minutes; an SLI that takes longer than this will not be asked twice in a gate. */
const DEFAULT_TIMEOUT_MS = 30_000
const MS_PER_SECOND = 1000
/** Statuses with which a server that does not take queries by POST says so; they are asked again by GET. */
const NO_POST: ReadonlySet<number> = new Set([405, 501])
/** The request was not even sent. */
const NEVER_ASKED: ReadonlySet<HttpErrorCode> = new Set(['bad-url', 'address-refused'])
const UNAUTHORIZED = 401
const FORBIDDEN = 403

/** SLI values by instant query at the end of the window (facts/keptn-v1.md 4.7). */
export function createPrometheusProvider(options: PrometheusOptions): SliProvider {
  const base = baseUrl(options.url)
  return {
    name: PROMETHEUS_PROVIDER,
    async fetchValue(request) {
      const { indicator } = request
      const asked = queryFor(request)
      if (!asked.ok) return asked.refused
      const link = graphLink(base, asked.query, request)
      const detail = link === undefined ? asked.detail : { ...asked.detail, link }
      try {
        const answer = await withRetry(
          () => ask(options, base, asked.query, request),
          options.retry ?? DEFAULT_RETRY,
          request.signal,
        )
        return judge(indicator, answer, base, detail)
      } catch (thrown) {
        if (request.signal?.aborted === true || !(thrown instanceof HttpError)) throw thrown
        const problem = NEVER_ASKED.has(thrown.code) ? 'provider-failed' : 'unreachable'
        const message = `Prometheus did not answer: ${thrown.message}`
        return unmeasured(indicator, problem, message, detail)
      }
    },
  }
}

type Asked =
  | { readonly ok: true; readonly query: string; readonly detail: SliDetail }
  | { readonly ok: false; readonly refused: SliValue }

function queryFor({ indicator, query, scope, window }: SliRequest): Asked {
  const provider = PROMETHEUS_PROVIDER
  if (query === undefined) {
    const builtIn = builtInQuery(indicator, scope, window)
    if (builtIn === undefined) {
      const message = `unsupported SLI: prometheus/sli.yaml has no query for ${indicator}, and none is built in`
      const refused = unmeasured(indicator, 'unknown-indicator', message, { provider })
      return { ok: false, refused }
    }
    const { unit } = builtIn
    const detail = { provider, query: builtIn.query, ...(unit !== undefined && { unit }) }
    return { ok: true, query: builtIn.query, detail }
  }
  const expanded = expandQuery(query, scope, window)
  if (!expanded.ok) {
    const refused = unmeasured(indicator, 'query-unsafe', expanded.message, { provider, query })
    return { ok: false, refused }
  }
  return { ok: true, query: expanded.query, detail: { provider, query: expanded.query } }
}

async function ask(
  options: PrometheusOptions,
  base: string,
  query: string,
  request: SliRequest,
): Promise<HttpAnswer> {
  const time = String(request.window.endMs / MS_PER_SECOND)
  const form = new URLSearchParams({ query, time }).toString()
  const common = {
    urlClass: options.urlClass ?? 'operator',
    credentials: credentials(options),
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    ...(request.signal && { signal: request.signal }),
  } as const
  // By POST, since queries are longer than some proxies allow a URL to be.
  const answer = await options.http.request({
    ...common,
    url: `${base}/api/v1/query`,
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: form,
  })
  if (!NO_POST.has(answer.status)) return answer
  const headers = { accept: 'application/json' }
  return await options.http.request({ ...common, url: `${base}/api/v1/query?${form}`, headers })
}

function credentials(options: PrometheusOptions): Record<string, string> {
  const { user, password, bearerToken, headers } = options
  const pair = `${user ?? ''}:${password ?? ''}`
  return {
    ...(user !== undefined && { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }),
    ...(bearerToken !== undefined && { authorization: `Bearer ${bearerToken}` }),
    ...headers,
  }
}

function judge(indicator: string, answer: HttpAnswer, base: string, detail: SliDetail): SliValue {
  const failed = (problem: SliProblemCode, message: string) =>
    unmeasured(indicator, problem, message, detail)
  if (answer.status === UNAUTHORIZED || answer.status === FORBIDDEN) {
    const message = `Prometheus at ${hostOf(base)} refused our credentials (${answer.status})`
    return failed('auth-refused', message)
  }
  const read = readAnswer(answer, hostOf(base))
  if (!read.ok) return failed(read.problem, read.message)
  const value = prometheusValue(read.resultType, read.result)
  return value.ok ? measured(indicator, value.value, detail) : failed(value.problem, value.message)
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

function baseUrl(url: string): string {
  const trimmed = url.trim().replace(/\/+$/, '')
  return /^[a-z]+:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`
}

function hostOf(base: string): string {
  return URL.parse(base)?.host ?? base
}
