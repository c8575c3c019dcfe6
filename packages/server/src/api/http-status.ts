/**
 * The one table from the outcome of a request to its HTTP status. A code is stable and says what happened; which number that is in
 * HTTP stands nowhere else.
 */
export const HTTP_STATUS = {
  invalid: 400,
  'invalid-event': 400,
  'invalid-uri': 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  'project-not-found': 404,
  'service-not-found': 404,
  'upstream-not-found': 404,
  exists: 409,
  'upstream-taken': 409,
  'upstream-conflict': 409,
  conflict: 409,
  'too-large': 413,
  'unsupported-media-type': 415,
  'wrong-host': 421,
  'upstream-url-refused': 422,
  // Keptn's clients know it as what is wrong with a Git token or host.
  'upstream-failed': 424,
  throttled: 429,
  internal: 500,
  unavailable: 503,
} as const

export type RefusalCode = keyof typeof HTTP_STATUS
