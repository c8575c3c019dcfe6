import { ErrorBody } from '@tiphys/contract/http/error-body.ts'
import { ContextStreamQuery, ProjectStreamQuery } from '@tiphys/contract/http/native-stream.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Actor } from '../../intake/actor.ts'
import { type Refusal, sendRefusal } from '../answer.ts'
import { tokenOf } from '../authenticate.ts'
import type { ApiParts } from '../parts.ts'
import { ROUTE_ACCESS } from '../route-access.ts'
import { createConnection } from './connection.ts'
import { openingFrame } from './event-frames.ts'
import { runEventStream } from './event-stream.ts'
import {
  createOpenStreams,
  type OpenStreams,
  STREAM_LIMITS,
  type StreamLimits,
} from './open-streams.ts'
import type { StreamScope } from './stream-scope.ts'
import { contextScope, projectScope, startPosition } from './stream-start.ts'

const PROJECT_STREAM = '/api/tiphys/v1/projects/:project/events/stream'
const CONTEXT_STREAM = '/api/tiphys/v1/contexts/:context/events/stream'

/** How long a client waits before it connects again, in milliseconds. */
const RETRY_MS = 2_000
const RETRY_AFTER_SECONDS = 10
const OK = 200

/**
 * Streams of events (SSE, docs/api.md): by hand, because they outlive the framework's idea of an answer. Everything that can be refused
 * is refused before the first byte, in the one form of errors.
 */
export function addStreamRoutes(app: FastifyInstance, parts: ApiParts): void {
  const limits = parts.streamLimits ?? STREAM_LIMITS
  const open = createOpenStreams(parts, limits)
  app.addHook('preClose', (done) => {
    open.close()
    done()
  })
  const add = (path: string, summary: string, querystring: z.ZodType, find: FindStream) =>
    addStreamRoute(app, { path, summary, querystring, find, parts, open, limits })

  add(PROJECT_STREAM, 'Events of a project as they come', ProjectStreamQuery, (request) => {
    const query = request.query as ProjectStreamQuery
    const { project } = request.params as { project: string }
    const found = projectScope(parts, project, query)
    return Promise.resolve(found.ok ? { ...found, from: query.from || 'now', until: '' } : found)
  })
  add(
    CONTEXT_STREAM,
    'Events of a context, from its beginning and as they come',
    ContextStreamQuery,
    async (request, actor) => {
      const query = request.query as ContextStreamQuery
      const { context } = request.params as { context: string }
      const found = await contextScope(parts, context, query, actor)
      if (!found.ok) return found
      return { ...found, from: query.from || 'beginning', until: query.until ?? '' }
    },
  )
}

type FoundStream = {
  readonly ok: true
  readonly scope: StreamScope
  readonly from: 'beginning' | 'now'
  readonly until: 'end' | ''
}
type FindStream = (request: FastifyRequest, actor: Actor) => Promise<FoundStream | Refusal>

type StreamRoute = {
  readonly path: string
  readonly summary: string
  readonly querystring: z.ZodType
  readonly find: FindStream
  readonly parts: ApiParts
  readonly open: OpenStreams
  readonly limits: StreamLimits
}

function addStreamRoute(app: FastifyInstance, route: StreamRoute): void {
  const { path, summary, querystring, parts } = route
  const access = ROUTE_ACCESS[`GET ${path}`]
  if (access === undefined) throw new Error(`GET ${path} is not in the access table`)
  app.route({
    method: 'GET',
    url: parts.server.basePath + path,
    config: { access },
    schema: {
      summary,
      tags: ['tiphys'],
      querystring,
      response: {
        [OK]: { description: summary, content: { 'text/event-stream': { schema: z.string() } } },
        '4xx': ErrorBody,
      },
    },
    handler: (request, reply) => answer(request, reply, route, access),
  })
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  { find, parts, open, limits }: StreamRoute,
  access: (typeof ROUTE_ACCESS)[string],
): Promise<FastifyReply> {
  const { actor } = request
  if (actor === undefined) throw new Error('a stream is never public')
  const found = await find(request, actor)
  if (!found.ok) return sendRefusal(reply, found)
  const start = await startPosition(parts.store, cursorIn(request), found.from)
  if (!start.ok) return sendRefusal(reply, start)
  const refusal = open.refusal(actor.name)
  if (refusal !== undefined) {
    return sendRefusal(reply.header('retry-after', String(RETRY_AFTER_SECONDS)), refusal)
  }
  reply.headers({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    // Proxies of this kind gather an answer before they hand it on.
    'x-accel-buffering': 'no',
  })
  if (request.method === 'HEAD') return reply.send('')
  reply.hijack()
  reply.raw.writeHead(OK, reply.getHeaders() as Record<string, string>)
  const stream = {
    scope: found.scope,
    connection: createConnection(reply.raw, parts.clock),
    untilEnd: found.until === 'end',
    tokenName: actor.name,
    requestId: request.id,
    stalledMs: limits.stalledMs,
    position: start.position,
  }
  stream.connection.write(openingFrame(stream.position, RETRY_MS))
  open.add(stream, { token: tokenOf(request.headers), address: request.ip, access })
  await runEventStream(parts, stream)
  return reply
}

function cursorIn(request: FastifyRequest): string | undefined {
  const header = request.headers['last-event-id']
  if (typeof header === 'string' && header !== '') return header
  const { lastEventId } = request.query as { lastEventId?: string }
  return lastEventId || undefined
}
