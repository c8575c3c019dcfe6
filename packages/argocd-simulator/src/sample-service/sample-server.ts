import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Behaviour, responseTo } from './behaviour.ts'
import { Metrics } from './metrics.ts'

export type SampleServer = {
  readonly port: number
  /** Stops listening, lets running requests finish. */
  close(): Promise<void>
}

/**
 * The HTTP side of the sample service on a free loopback port: `/` does the work of its version, `/health`
 * is its readiness (200 or 503), `/version` names it, `/metrics` is what it measured of itself.
 */
export async function startSampleServer(behaviour: Behaviour): Promise<SampleServer> {
  const startedAtMs = Date.now()
  const metrics = new Metrics()
  let requests = 0

  async function work(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const beganMs = performance.now()
    const { status, latencyMs } = responseTo(behaviour, requests++)
    await wait(latencyMs)
    reply(response, status, {
      version: behaviour.version,
      message: status === 200 ? 'ahoy' : 'the mast broke',
    })
    const durationMs = performance.now() - beganMs
    metrics.observe({ method: request.method ?? 'GET', path: '/', status, durationMs })
  }

  function route(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '/').split('?')[0]
    if (path === '/') work(request, response).catch(() => response.destroy())
    else if (path === '/version') reply(response, 200, { version: behaviour.version })
    else if (path === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
      response.end(metrics.text(behaviour.version))
    } else if (path === '/health') {
      const isReady = isReadyAt(behaviour, Date.now() - startedAtMs)
      reply(response, isReady ? 200 : 503, { status: isReady ? 'ok' : 'not ready' })
    } else reply(response, 404, { message: `no such path: ${path}` })
  }

  const server = createServer(route)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, close: () => close(server) }
}

/** Whether the service says it is ready, this long after its start. */
export function isReadyAt(behaviour: Behaviour, uptimeMs: number): boolean {
  if (behaviour.isNeverReady || uptimeMs < behaviour.readyAfterMs) return false
  const { unreadyAfterMs } = behaviour
  return unreadyAfterMs === undefined || uptimeMs < behaviour.readyAfterMs + unreadyAfterMs
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  await closed
}
