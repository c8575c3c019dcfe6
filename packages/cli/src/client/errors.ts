import { EXIT, type ExitCode } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'

/** Nobody answered, or not with HTTP. The same request may work later. */
export class ServerUnreachableError extends CommandFailure {
  constructor(endpoint: string, cause: unknown) {
    super(`cannot reach ${endpoint}: ${reason(cause)}`, EXIT.noVerdict, { cause })
  }
}

/** The server answered with an error. */
export class ServerRefusedError extends CommandFailure {
  readonly status: number

  constructor(status: number, message: string) {
    super(message, exitCodeOf(status))
    this.status = status
  }
}

/** The server answered something that this version does not understand. */
export class UnexpectedAnswerError extends CommandFailure {
  constructor(request: string, found: string) {
    super(`${request} answered something unexpected: ${found}`, EXIT.noVerdict)
  }
}

/** Something that the server depends on failed: a Git host. */
const FAILED_DEPENDENCY = 424
const TOO_MANY_REQUESTS = 429
const SERVER_ERROR = 500

/** Below 500 the request is wrong and stays wrong, but for two that say otherwise. */
function exitCodeOf(status: number): ExitCode {
  const mayPass = status === TOO_MANY_REQUESTS || status === FAILED_DEPENDENCY
  return status >= SERVER_ERROR || mayPass ? EXIT.noVerdict : EXIT.usage
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of the host could not be looked up',
  ECONNRESET: 'the connection was closed',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
}

/** fetch hides what happened in `cause`, sometimes as a list with one entry for each address of the host. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'no answer in time'
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && REASONS[code] !== undefined) return REASONS[code]
  if (error.cause !== undefined) return reason(error.cause)
  return error.message || error.name
}
