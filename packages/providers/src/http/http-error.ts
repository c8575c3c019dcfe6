/** Why a request came to no answer. What a server answers, also 500, is an answer and no error. */
export type HttpErrorCode =
  | 'bad-url'
  | 'address-refused'
  | 'name-unknown'
  | 'unreachable'
  | 'tls'
  | 'broken'
  | 'timed-out'
  | 'too-large'
  | 'redirect-refused'
  | 'aborted'

const RETRYABLE: ReadonlySet<HttpErrorCode> = new Set(['unreachable', 'broken', 'timed-out'])

/** Messages name host and port, never path, query or credentials. */
export class HttpError extends Error {
  override name = 'HttpError'
  readonly code: HttpErrorCode
  /** Whether the same request may fare better a moment later. */
  readonly retryable: boolean

  constructor(code: HttpErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
    this.retryable = RETRYABLE.has(code)
  }
}

const TLS_CODES = /^(CERT_|EPROTO|ERR_TLS|ERR_SSL|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED)/

/** The error of a socket, a TLS handshake or an HTTP parser in our words. */
export function toHttpError(thrown: unknown, place: string): HttpError {
  if (thrown instanceof HttpError) return thrown
  const cause = firstOf(thrown)
  const code = codeOf(cause)
  if (TLS_CODES.test(code)) {
    return new HttpError('tls', `${place} could not be spoken to over TLS (${code})`, { cause })
  }
  if (code.startsWith('HPE_')) {
    return new HttpError('broken', `${place} does not speak HTTP (${code})`, { cause })
  }
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new HttpError('name-unknown', `the name of ${place} is not known (${code})`, { cause })
    case 'ECONNREFUSED':
      return new HttpError('unreachable', `${place} refused the connection`, { cause })
    case 'ECONNRESET':
    case 'EPIPE':
      return new HttpError('broken', `${place} closed the connection`, { cause })
    default: {
      const reason = code || (cause instanceof Error ? cause.message : String(cause))
      return new HttpError('unreachable', `${place} cannot be reached (${reason})`, { cause })
    }
  }
}

/** Where several addresses were tried, node throws one error around all of theirs. */
function firstOf(thrown: unknown): unknown {
  return thrown instanceof AggregateError && thrown.errors.length > 0 ? thrown.errors[0] : thrown
}

function codeOf(thrown: unknown): string {
  const code = (thrown as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : ''
}
