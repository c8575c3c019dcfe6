import { z } from 'zod'

const Failure = z.looseObject({
  /** `com.amazonaws.cloudwatch#InvalidParameterValueException`, or the name alone. */
  __type: z.string(),
  message: z.string().optional(),
  Message: z.string().optional(),
})

const [BAD_REQUEST, FORBIDDEN, TOO_MANY_REQUESTS] = [400, 403, 429]

/** "Common errors" of CloudWatch's API reference, with the endings that the JSON protocol adds. */
const NOT_ALLOWED =
  /^(AccessDenied|ExpiredToken|IncompleteSignature|InvalidClientTokenId|InvalidSignature|MissingAuthenticationToken|NotAuthorized|OptInRequired|RequestExpired|SignatureDoesNotMatch|UnrecognizedClient)(Exception)?$/
const TOO_MANY =
  /^(Throttling|ThrottledException|RequestLimitExceeded|TooManyRequests|LimitExceeded)(Exception)?$/

function nameOf(type: string): string {
  // What is before `#` names the service, what is after `:` a page about it.
  return type.replace(/^.*#/, '').replace(/:.*$/, '')
}

/** AWS' own words: `InvalidParameterValueException: The end time …`. */
export function complaintOf(body: unknown): string | undefined {
  const failed = Failure.safeParse(body)
  if (!failed.success) return undefined
  const { __type, message, Message } = failed.data
  return [nameOf(__type), message ?? Message].filter(Boolean).join(': ')
}

/** AWS says 400 for nearly everything; the name of the error says what HTTP would have said. */
export function statusOf(status: number, body: unknown): number {
  const failed = Failure.safeParse(body)
  if (status !== BAD_REQUEST || !failed.success) return status
  const name = nameOf(failed.data.__type)
  if (NOT_ALLOWED.test(name)) return FORBIDDEN
  return TOO_MANY.test(name) ? TOO_MANY_REQUESTS : status
}
