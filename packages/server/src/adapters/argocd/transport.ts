import http from 'node:http'
import https from 'node:https'
import type { ArgoCdAnswer } from '../../ports/argocd.ts'
import type { ArgoCdConnection } from './connection.ts'
import { type Doing, failure, failureOf, failureOfError } from './failure.ts'

/**
 * HTTP to one Argo CD, with node:http because fetch takes no certificate authority. Redirects are not followed: they mean a wrong URL,
 * and the token must not travel to another address.
 */
export type Transport = {
  /** The text of a 2xx answer, or what went wrong. */
  send(request: Exchange, signal?: AbortSignal): Promise<ArgoCdAnswer<string>>
  /** The answer's body as it arrives. The caller destroys it, or aborts. */
  open(request: Exchange, signal: AbortSignal): Promise<ArgoCdAnswer<http.IncomingMessage>>
}

export type Exchange = {
  readonly doing: Doing
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the root path, beginning with a slash. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  readonly timeoutMs?: number
  readonly accept?: string
}

const REQUEST_TIMEOUT_MS = 20_000
/** A list of thousands of applications with their specs; more is not an answer to what we ask. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
const OK = 200
const FIRST_REDIRECT = 300
const FIRST_ERROR = 400

export function createTransport(connection: ArgoCdConnection): Transport {
  const base = new URL(connection.url)
  const root = base.pathname.replace(/\/+$/, '')
  const isTls = base.protocol === 'https:'
  const agent = isTls
    ? new https.Agent({
        keepAlive: true,
        ...(connection.caCertificate === undefined ? {} : { ca: connection.caCertificate }),
        rejectUnauthorized: connection.insecureSkipVerify !== true,
      })
    : new http.Agent({ keepAlive: true })

  function options(exchange: Exchange): http.RequestOptions {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(exchange.query ?? {})) {
      if (value !== undefined && value !== '') query.set(name, value)
    }
    const search = query.size > 0 ? `?${query.toString()}` : ''
    return {
      protocol: base.protocol,
      hostname: base.hostname.replace(/^\[|\]$/g, ''),
      ...(base.port === '' ? {} : { port: base.port }),
      path: `${root}${exchange.path}${search}`,
      method: exchange.method,
      agent,
      headers: {
        authorization: `Bearer ${connection.token}`,
        accept: exchange.accept ?? 'application/json',
        // Exactly this text, also where there is no body: Argo CD compares the whole header, even of a DELETE.
        ...(exchange.method === 'GET' ? {} : { 'content-type': 'application/json' }),
      },
    }
  }

  return {
    send: (exchange, signal) => sendWith(isTls, options(exchange), exchange, signal),
    open: (exchange, signal) => openWith(isTls, options(exchange), exchange, signal),
  }
}

async function sendWith(
  isTls: boolean,
  options: http.RequestOptions,
  exchange: Exchange,
  signal: AbortSignal | undefined,
): Promise<ArgoCdAnswer<string>> {
  signal?.throwIfAborted()
  const limit = AbortSignal.timeout(exchange.timeoutMs ?? REQUEST_TIMEOUT_MS)
  const either = signal === undefined ? limit : AbortSignal.any([signal, limit])
  try {
    const response = await respond(isTls, { ...options, signal: either }, exchange.body)
    return answerOf(exchange.doing, response, await textOf(response))
  } catch (error) {
    signal?.throwIfAborted()
    const seconds = (exchange.timeoutMs ?? REQUEST_TIMEOUT_MS) / 1_000
    if (limit.aborted) return failure(exchange.doing, 'timed-out', `no answer within ${seconds} s`)
    return failureOfError(exchange.doing, error)
  }
}

async function openWith(
  isTls: boolean,
  options: http.RequestOptions,
  exchange: Exchange,
  signal: AbortSignal,
): Promise<ArgoCdAnswer<http.IncomingMessage>> {
  signal.throwIfAborted()
  try {
    const response = await respond(isTls, { ...options, signal }, exchange.body)
    if (response.statusCode === OK) return { code: 'ok', value: response }
    const answer = answerOf(exchange.doing, response, await textOf(response))
    return answer.code === 'ok'
      ? failure(exchange.doing, 'unexpected-answer', `HTTP ${response.statusCode} without a stream`)
      : answer
  } catch (error) {
    signal.throwIfAborted()
    return failureOfError(exchange.doing, error)
  }
}

function respond(
  isTls: boolean,
  options: http.RequestOptions,
  body: unknown,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = isTls ? https.request(options, resolve) : http.request(options, resolve)
    request.once('error', reject)
    request.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

async function textOf(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of response) {
    sizeBytes += (chunk as Buffer).length
    if (sizeBytes > MAX_ANSWER_BYTES) {
      response.destroy()
      throw new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`)
    }
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function answerOf(
  doing: Doing,
  response: http.IncomingMessage,
  text: string,
): ArgoCdAnswer<string> {
  const status = response.statusCode ?? 0
  if (status >= OK && status < FIRST_REDIRECT) return { code: 'ok', value: text }
  if (status >= FIRST_REDIRECT && status < FIRST_ERROR) {
    const where = response.headers.location?.split('?')[0] ?? 'another address'
    return failure(doing, 'unexpected-answer', `it redirects to ${where}; correct the URL`)
  }
  return failureOf(doing, status, text)
}
