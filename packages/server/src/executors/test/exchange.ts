import {
  type Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { RequestPlan } from '@tiphys/contract/test-plan.ts'
import { toHttpError } from '@tiphys/providers/http/http-error.ts'

/** How one request ended. Times are of `performance.now()`. */
export type Exchange =
  | {
      readonly code: 'answered'
      readonly status: number
      readonly headers: IncomingHttpHeaders
      /** Empty unless it was asked for. */
      readonly body: Buffer
      /** When the last byte was there. */
      readonly endMs: number
    }
  | { readonly code: 'timed-out' }
  | {
      readonly code: 'failed'
      /** Short, for counting: `ECONNREFUSED`. */
      readonly reason: string
      /** A sentence: `127.0.0.1:80 refused the connection`. */
      readonly message: string
      /** A kept connection that broke before it carried anything of the answer. */
      readonly staleConnection: boolean
    }
  | { readonly code: 'too-large' }
  | { readonly code: 'aborted' }

export type ExchangeOptions = {
  /** From the send to the last byte. */
  readonly timeoutMs: number
  readonly maxBodyBytes: number
  /** Otherwise the body is counted and thrown away. */
  readonly keepBody?: boolean
}

type ExchangeArguments = ExchangeOptions & {
  /** false: a connection of its own. */
  readonly agent: Agent | false
  readonly base: URL
  /** Prefix of the target and path of the request. */
  readonly path: string
  readonly lookup: LookupFunction
  readonly request: RequestPlan
  readonly closed: AbortSignal
}

const STALE_CODES: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE'])

/** Sends one request through the agent. Resolves exactly once, and leaves neither a timer nor a listener behind. */
export function exchange(options: ExchangeArguments): Promise<Exchange> {
  const { closed, maxBodyBytes, keepBody } = options
  if (closed.aborted) return Promise.resolve({ code: 'aborted' })
  return new Promise((resolve) => {
    const outgoing = start(options)
    const timer = setTimeout(() => settle({ code: 'timed-out' }), options.timeoutMs)
    closed.addEventListener('abort', abort)
    let hasSettled = false
    let hasAnswer = false

    function settle(outcome: Exchange): void {
      if (hasSettled) return
      hasSettled = true
      clearTimeout(timer)
      closed.removeEventListener('abort', abort)
      if (outcome.code !== 'answered') outgoing.destroy()
      resolve(outcome)
    }
    function abort(): void {
      settle({ code: 'aborted' })
    }
    function fail(thrown: unknown): void {
      // Also the ordinary end of a connection comes here; an error costs more than the rest of a request.
      if (hasSettled) return
      settle(failed(thrown, options.base, outgoing.reusedSocket && !hasAnswer))
    }

    outgoing.on('error', fail)
    outgoing.on('close', () => fail(CLOSED_EARLY))
    outgoing.on('response', (answer) => {
      hasAnswer = true
      answer.on('error', fail)
      readBody(answer, maxBodyBytes, keepBody === true, settle)
    })
    outgoing.end(options.request.body)
  })
}

const CLOSED_EARLY = Object.assign(new Error('closed early'), { code: 'ECONNRESET' })

function start(options: ExchangeArguments): ClientRequest {
  const { base, request } = options
  const send = base.protocol === 'https:' ? httpsRequest : httpRequest
  return send({
    protocol: base.protocol,
    hostname: base.hostname.replace(/^\[|\]$/g, ''),
    port: base.port,
    method: request.method,
    path: options.path,
    headers: { 'user-agent': 'tiphys-test', accept: '*/*', ...request.headers },
    agent: options.agent,
    lookup: options.lookup,
  })
}

function readBody(
  answer: IncomingMessage,
  maxBodyBytes: number,
  keepBody: boolean,
  settle: (outcome: Exchange) => void,
): void {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  answer.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length
    if (sizeBytes > maxBodyBytes) settle({ code: 'too-large' })
    else if (keepBody) chunks.push(chunk)
  })
  answer.on('end', () => {
    settle({
      code: 'answered',
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      body: Buffer.concat(chunks),
      endMs: performance.now(),
    })
  })
}

function failed(thrown: unknown, base: URL, isReusedUnanswered: boolean): Exchange {
  const { code, message } = toHttpError(thrown, base.host)
  const systemCode = (thrown as { code?: unknown } | undefined)?.code
  const reason = typeof systemCode === 'string' ? systemCode : code
  const staleConnection = isReusedUnanswered && STALE_CODES.has(reason)
  return { code: 'failed', reason, message, staleConnection }
}
