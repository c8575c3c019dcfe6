import { isIP } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { checkProject, checkScope } from './access.ts'
import { refuse, sendRefusal } from './answer.ts'
import { TOO_MANY_REQUESTS, tokenOf, UNAUTHENTICATED } from './authenticate.ts'
import type { ApiParts } from './parts.ts'

const MS_PER_SECOND = 1000

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}

/**
 * The door: who asks, and whether they may use this route and this project. It runs before the body is read, so that a stranger cannot
 * make us parse anything.
 */
export function guardRoutes(app: FastifyInstance, parts: ApiParts): void {
  app.decorateRequest('actor', undefined)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS)
    reply.header('x-request-id', request.id)
    if (parts.server.checkHost && !isLoopbackHost(request.host)) {
      return sendRefusal(
        reply,
        refuse(
          'wrong-host',
          `this server listens on loopback and answers to localhost only, not to ${JSON.stringify(request.host)}`,
        ),
      )
    }
    const { access } = request.routeOptions.config
    // Unknown routes have no access line and are answered as such.
    if (access === undefined || access === 'public') return
    const refused = await admit(request, reply, parts)
    if (refused !== undefined) return refused
  })
}

async function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: ApiParts,
): Promise<FastifyReply | undefined> {
  const authentication = await parts.authenticate(tokenOf(request.headers), request.ip)
  if (authentication.code === 'throttled') {
    const seconds = Math.max(1, Math.ceil(authentication.retryAfterMs / MS_PER_SECOND))
    reply.header('retry-after', String(seconds))
    return sendRefusal(reply, refuse('throttled', TOO_MANY_REQUESTS))
  }
  if (authentication.code === 'unauthenticated') {
    return sendRefusal(reply, refuse('unauthenticated', UNAUTHENTICATED))
  }
  const { actor } = authentication
  request.actor = actor
  const { access } = request.routeOptions.config
  const refusal =
    (access === undefined ? undefined : checkScope(actor, access)) ??
    projectsOf(request)
      .map((project) => checkProject(actor, project))
      .find((one) => one !== undefined)
  return refusal === undefined ? undefined : sendRefusal(reply, refusal)
}

/** The projects that path and query name; a body's are checked by its handler or by the intake. */
function projectsOf(request: FastifyRequest): string[] {
  const params = request.params as { project?: unknown }
  const query = request.query as { project?: unknown }
  return [params.project, query.project].filter(
    (name): name is string => typeof name === 'string' && name !== '',
  )
}

function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  if (name === 'localhost' || name.endsWith('.localhost') || name === '[::1]') return true
  return isIP(name) === 4 && name.startsWith('127.')
}
