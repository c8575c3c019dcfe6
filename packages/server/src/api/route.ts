import { ErrorBody } from '@tiphys/contract/http/error-body.ts'
import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify'
import type { z } from 'zod'
import type { Actor } from '../intake/actor.ts'
import { type Answer, sendRefusal } from './answer.ts'
import type { AuditRequest } from './audit-requests.ts'
import { type Access, ROUTE_ACCESS } from './route-access.ts'
import { ROUTE_AUDIT } from './route-audit.ts'

/**
 * One route as data, and a handler that knows no HTTP: it gets what was parsed and answers with a value. The path is written
 * without the base path, exactly as in `ROUTE_ACCESS`.
 */
export type Route<Path extends string, Query, Body, Success> = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: Path
  /** One line for OpenAPI. */
  readonly summary: string
  readonly query?: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  /** `false`: the body is only described here; whoever takes it says what is wrong with it. */
  readonly checkBody?: boolean
  readonly bodyLimitBytes?: number
  readonly success: z.ZodType<Success>
  readonly successStatus?: number
  handle(request: RouteRequest<Path, Query, Body>): Promise<Answer<Success>> | Answer<Success>
}

export type RouteRequest<Path extends string, Query, Body> = {
  readonly params: { readonly [Name in ParamName<Path>]: string }
  readonly query: Query
  readonly body: Body
  readonly actor: Actor
  readonly raw: FastifyRequest
}

type ParamName<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | ParamName<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before a handler runs, unless the route is public. */
    actor: Actor | undefined
  }
  interface FastifyContextConfig {
    access?: Access
  }
}

/** Who a public route acts for: nobody, who may nothing. */
const NOBODY: Actor = { name: 'nobody', scopes: [], projects: [] }

export type AddRoute = <Path extends string, Query, Body, Success>(
  route: Route<Path, Query, Body, Success>,
) => void

/** Binds routes to a server: `add({ method, path, …, handle })`. */
export function routesOf(
  app: FastifyInstance,
  basePath: string,
  beginAudit: AuditRequest,
): AddRoute {
  return (route) => {
    const line = `${route.method} ${route.path}`
    const access = ROUTE_ACCESS[line]
    const audit = ROUTE_AUDIT[line]
    if (access === undefined) {
      throw new Error(`${line} is not in the access table`)
    }
    type Request = Parameters<typeof route.handle>[0]
    app.route({
      method: route.method,
      url: basePath + route.path,
      config: audit === undefined ? { access } : { access, audit },
      schema: schemaOf(route),
      ...(route.bodyLimitBytes === undefined ? {} : { bodyLimit: route.bodyLimitBytes }),
      ...(route.checkBody === false ? { validatorCompiler: () => () => true } : {}),
      handler: async (request, reply) => {
        const endAudit = beginAudit(request)
        const answer = await route.handle({
          // The router gives the parameters that the path names, the validator what the schemas make of query and body.
          params: request.params as Request['params'],
          query: request.query as Request['query'],
          body: request.body as Request['body'],
          actor: request.actor ?? NOBODY,
          raw: request,
        })
        if (!answer.ok) return sendRefusal(reply, answer)
        await endAudit?.(answer)
        if (answer.headers !== undefined) reply.headers(answer.headers)
        return reply.code(answer.status).send(answer.body)
      },
    })
  }
}

const OK = 200

function schemaOf(route: {
  readonly summary: string
  readonly path: string
  readonly query?: unknown
  readonly body?: unknown
  readonly success: unknown
  readonly successStatus?: number
}): FastifySchema {
  return {
    summary: route.summary,
    tags: [tagOf(route.path)],
    ...(route.query === undefined ? {} : { querystring: route.query }),
    ...(route.body === undefined ? {} : { body: route.body }),
    response: { [route.successStatus ?? OK]: route.success, '4xx': ErrorBody },
  }
}

function tagOf(path: string): string {
  const [, api, part] = path.split('/')
  if (api !== 'api' || part === undefined) return 'server'
  return part === 'v1' ? 'api' : part
}
