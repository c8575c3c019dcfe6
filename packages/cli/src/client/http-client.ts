import type { z } from 'zod'
import { ServerRefusedError, ServerUnreachableError, UnexpectedAnswerError } from './errors.ts'

export type Request<T> = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** From `/api` on, each part encoded. */
  readonly path: string
  /** Undefined and empty values are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** What the answer looks like; left out where it does not matter. */
  readonly schema?: z.ZodType<T>
  readonly signal?: AbortSignal
}

export type HttpClient = {
  /** Without `/api` at the end. */
  readonly endpoint: string
  /**
   * The parsed answer. Throws ServerUnreachableError, ServerRefusedError (with the server's own sentence) or
   * UnexpectedAnswerError; never sends twice.
   */
  request<T>(request: Request<T>): Promise<T>
  /** The text of an answer as it comes, until the server ends it or the signal aborts. Throws what `request` throws. */
  stream(request: StreamedRequest): Promise<AsyncIterable<string>>
}

export type StreamedRequest = Pick<Request<never>, 'path' | 'query' | 'headers'> & {
  readonly signal: AbortSignal
}

/** Long enough for a server that commits to a slow disk, short enough that a person still waits. */
const TIMEOUT_MS = 30_000
const UNAUTHENTICATED = 401

export function createHttpClient(options: {
  readonly endpoint: string
  readonly token?: string
}): HttpClient {
  const { endpoint, token } = options
  return {
    endpoint,
    async request<T>(request: Request<T>): Promise<T> {
      const response = await send(endpoint, token, request)
      const text = await textOf(response, endpoint)
      if (!response.ok) throw refused(response.status, text, token)
      return parse(request, text)
    },
    async stream(request) {
      const { signal } = request
      const headers = { accept: 'text/event-stream', ...request.headers }
      const response = await send(endpoint, token, { ...request, method: 'GET', headers }, signal)
      if (response.ok && response.body !== null) return pieces(response.body, endpoint, signal)
      throw refused(response.status, await textOf(response, endpoint), token)
    },
  }
}

async function* pieces(
  body: ReadableStream<Uint8Array>,
  endpoint: string,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder()
  try {
    for await (const piece of body) yield decoder.decode(piece, { stream: true })
  } catch (error) {
    if (!signal.aborted) throw new ServerUnreachableError(endpoint, error)
  }
}

async function send<T>(
  endpoint: string,
  token: string | undefined,
  request: Request<T>,
  signal = withTimeout(request.signal),
): Promise<Response> {
  const url = new URL(`${endpoint}${request.path}`)
  for (const [key, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined && value !== '') url.searchParams.set(key, String(value))
  }
  try {
    return await fetch(url, {
      method: request.method,
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { 'x-token': token }),
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      redirect: 'manual',
      signal,
    })
  } catch (error) {
    request.signal?.throwIfAborted()
    throw new ServerUnreachableError(endpoint, error)
  }
}

function withTimeout(signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
}

async function textOf(response: Response, endpoint: string): Promise<string> {
  try {
    return await response.text()
  } catch (error) {
    throw new ServerUnreachableError(endpoint, error)
  }
}

function refused(status: number, text: string, token: string | undefined): ServerRefusedError {
  if (status === UNAUTHENTICATED) {
    const sentence =
      token === undefined
        ? 'the server wants a token and none is set; log in with: tiphys auth --endpoint <url> --api-token <token> (the server printed the token when it was first started)'
        : 'the server does not know this token; log in with: tiphys auth --endpoint <url> --api-token <token> (a new one can be set with: tiphys serve --api-token <token>)'
    return new ServerRefusedError(status, sentence)
  }
  return new ServerRefusedError(status, messageOf(text) ?? `the server answered ${status}`)
}

function messageOf(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && 'message' in body) {
      if (typeof body.message === 'string' && body.message !== '') return body.message
    }
  } catch {
    // Not our server, or something between it and us: the status says more than its page.
  }
  return undefined
}

function parse<T>(request: Request<T>, text: string): T {
  const name = `${request.method} ${request.path}`
  if (request.schema === undefined) return undefined as T
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new UnexpectedAnswerError(name, 'it is not JSON (is this the endpoint of Tiphys?)')
  }
  const result = request.schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const place = issue?.path.map(String).join('.') || 'the answer'
  throw new UnexpectedAnswerError(name, `${place}: ${issue?.message ?? 'another shape'}`)
}
