import { ApiError } from '@tiphys/contract/argocd-api.ts'
import type { ArgoCdFailure, ArgoCdFailureCode } from '../../ports/argocd.ts'

/** What was being done, for the sentence: `sync application argocd/carts`. */
export type Doing = { readonly instance: string; readonly what: string }

const GRPC_CANCELLED = 1
const GRPC_UNKNOWN = 2
const GRPC_INVALID = 3
const GRPC_DEADLINE = 4
const GRPC_NOT_FOUND = 5
const GRPC_EXISTS = 6
const GRPC_PERMISSION = 7
const GRPC_EXHAUSTED = 8
const GRPC_PRECONDITION = 9
const GRPC_ABORTED = 10
const GRPC_UNIMPLEMENTED = 12
const GRPC_UNAVAILABLE = 14
const GRPC_UNAUTHENTICATED = 16

const RETRYABLE: ReadonlySet<ArgoCdFailureCode> = new Set([
  'operation-in-progress',
  'blocked',
  'conflict',
  'throttled',
  'unreachable',
  'timed-out',
  'server-error',
])

/** Longer than any of Argo CD's own words that help; a rendered manifest in an error is not shown whole. */
const MAX_WORDS = 500

/**
 * What a refusal means. The gRPC code decides; the text only where one code has several meanings. Answers without a code come
 * from the router or from a proxy in between, as plain text or HTML.
 */
export function failureOf(doing: Doing, status: number, body: string): ArgoCdFailure {
  const error = apiError(body)
  if (error !== undefined) {
    return failure(doing, codeOfGrpc(error.code, error.words), error.words || `code ${error.code}`)
  }
  const words = plainWords(body)
  const said = words === '' ? `HTTP ${status}` : `HTTP ${status}: ${words}`
  return failure(doing, codeOfStatus(status), said)
}

export function failure(doing: Doing, code: ArgoCdFailureCode, words: string): ArgoCdFailure {
  const short = words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS)}…` : words
  return {
    code,
    message: `cannot ${doing.what} on Argo CD ${doing.instance}: ${short}`,
    retryable: RETRYABLE.has(code),
  }
}

/** A call that got no answer at all. */
export function failureOfError(doing: Doing, error: unknown): ArgoCdFailure {
  return failure(doing, 'unreachable', causeOf(error))
}

function apiError(body: string): { code: number; words: string } | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return undefined
  }
  const result = ApiError.safeParse(parsed)
  if (!result.success) return undefined
  const { code, message, error } = result.data
  return { code, words: oneLine(message || error || '') }
}

export function codeOfGrpc(code: number, words: string): ArgoCdFailureCode {
  switch (code) {
    case GRPC_UNAUTHENTICATED:
      return 'unauthenticated'
    case GRPC_PERMISSION:
      return /blocked by sync window/i.test(words) ? 'blocked' : 'permission-denied'
    case GRPC_NOT_FOUND:
      return 'not-found'
    case GRPC_PRECONDITION:
      return codeOfPrecondition(words)
    case GRPC_INVALID:
      return /no operation is in progress/i.test(words) ? 'no-operation' : 'invalid'
    case GRPC_EXISTS:
    case GRPC_ABORTED:
      return 'conflict'
    case GRPC_EXHAUSTED:
      return 'throttled'
    case GRPC_CANCELLED:
    case GRPC_DEADLINE:
      return 'timed-out'
    case GRPC_UNIMPLEMENTED:
      return 'unsupported'
    case GRPC_UNKNOWN:
    case GRPC_UNAVAILABLE:
      return 'server-error'
    default:
      return 'server-error'
  }
}

function codeOfPrecondition(words: string): ArgoCdFailureCode {
  if (/another operation is already in progress/i.test(words)) return 'operation-in-progress'
  if (/auto-sync/i.test(words)) return 'auto-sync-refused'
  if (/application is deleting/i.test(words)) return 'being-deleted'
  return 'invalid'
}

const HTTP_UNAUTHORIZED = 401
const HTTP_FORBIDDEN = 403
const HTTP_TIMEOUT = 408
const HTTP_TOO_MANY = 429
const HTTP_SERVER_ERROR = 500
const HTTP_NOT_IMPLEMENTED = 501

function codeOfStatus(status: number): ArgoCdFailureCode {
  if (status === HTTP_UNAUTHORIZED) return 'unauthenticated'
  if (status === HTTP_FORBIDDEN) return 'permission-denied'
  if (status === HTTP_TIMEOUT) return 'timed-out'
  if (status === HTTP_TOO_MANY) return 'throttled'
  if (status === HTTP_NOT_IMPLEMENTED) return 'unsupported'
  if (status >= HTTP_SERVER_ERROR) return 'server-error'
  // A page that is not there, a redirect to another address, 415: whatever answers, our URL does not fit it.
  return 'unexpected-answer'
}

/** The beginning of a text answer; of an HTML page nothing but its title says anything. */
function plainWords(body: string): string {
  const title = /<title>([^<]*)<\/title>/i.exec(body)?.[1]
  if (title !== undefined) return oneLine(title)
  return body.trimStart().startsWith('<') ? '' : oneLine(body)
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_WORDS)
}

/** The innermost reason: `connect ECONNREFUSED 127.0.0.1:8080`. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0])
  return error.cause instanceof Error ? causeOf(error.cause) : error.message
}
