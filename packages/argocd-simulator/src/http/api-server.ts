import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Fault, Faults } from '../faults.ts'
import { pause } from '../time.ts'
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
      this.#serve(request, response).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error)
        if (!response.headersSent) sendRefusal(response, refusal(GrpcCode.internal, reason))
        else response.destroy()
      })
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

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { services, faults, rootPath } = this.#options
    const method = request.method ?? 'GET'
    const url = new URL(request.url ?? '/', 'http://simulator')
    const path = url.pathname.startsWith(`${rootPath}/`) ? url.pathname.slice(rootPath.length) : ''
    const found = matchRoute(ROUTES, method, path)
    const route = found.code === 'found' ? found.route.path : 'unknown'
    let isCounted = false
    const count = () => {
      if (isCounted) return
      isCounted = true
      services.counts.request(method, route, response.headersSent ? response.statusCode : NO_ANSWER)
    }
    response.on('close', count)
    const fault = faults.take(method, path)
    if (await this.#suffer(fault, response)) return
    if (fault?.loseAnswer === true) loseAnswer(response)
    if (path === '/healthz') return sendText(response, 200, 'ok')
    if (services.traps.exactContentType && !hasExactContentType(request)) {
      return sendText(response, 415, 'Invalid content type')
    }
    if (found.code !== 'found') {
      const [status, text] =
        found.code === 'no-path' ? [404, 'Not Found'] : [405, 'Method Not Allowed']
      return sendText(response, status, text)
    }
    const reply = await this.#answer(request, response, found, url.searchParams)
    if (reply === 'streamed') count()
    else if ('refusal' in reply) sendRefusal(response, reply)
    else sendJson(response, 200, reply.body)
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

  /** Carries out the part of a fault that comes before the request is looked at. True if that was all. */
  async #suffer(fault: Fault | undefined, response: ServerResponse): Promise<boolean> {
    if (fault === undefined) return false
    if (fault.slowMs !== undefined) {
      await pause(fault.slowMs, this.#options.services.closing)
    }
    if (fault.down === true) {
      response.destroy()
      return true
    }
    if (fault.status5xx === undefined) return false
    sendText(response, fault.status5xx, 'upstream connect error or disconnect/reset before headers')
    return true
  }
}

/** The handler works as always; what it writes goes nowhere and the connection breaks. */
function loseAnswer(response: ServerResponse): void {
  response.writeHead = () => response
  response.end = () => response.destroy()
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

function sendRefusal(
  response: ServerResponse,
  { refusal: refused }: ReturnType<typeof refusal>,
): void {
  sendJson(response, httpStatusOf(refused.code), errorBody(refused))
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}
