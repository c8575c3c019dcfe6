import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Meter } from '../ports/meter.ts'

/** What the surface shows of itself. */
export type ObservationPart = {
  readonly meter: Meter
  /** The page that Prometheus reads. */
  page(): Promise<string>
  readonly contentType: string
  /** Whether the page needs no token. */
  readonly isPublic: boolean
}

const MS_PER_SECOND = 1_000
const HUNDRED = 100
/** A request that no route takes: its path is the client's, and there is no end of those. */
const UNMATCHED = 'unmatched'
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const STREAM = 'text/event-stream'

/** Counts every answer by the pattern of its route. Streams are counted when they end, and not timed: they last as long as their client. */
export function observeRequests(app: FastifyInstance, meter: Meter, basePath: string): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = routeOf(request, basePath)
    const method = METHODS.find((known) => known === request.method) ?? 'other'
    const status = `${Math.floor(reply.statusCode / HUNDRED)}xx`
    meter.count('tiphys_http_requests_total', { method, route, status })
    if (!String(reply.getHeader('content-type')).startsWith(STREAM)) {
      const seconds = reply.elapsedTime / MS_PER_SECOND
      meter.observe('tiphys_http_request_duration_seconds', seconds, { method, route })
    }
    done()
  })
}

function routeOf(request: FastifyRequest, basePath: string): string {
  const pattern = request.routeOptions.url
  if (pattern === undefined) return UNMATCHED
  return pattern.startsWith(basePath) ? pattern.slice(basePath.length) : pattern
}

/** What a request says of itself, for the log and for traces. */
export function requestFacts(request: FastifyRequest) {
  const { traceparent } = request.headers
  return {
    requestId: request.id,
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
  }
}

/** Long enough for every tracing system's ids, short and plain enough for a log line. */
const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{7,63}$/

/** The id that a client or a proxy gave its request, when it is one that can stand in a log; else undefined. */
export function givenRequestId(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : undefined
}
