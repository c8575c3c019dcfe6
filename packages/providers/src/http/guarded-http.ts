import { formatDuration } from '@tiphys/contract/duration.ts'
import { type CheckedUrl, checkUrl, type Lookup, parseHttpUrl } from './address-check.ts'
import type { AddressPolicy, UrlClass } from './address-policy.ts'
import { type ExchangeAnswer, exchange, type TlsOptions } from './exchange.ts'
import { HttpError, toHttpError } from './http-error.ts'

/**
 * The one door for outgoing HTTP (behaviour.md 11). Each hop: resolve the name, check every address, connect to one of the checked
 * addresses and no other, give up after a time and a size, and check a redirect like a URL of its own.
 */
export interface GuardedHttp {
  /** Answers whatever the server answers, also 404 and 500. Throws HttpError when there is no answer, or must be none. */
  request(request: HttpRequest): Promise<HttpAnswer>
  /** The check alone, for those who speak to the address themselves (load tests). Throws HttpError. */
  check(url: string, urlClass: UrlClass): Promise<CheckedUrl>
}

export type HttpRequest = {
  /** `http://user:password@host/` becomes basic authentication. */
  readonly url: string
  readonly urlClass: UrlClass
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  /** Headers that only the origin of `url` may see, whatever a redirect says. */
  readonly credentials?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** For everything together: resolving, connecting, redirects, body. */
  readonly timeoutMs?: number
  readonly maxResponseBytes?: number
  readonly signal?: AbortSignal
  readonly tls?: TlsOptions
}

export type HttpAnswer = {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly text: string
  /** Where the answer came from, after redirects, without credentials. */
  readonly url: string
}

export type GuardedHttpOptions = AddressPolicy & {
  /** How names are resolved; the system's resolver by default. */
  readonly lookup?: Lookup
}

const DEFAULT_TIMEOUT_MS = 10_000
const DEFAULT_MAX_RESPONSE_BYTES = 5 * 1024 * 1024
const MAX_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** Redirects that repeat the request as it was. */
const REPEATING: ReadonlySet<number> = new Set([307, 308])
const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-token',
])

export function createGuardedHttp(options: GuardedHttpOptions = {}): GuardedHttp {
  function check(url: string, urlClass: UrlClass): Promise<CheckedUrl> {
    return checkUrl(url, urlClass, options, options.lookup)
  }
  return { check, request: (request) => follow(request, check) }
}

type Check = GuardedHttp['check']

/** One request and the redirects it leads to, under one deadline. */
async function follow(request: HttpRequest, check: Check): Promise<HttpAnswer> {
  const timeoutMs = request.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = request.signal ? AbortSignal.any([timeout, request.signal]) : timeout
  let hop = firstHop(request)
  try {
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await oneHop(hop, request, check, signal)
      const location = answer.headers['location']
      if (!REDIRECTS.has(answer.status) || location === undefined) {
        return { ...answer, text: new TextDecoder().decode(answer.body), url: hop.url }
      }
      hop = nextHop(hop, answer.status, location)
    }
  } catch (thrown) {
    throw endOf(thrown, { request, timeout, timeoutMs, place: placeOf(hop.url) })
  }
  throw new HttpError(
    'redirect-refused',
    `${placeOf(request.url)} redirects more than ${MAX_REDIRECTS} times`,
  )
}

type Hop = {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent beside `headers`, until a redirect leaves the origin. */
  readonly credentials: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | undefined
}

async function oneHop(
  hop: Hop,
  request: HttpRequest,
  check: Check,
  signal: AbortSignal,
): Promise<ExchangeAnswer> {
  const checked = await untilAborted(check(hop.url, request.urlClass), signal)
  return await exchange({
    ...checked,
    method: hop.method,
    headers: { ...hop.headers, ...hop.credentials },
    body: hop.body,
    maxResponseBytes: request.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES,
    signal,
    tls: request.tls,
  })
}

function firstHop(request: HttpRequest): Hop {
  const url = parseHttpUrl(request.url)
  const headers = lowerCased(request.headers ?? {})
  const isSecret = (name: string) => CREDENTIAL_HEADERS.has(name)
  const basic = basicAuthorization(url)
  url.username = ''
  url.password = ''
  return {
    url: url.href,
    method: request.method ?? 'GET',
    headers: pick(headers, (name) => !isSecret(name)),
    credentials: { ...basic, ...pick(headers, isSecret), ...lowerCased(request.credentials ?? {}) },
    body: request.body,
  }
}

function basicAuthorization(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {}
  const pair = `${decoded(url.username, url)}:${decoded(url.password, url)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

function decoded(part: string, { host }: URL): string {
  try {
    return decodeURIComponent(part)
  } catch {
    const message = `user or password in the address of ${host} are not percent-encoded: a % is written %25`
    throw new HttpError('bad-url', message)
  }
}

function nextHop(hop: Hop, status: number, location: string): Hop {
  const from = new URL(hop.url)
  const to = URL.parse(location, hop.url)
  if (to === null) {
    throw new HttpError('redirect-refused', `${from.host} redirects to something that is no URL`)
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new HttpError('redirect-refused', `${from.host} redirects from https to http`)
  }
  to.username = ''
  to.password = ''
  const isSameOrigin = from.origin === to.origin
  const credentials = isSameOrigin ? hop.credentials : {}
  const repeats = REPEATING.has(status) || hop.method === 'GET' || hop.method === 'HEAD'
  if (!repeats) {
    const headers = pick(hop.headers, (name) => !name.startsWith('content-'))
    return { url: to.href, method: 'GET', headers, credentials, body: undefined }
  }
  if (hop.body !== undefined && !isSameOrigin) {
    throw new HttpError('redirect-refused', `${from.host} redirects a body to ${to.host}`)
  }
  return { ...hop, url: to.href, credentials }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
}

function pick(
  headers: Readonly<Record<string, string>>,
  wanted: (name: string) => boolean,
): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => wanted(name)))
}

/** A look-up of a name cannot be stopped, but need not be waited for. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function endOf(
  thrown: unknown,
  at: {
    readonly request: HttpRequest
    readonly timeout: AbortSignal
    readonly timeoutMs: number
    readonly place: string
  },
): HttpError {
  if (thrown instanceof HttpError) return thrown
  if (at.request.signal?.aborted === true) {
    return new HttpError('aborted', `the request to ${at.place} was stopped`, { cause: thrown })
  }
  if (at.timeout.aborted) {
    const message = `${at.place} did not answer within ${formatDuration(at.timeoutMs)}`
    return new HttpError('timed-out', message, { cause: thrown })
  }
  return toHttpError(thrown, at.place)
}

function placeOf(url: string): string {
  return URL.parse(url)?.host ?? 'the server'
}
