import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'

export type SeenRequest = {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

export type FakeAnswer = {
  readonly status?: number
  readonly body?: unknown
  /** Close the connection instead of answering. */
  readonly hangUp?: boolean
  /** Answers with a stream of events: writes frames as long as it likes, and ends it. */
  readonly stream?: (response: ServerResponse) => void
}

export type FakeServer = {
  readonly url: string
  readonly seen: readonly SeenRequest[]
  /** Requests of one method and path, without their query. */
  of(method: string, path: string): SeenRequest[]
}

/** `METHOD /path` (without query) to what is answered; a function is asked each time. */
export type Routes = Readonly<Record<string, FakeAnswer | ((request: SeenRequest) => FakeAnswer)>>

/** An HTTP server that answers as told and keeps what it was asked. */
export async function startFakeServer(t: TestContext, routes: Routes): Promise<FakeServer> {
  const seen: SeenRequest[] = []
  const server = createServer(async (request, response) => {
    const raw = await text(request)
    const one: SeenRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: raw === '' ? undefined : JSON.parse(raw),
    }
    seen.push(one)
    answer(response, routeOf(routes, one))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(
    () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  )
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    of: (method, path) =>
      seen.filter((one) => one.method === method && one.path.split('?')[0] === path),
  }
}

function routeOf(routes: Routes, request: SeenRequest): FakeAnswer {
  const route = routes[`${request.method} ${request.path.split('?')[0]}`]
  if (route === undefined) {
    return {
      status: 404,
      body: { code: 404, message: `no route ${request.method} ${request.path}` },
    }
  }
  return typeof route === 'function' ? route(request) : route
}

function answer(
  response: ServerResponse,
  { status = 200, body = {}, hangUp, stream }: FakeAnswer,
): void {
  if (hangUp === true) {
    response.socket?.destroy()
    return
  }
  if (stream !== undefined) {
    response.writeHead(status, { 'content-type': 'text/event-stream' })
    stream(response)
    return
  }
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
