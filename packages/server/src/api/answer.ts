import type { ErrorBody, FileProblem } from '@tiphys/contract/http/error-body.ts'
import type { FastifyReply } from 'fastify'
import { HTTP_STATUS, type RefusalCode } from './http-status.ts'

/** What a handler decided; turning it into HTTP happens in one place (route.ts). */
export type Answer<Body> = Success<Body> | Refusal

export type Success<Body> = {
  readonly ok: true
  readonly status: number
  readonly body: Body
  readonly headers?: Readonly<Record<string, string>>
}

export type Refusal = {
  readonly ok: false
  readonly code: RefusalCode
  /** One sentence for whoever sent the request. */
  readonly message: string
  readonly problems?: readonly FileProblem[]
}

const OK = 200
const CREATED = 201

export function ok<Body>(body: Body, headers?: Readonly<Record<string, string>>): Success<Body> {
  return headers === undefined
    ? { ok: true, status: OK, body }
    : { ok: true, status: OK, body, headers }
}

export function created<Body>(body: Body): Success<Body> {
  return { ok: true, status: CREATED, body }
}

export function refuse(
  code: RefusalCode,
  message: string,
  problems: readonly FileProblem[] = [],
): Refusal {
  return problems.length === 0
    ? { ok: false, code, message }
    : { ok: false, code, message, problems }
}

/** What a part of ours answered instead of doing it; invalid files come with everything that is wrong with them. */
export function refusalOf(answer: {
  readonly code: RefusalCode
  readonly message: string
  readonly problems?: readonly FileProblem[]
}): Refusal {
  return refuse(answer.code, answer.message, answer.problems)
}

/** Thrown where a framework leaves no other way out (body parsers, validators); the error handler answers with the refusal. */
export class RefusedError extends Error {
  override name = 'RefusedError'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const code = HTTP_STATUS[refusal.code]
  reply.request.refusalCode = refusal.code
  const body: ErrorBody = {
    code,
    message: refusal.message,
    ...(refusal.problems === undefined ? {} : { problems: [...refusal.problems] }),
  }
  return reply.code(code).type('application/json').send(JSON.stringify(body))
}
