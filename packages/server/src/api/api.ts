import { randomUUID } from 'node:crypto'
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyServerOptions,
} from 'fastify'
import { auditRequests } from './audit-requests.ts'
import { guardRoutes } from './guard.ts'
import { parseJsonBodies } from './json-body.ts'
import { addKeptnRoutes } from './keptn-v1/routes.ts'
import { addNativeRoutes } from './native/routes.ts'
import { createTaskFeed } from './native/task-feed.ts'
import { givenRequestId, observeRequests } from './observe-requests.ts'
import { describeApi } from './openapi.ts'
import type { ApiParts } from './parts.ts'
import { answerBadPath, answerErrors } from './request-errors.ts'
import { routesOf } from './route.ts'
import { addServerRoutes } from './server-routes.ts'
import { addPollRoutes } from './streams/poll-routes.ts'
import { addStreamRoutes } from './streams/stream-routes.ts'
import { zodValidator } from './validation.ts'

/** Where a route names no limit of its own. */
const BODY_LIMIT_BYTES = 1024 * 1024
/** Names in paths; resource URIs are the longest. */
const MAX_PARAMETER_CHARACTERS = 1024
/** A client that opens a connection and sends nothing is let go. */
const REQUEST_TIMEOUT_MS = 60_000

/**
 * Named from the start, so that Fastify's own compilers of JSON Schema are not even loaded: three megabytes. Its types know no others; these
 * are never asked, because the ones below take their place before any route is added.
 */
const OWN_COMPILERS = {
  compilersFactory: { buildValidator: () => zodValidator, buildSerializer: () => JSON.stringify },
} as unknown as NonNullable<FastifyServerOptions['schemaController']>

/**
 * The HTTP surface: translates requests into calls of the parts and their answers into Keptn's and our bodies. It listens
 * nowhere; the composition root does that.
 */
export async function createApi(parts: ApiParts): Promise<FastifyInstance> {
  const { server, log } = parts
  const app = fastify({
    logger: false,
    genReqId: (request) => givenRequestId(request.headers['x-request-id']) ?? randomUUID(),
    requestIdHeader: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // One proxy: what it appended last. Anything further left the client may have written itself.
    trustProxy: server.behindProxy ? (_address: string, hop: number) => hop === 0 : false,
    // Requests under way are answered first; drain.ts bounds how long that takes.
    forceCloseConnections: 'idle',
    routerOptions: {
      // Clients of Keptn write `/project/{p}//resource`.
      ignoreDuplicateSlashes: true,
      ignoreTrailingSlash: true,
      maxParamLength: MAX_PARAMETER_CHARACTERS,
    },
    schemaController: OWN_COMPILERS,
    ...(parts.tls === undefined ? {} : { https: parts.tls }),
    // Its reply is generic over schemas that no route has chosen yet; it is an ordinary one.
    frameworkErrors: (error, _request, reply) =>
      answerBadPath(error, reply as unknown as FastifyReply),
  })
  app.setValidatorCompiler(zodValidator)
  app.setSerializerCompiler(() => (body) => JSON.stringify(body))
  parseJsonBodies(app)
  answerErrors(app, log)
  guardRoutes(app, parts)
  app.addHook('onResponse', (request, reply, done) => {
    log.debug(
      {
        requestId: request.id,
        method: request.method,
        url: request.url,
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime),
        by: request.actor?.name,
      },
      'request',
    )
    done()
  })
  if (parts.observation) observeRequests(app, parts.observation.meter, server.basePath)
  await describeApi(app, server)
  addServerRoutes(app, server, parts.observation)
  const add = routesOf(app, server.basePath, auditRequests(app, parts))
  addKeptnRoutes(add, parts)
  const taskFeed = createTaskFeed(parts)
  // Before the server waits for its requests: those that wait for tasks are answered now.
  app.addHook('preClose', (done) => {
    taskFeed.close()
    done()
  })
  addNativeRoutes(add, { ...parts, taskFeed })
  addPollRoutes(add, parts)
  addStreamRoutes(app, parts)
  return app
}
