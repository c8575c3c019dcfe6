import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Fault, Faults } from '../faults.ts'
import { pause } from '../time.ts'
import { unexpected } from '../unexpected.ts'
import { errorBody, GrpcCode, httpStatusOf, refusal } from './grpc-error.ts'
import type { ApiServices, Reply, Route } from './request-context.ts'
import { matchRoute, type RouteMatch } from './router.ts'
import { detailRoutes } from './routes/details.ts'
import { operateRoutes } from './routes/operate.ts'
import { readRoutes } from './routes/read.ts'
import { resourceRoutes } from './routes/resource.ts'
import { ANONYMOUS, serverInfoRoutes } from './routes/server-info.ts'
import { streamRoutes } from './routes/stream.ts'
import { writeRoutes } from './routes/write.ts'
import type { Caller } from './tokens.ts'

const ROUTES: readonly Route[] = [
  ...readRoutes,
  ...operateRoutes,
  ...writeRoutes,
  ...detailRoutes,
  ...resourceRoutes,
  ...serverInfoRoutes,
  ...streamRoutes,
]

const MAX_BODY_BYTES = 10 * 1024 * 1024

/** Counted where a status would stand when the connection broke before an answer. */
const NO_ANSWER = 0

const NOBODY: Caller = { username: ANONYMOUS, may: () => false }

/** `cut`: the connection breaks instead of an answer. `streamed`: the handler writes it itself. */
type Outcome = { status: number; contentType: string; text: string } | 'cut' | 'streamed'

export type ApiServerOptions = {
  readonly host: string
  readonly port: number
  /** Prefix of every path, as `--rootpath`; empty or `/something`. */
  readonly rootPath: string
  readonly services: ApiServices
  readonly faults: Faults
}

/**
 * The HTTP side of Argo CD: gRPC behind grpc-gateway v1. In order: fault, Content-Type gate, route, body,
 * token, handler; each has its own form of refusal, and only those from the gRPC side are JSON.
 */
export class ApiServer {
  readonly #options: ApiServerOptions
  readonly #server: Server

  constructor(options: ApiServerOptions) {
    this.#options = options
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(unexpected)
    })
  }

  async listen(): Promise<string> {
    const { host, port, rootPath } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, resolve)
    })
    return `http://${host}:${(this.#server.address() as AddressInfo).port}${rootPath}`
  }

  cutConnections(): void {
    this.#server.closeAllConnections()
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  /** Counts before it answers, so that whoever has the answer finds it counted. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { services, faults, rootPath } = this.#options
    const method = request.method ?? 'GET'
    const url = new URL(request.url ?? '/', 'http://simulator')
    const path = url.pathname.startsWith(`${rootPath}/`) ? url.pathname.slice(rootPath.length) : ''
    const match = matchRoute(ROUTES, method, path)
    const route = match.code === 'found' ? match.route.path : 'unknown'
    const fault = faults.take(method, path)
    const early = await this.#suffer(fault)
    const outcome = early ?? (await this.#outcomeOf(request, response, match, url))
    const isCut = outcome === 'cut' || fault?.loseAnswer === true
    const status = outcome === 'streamed' ? 200 : isCut ? NO_ANSWER : outcome.status
    services.counts.request(method, route, status)
    if (isCut) response.destroy()
    else if (outcome !== 'streamed') {
      response.writeHead(outcome.status, { 'content-type': outcome.contentType })
      response.end(outcome.text)
    }
  }

  async #outcomeOf(
    request: IncomingMessage,
    response: ServerResponse,
    match: RouteMatch,
    url: URL,
  ): Promise<Outcome> {
    const { services, rootPath } = this.#options
    if (url.pathname === `${rootPath}/healthz`) return plainText(200, 'ok')
    if (services.traps.exactContentType && !hasExactContentType(request)) {
      return plainText(415, 'Invalid content type')
    }
    if (match.code === 'no-path') return plainText(404, 'Not Found')
    if (match.code === 'no-method') return plainText(405, 'Method Not Allowed')
    try {
      const reply = await this.#answer(request, response, match, url.searchParams)
      if (reply === 'streamed') return reply
      return 'refusal' in reply ? refused(reply) : json(200, reply.body)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return refused(refusal(GrpcCode.internal, reason))
    }
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    { route, parameters }: Extract<RouteMatch, { code: 'found' }>,
    query: URLSearchParams,
  ): Promise<Reply> {
    const { services } = this.#options
    const body = await readJson(request)
    if ('problem' in body) return refusal(GrpcCode.invalidArgument, body.problem)
    const token = bearerToken(request)
    const known = token === undefined ? undefined : services.tokens.find(token)
    if (known === undefined && route.isPublic !== true) {
      const message =
        token === undefined ? 'no session information' : 'invalid session: token is not known'
      return refusal(GrpcCode.unauthenticated, message)
    }
    const caller = known ?? NOBODY
    return await route.handle({
      services,
      request,
      response,
      parameters,
      query,
      body: body.value,
      caller,
    })
  }

  /** The part of a fault that comes before the request is looked at; undefined lets it through. */
  async #suffer(fault: Fault | undefined): Promise<Outcome | undefined> {
    if (fault?.slowMs !== undefined) {
      await pause(fault.slowMs, this.#options.services.closing)
    }
    if (fault?.down === true) return 'cut'
    if (fault?.status5xx === undefined) return undefined
    return plainText(fault.status5xx, 'upstream connect error or disconnect/reset before headers')
  }
}

function hasExactContentType(request: IncomingMessage): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true
  return request.headers['content-type']?.toLowerCase() === 'application/json'
}

function bearerToken(request: IncomingMessage): string | undefined {
  const [, bearer] = request.headers.authorization?.match(/^Bearer (.+)$/i) ?? []
  const [, cookie] = request.headers.cookie?.match(/(?:^|;\s*)argocd\.token=([^;]+)/) ?? []
  return bearer ?? cookie
}

async function readJson(
  request: IncomingMessage,
): Promise<{ value: unknown } | { problem: string }> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_BODY_BYTES) return { problem: 'request body is too large' }
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8').trim()
  if (text === '') return { value: {} }
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'invalid JSON' }
  }
}

function refused({ refusal: reason }: ReturnType<typeof refusal>): Outcome {
  return json(httpStatusOf(reason.code), errorBody(reason))
}

function json(status: number, body: unknown): Outcome {
  return { status, contentType: 'application/json', text: JSON.stringify(body) }
}

function plainText(status: number, text: string): Outcome {
  return { status, contentType: 'text/plain; charset=utf-8', text: `${text}\n` }
}
