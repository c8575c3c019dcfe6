/** The gRPC codes that Argo CD's API answers with, by name. Clients branch on the number. */
export const GrpcCode = {
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  failedPrecondition: 9,
  aborted: 10,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode]

/** grpc-gateway's table. FailedPrecondition is 400 there, not 412. */
const HTTP_STATUS: Record<GrpcCode, number> = {
  2: 500,
  3: 400,
  4: 504,
  5: 404,
  6: 409,
  7: 403,
  9: 400,
  10: 409,
  13: 500,
  14: 503,
  16: 401,
}

/** An answer that says no. `message` is shown to people; `code` is for programs. */
export type Refusal = { code: GrpcCode; message: string }

export function refusal(code: GrpcCode, message: string): { refusal: Refusal } {
  return { refusal: { code, message } }
}

export function httpStatusOf(code: GrpcCode): number {
  return HTTP_STATUS[code]
}

/** The body grpc-gateway v1 makes of a gRPC error: the text stands in it twice. */
export function errorBody({ code, message }: Refusal): {
  error: string
  code: number
  message: string
} {
  return { error: message, code, message }
}
