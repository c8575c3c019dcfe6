import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import { formatDuration, parseDuration } from '@tiphys/contract/duration.ts'
import { parseRetention } from '@tiphys/contract/retention.ts'
import type { SeriesAggregate } from '@tiphys/contract/sli.ts'
import type { QueryLanguage } from '@tiphys/core/evaluation/query-language.ts'
import { expandQuery } from '@tiphys/core/evaluation/sli-query.ts'
import { type SliDetail, type SliValue, unmeasured } from '@tiphys/core/evaluation/sli-value.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import type { SliQuery } from '@tiphys/core/slo/sli.ts'
import type { GuardedHttp, HttpAnswer, HttpRequest } from '../http/guarded-http.ts'
import { HttpError, type HttpErrorCode } from '../http/http-error.ts'
import { DEFAULT_RETRY, type RetryPolicy, withRetry } from '../http/retry.ts'
import { type ParsedJson, parseJson } from './json-answer.ts'
import { failure, type SliFailure, type SliReading, toSliValue } from './reading.ts'
import type { SliProvider, SliRequest } from './sli-provider.ts'

/** What every adapter gets from outside. */
export type ProviderPower = {
  readonly http: GuardedHttp
  /** For tests; what is usual otherwise. */
  readonly retry?: RetryPolicy
  /** Of the process: where cloud platforms say how their credentials are had. Nothing is set unless given. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Milliseconds since 1970; the system's clock unless given. */
  readonly nowMs?: () => number
}

/** One request that answers one indicator. */
export type SliQuestion = {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** As the report shows it; the expanded query unless set. */
  readonly shown?: string
  /** Where a person sees the same in the provider's own pages. */
  readonly link?: string
  readonly unit?: string
  /** Of a good answer that is no JSON: what `read` gets of its text; undefined where it is nothing that this provider would say. */
  readonly parse?: (text: string) => unknown
  /** Asked instead where the server does not take the method (405, 501). */
  readonly otherwise?: SentQuestion
}

/** What of a question goes over the wire. */
export type SentQuestion = Pick<SliQuestion, 'url' | 'method' | 'headers' | 'body'>

/** For answers that come in pages. */
export type AnswerPages = {
  /** The request for what comes after this page; undefined: nothing does. */
  next(page: unknown, sent: SentQuestion): SentQuestion | undefined
  /** At least two pages as one answer, for `read`. */
  join(pages: readonly unknown[]): unknown
}

/** A query that comes with the provider. */
export type BuiltInQuery = { readonly query: string; readonly unit?: string | undefined }

/** The indicator's query with everything filled in, and what it may need to become a request. */
export type Asked = {
  readonly text: string
  readonly sli: SliQuery
  readonly request: SliRequest
}

/**
 * What makes one metrics system differ from another. Everything else is the same for all: placeholders, time limit, retry with back-off,
 * limit on what is read, credentials that stay with their origin, what is said when it fails.
 */
export type HttpSliAdapter = {
  /** As people call it: `Datadog`. */
  readonly title: string
  /** Whose words count inside a query; by indicator, where the provider speaks several. */
  readonly language: QueryLanguage | ((sli: SliQuery) => QueryLanguage)
  /** Of a series, where the file does not say. */
  readonly aggregate: SeriesAggregate
  /** Indicators that need no query in a file, with everything filled in. */
  builtIn?(request: SliRequest): BuiltInQuery | undefined
  /** A query that cannot be made into a request is a failure, with the reason. */
  question(asked: Asked): SliQuestion | ReturnType<typeof failure>
  /** Headers that only the question's own origin may see; asked for each page. May ask for a token first; a refusal is a failure. */
  credentials?(
    question: SentQuestion,
    signal: AbortSignal | undefined,
  ): Promise<Credentials> | Credentials
  /** A 2xx answer that is JSON, or was parsed as the question says. */
  read(body: unknown, asked: Asked): SliReading
  /** The provider's own words out of an answer that is no success: JSON, or the text that it is instead. */
  complaint?(body: unknown): string | undefined
  readonly pages?: AnswerPages
  /** What an answer's status means, where the provider does not use HTTP's for it: 400 for too many questions. */
  statusOf?(status: number, body: unknown): number
  /** How long an answer with 429 asks to wait, where it does not say so with `Retry-After`. */
  waitMs?(headers: HttpAnswer['headers']): number | undefined
  /** Which statuses a better query would cure, beside 400 and 422. */
  readonly queryStatuses?: readonly number[]
}

export type Credentials =
  | { readonly ok: true; readonly headers: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly message: string }

/** Where, and how long. */
export type HttpSliConnection = {
  readonly name: string
  readonly tls?: ConnectionTls
  readonly settings: {
    readonly timeout?: string | undefined
    readonly retention?: string | undefined
    readonly headers?: Readonly<Record<string, string>> | undefined
  }
}

const DEFAULT_TIMEOUT_MS = 30_000
const MAX_ANSWER_BYTES = 5 * 1024 * 1024
/** The request was not even sent. */
const NEVER_ASKED: ReadonlySet<HttpErrorCode> = new Set(['bad-url', 'address-refused'])
const REFUSED: ReadonlySet<number> = new Set([401, 403])
const QUERY_REFUSED: ReadonlySet<number> = new Set([400, 422])
const METHOD_NOT_TAKEN: ReadonlySet<number> = new Set([405, 501])
const TOO_MANY_REQUESTS = 429
const [FIRST_SUCCESS, FIRST_REDIRECT] = [200, 300]
/** Of one answer: enough for any window that a person looks at. */
const MAX_PAGES = 10
const MAX_SHOWN = 200
const MAX_WORDS = 600

/** An adapter as a provider. */
export function createHttpSliProvider(
  adapter: HttpSliAdapter,
  connection: HttpSliConnection,
  power: ProviderPower,
): SliProvider {
  return {
    name: connection.name,
    async fetchValue(request) {
      const { indicator } = request
      const asked = askedOf(adapter, connection.name, request)
      if ('success' in asked) return asked
      const question = goneBefore(connection, request.window, power) ?? adapter.question(asked)
      if ('kind' in question) {
        const detail = { provider: connection.name, query: asked.text }
        return unmeasured(indicator, question.problem, question.message, detail)
      }
      const detail = detailOf(connection.name, asked, question)
      const reading = await ask(adapter, connection, power, asked, question)
      return toSliValue(indicator, reading, detail, asked.sli, adapter.aggregate)
    },
  }
}

/** A value of half a window looks like one of the whole: what is kept no longer is not asked for. */
function goneBefore(
  { name, settings }: HttpSliConnection,
  window: SliRequest['window'],
  { nowMs = Date.now }: ProviderPower,
): SliFailure | undefined {
  const { retention } = settings
  const keptMs = retention === undefined ? undefined : parseRetention(retention)
  if (keptMs === undefined || window.startMs >= nowMs() - keptMs) return undefined
  const message = `the window begins at ${formatTimestamp(window.startMs)}, and ${name} keeps ${retention}: what it measured then is gone`
  return failure('no-data', message)
}

/** The query with everything filled in, or why there is none. */
function askedOf(adapter: HttpSliAdapter, provider: string, request: SliRequest): Asked | SliValue {
  const { indicator, query: sli } = request
  if (sli === undefined) {
    const builtIn = adapter.builtIn?.(request)
    if (builtIn !== undefined) {
      const { query, unit } = builtIn
      return { text: query, sli: { query, ...(unit === undefined ? {} : { unit }) }, request }
    }
    const none = adapter.builtIn === undefined ? '' : ', and none is built in'
    const message = `unsupported SLI: ${provider}/sli.yaml has no query for ${indicator}${none}`
    return unmeasured(indicator, 'unknown-indicator', message, { provider })
  }
  const language = typeof adapter.language === 'function' ? adapter.language(sli) : adapter.language
  const expanded = expandQuery(sli.query, request.scope, request.window, language)
  if (expanded.ok) return { text: expanded.query, sli, request }
  return unmeasured(indicator, 'query-unsafe', expanded.message, { provider, query: sli.query })
}

function detailOf(provider: string, { text, sli }: Asked, question: SliQuestion): SliDetail {
  const unit = sli.unit ?? question.unit
  return {
    provider,
    query: question.shown ?? text,
    ...(unit === undefined ? {} : { unit }),
    ...(question.link === undefined ? {} : { link: question.link }),
  }
}

async function ask(
  adapter: HttpSliAdapter,
  connection: HttpSliConnection,
  power: ProviderPower,
  asked: Asked,
  question: SliQuestion,
): Promise<SliReading> {
  const { signal } = asked.request
  const host = URL.parse(question.url)?.host ?? question.url
  const send = async (sent: SentQuestion): Promise<HttpAnswer | SliFailure> => {
    const credentials = (await adapter.credentials?.(sent, signal)) ?? { ok: true, headers: {} }
    if (!credentials.ok) return failure('auth-refused', credentials.message)
    const request = httpRequest(connection, sent, credentials.headers, signal)
    const policy = { ...(power.retry ?? DEFAULT_RETRY), ...waitOf(adapter) }
    const attempt = async () => meant(adapter, await power.http.request(request))
    return await withRetry(attempt, policy, signal)
  }
  try {
    const { otherwise, parse } = question
    const pages: unknown[] = []
    for (let sent: SentQuestion | undefined = question; sent !== undefined; ) {
      const first = await send(sent)
      if ('kind' in first) return first
      const isNotTaken = METHOD_NOT_TAKEN.has(first.status) && otherwise !== undefined
      const answer = isNotTaken && sent === question ? await send(otherwise) : first
      if ('kind' in answer) return answer
      const page = readAnswer(adapter, answer, host, parse)
      if ('kind' in page) return page
      pages.push(page.body)
      sent = adapter.pages?.next(page.body, sent)
      if (sent !== undefined && pages.length === MAX_PAGES) {
        const message = `${adapter.title} answers with more than ${MAX_PAGES} pages; a shorter window or fewer points would do`
        return failure('provider-failed', message)
      }
    }
    return adapter.read(joined(adapter, pages), asked)
  } catch (thrown) {
    if (signal?.aborted === true || !(thrown instanceof HttpError)) throw thrown
    const problem = NEVER_ASKED.has(thrown.code) ? 'provider-failed' : 'unreachable'
    return failure(problem, `${adapter.title} did not answer: ${thrown.message}`)
  }
}

function waitOf({ waitMs }: HttpSliAdapter): Pick<RetryPolicy, 'waitMs'> {
  return waitMs === undefined ? {} : { waitMs }
}

function meant(adapter: HttpSliAdapter, answer: HttpAnswer): HttpAnswer {
  if (adapter.statusOf === undefined) return answer
  const body = parseJson(answer.text)
  return { ...answer, status: adapter.statusOf(answer.status, body.ok ? body.value : answer.text) }
}

function joined({ pages }: HttpSliAdapter, read: readonly unknown[]): unknown {
  return read.length === 1 || pages === undefined ? read[0] : pages.join(read)
}

function httpRequest(
  connection: HttpSliConnection,
  question: SentQuestion,
  credentials: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): HttpRequest {
  const { settings, tls } = connection
  return {
    url: question.url,
    urlClass: 'operator',
    method: question.method ?? 'GET',
    headers: { accept: 'application/json', ...question.headers },
    credentials: { ...settings.headers, ...credentials },
    timeoutMs: timeoutOf(settings.timeout),
    maxResponseBytes: MAX_ANSWER_BYTES,
    ...(question.body === undefined ? {} : { body: question.body }),
    ...(signal === undefined ? {} : { signal }),
    ...(tls === undefined ? {} : { tls }),
  }
}

/** What the settings' schema took as a duration. */
export function timeoutOf(timeout: string | undefined): number {
  return (timeout === undefined ? undefined : parseDuration(timeout)) ?? DEFAULT_TIMEOUT_MS
}

function readAnswer(
  adapter: HttpSliAdapter,
  answer: HttpAnswer,
  host: string,
  parse: SliQuestion['parse'],
): { readonly body: unknown } | SliFailure {
  const { status } = answer
  const body = parseJson(answer.text)
  const said = adapter.complaint?.(body.ok ? body.value : answer.text)
  const words = said === undefined ? undefined : oneLine(said)
  const because = words === undefined ? '' : `: ${words}`
  if (REFUSED.has(status)) {
    const message = `${adapter.title} at ${host} refused our credentials (${status})${because}`
    return failure('auth-refused', message)
  }
  if (QUERY_REFUSED.has(status) || adapter.queryStatuses?.includes(status)) {
    const reason = words ?? shown(answer.text)
    return failure('query-refused', `${adapter.title} refused the query (${status}): ${reason}`)
  }
  if (status === TOO_MANY_REQUESTS) {
    const waitMs = adapter.waitMs?.(answer.headers)
    const again = waitMs === undefined ? '' : `, but again in ${formatDuration(waitMs)}`
    const message = `${adapter.title} at ${host} takes no more questions for now (429)${again}${because}`
    return failure('provider-failed', message)
  }
  const isSuccess = status >= FIRST_SUCCESS && status < FIRST_REDIRECT
  if (!isSuccess && words !== undefined) {
    return failure('provider-failed', `${adapter.title} at ${host} failed (${status}): ${words}`)
  }
  const good = parse === undefined ? body : parsedBy(parse, answer.text)
  if (!isSuccess || !good.ok) {
    const message = `${host} does not answer like ${adapter.title}: status ${status}, ${shown(answer.text)}`
    return failure('provider-failed', message)
  }
  return { body: good.value }
}

/** A provider's own words as part of our sentence: some are pages long, and some draw with line breaks. */
export function oneLine(words: string): string {
  const line = words.replaceAll(/\s+/g, ' ').trim()
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS)}…` : line
}

/** What came back instead of an answer, cut short. */
export function shown(text: string): string {
  const start = text.trim().slice(0, MAX_SHOWN)
  return start === '' ? 'nothing' : JSON.stringify(start)
}

/** For `read`: an answer that is JSON, and none of this provider's. */
export function unlike(title: string, body: unknown): ReturnType<typeof failure> {
  const text = JSON.stringify(body) ?? ''
  return failure('provider-failed', `the answer is not like ${title}'s: ${shown(text)}`)
}

function parsedBy(parse: (text: string) => unknown, text: string): ParsedJson {
  const value = parse(text)
  return value === undefined ? { ok: false } : { ok: true, value }
}

export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
