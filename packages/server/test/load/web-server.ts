import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A real HTTP server on loopback that a test sends its requests to. */
export type WebServer = {
  readonly url: string
  /** `127.0.0.1:43210` */
  readonly host: string
  /** `GET /path` of every request that arrived, in order. */
  readonly seen: readonly string[]
  readonly openSockets: () => number
  /** Sockets that were ever opened. */
  readonly acceptedSockets: () => number
  [Symbol.asyncDispose](): Promise<void>
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

export async function startWebServer(answer: Answer): Promise<WebServer> {
  const seen: string[] = []
  const sockets = new Set<Socket>()
  let accepted = 0
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  server.on('connection', (socket) => {
    accepted += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const host = `127.0.0.1:${port}`
  return {
    url: `http://${host}`,
    host,
    seen,
    openSockets: () => sockets.size,
    acceptedSockets: () => accepted,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function answerAfter(delayMs: number): Answer {
  return (_request, response) => {
    setTimeout(() => response.end('ok'), delayMs)
  }
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Resolves when the condition holds; fails the test when it does not within a generous time. */
export async function until(condition: () => boolean, limitMs = 10_000): Promise<void> {
  const startMs = performance.now()
  while (!condition()) {
    if (performance.now() - startMs > limitMs) throw new Error(`not true within ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
