import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import type { Log } from '../ports/log.ts'
import { StoreError } from '../ports/store.ts'
import { LostCopyError } from '../ports/upstreams.ts'
import { RefusedError, refuse, sendRefusal } from './answer.ts'

const BYTES_PER_KB = 1024
const CLIENT_ERROR = 400
const SERVER_ERROR = 500

/**
 * What a client sees when something went wrong: one sentence, never a stack. Infrastructure failures are logged with the request's id,
 * which the answer carries too.
 */
export function answerErrors(app: FastifyInstance, log: Log): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    if (error instanceof RefusedError) return sendRefusal(reply, error.refusal)
    // Told in the log once, when it began.
    if (error instanceof LostCopyError) {
      return sendRefusal(reply, refuse('upstream-failed', error.message))
    }
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      const limitKb = Math.floor(request.routeOptions.bodyLimit / BYTES_PER_KB)
      return sendRefusal(
        reply,
        refuse(
          'too-large',
          `the request body is larger than ${limitKb} KB, the most that is taken`,
        ),
      )
    }
    const status = error.statusCode ?? SERVER_ERROR
    if (status >= CLIENT_ERROR && status < SERVER_ERROR) {
      return reply.code(status).send({ code: status, message: error.message })
    }
    log.error(
      { requestId: request.id, method: request.method, url: request.url, err: error },
      'request failed',
    )
    if (error instanceof StoreError) {
      return sendRefusal(reply, refuse('unavailable', `nothing was accepted: ${error.message}`))
    }
    return sendRefusal(
      reply,
      refuse('internal', `something went wrong here; the server's log has it under ${request.id}`),
    )
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]
    return sendRefusal(reply, refuse('not-found', `there is no ${request.method} ${path}`))
  })
}

/** A path that cannot be decoded, or a name that is longer than any of ours: refused before a route is found. */
export function answerBadPath(error: { readonly message: string }, reply: FastifyReply): void {
  sendRefusal(
    reply,
    refuse('invalid', error.message.split('\n', 1)[0] ?? 'this path cannot be read'),
  )
}
