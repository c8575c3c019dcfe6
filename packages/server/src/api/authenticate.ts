import type { IncomingHttpHeaders } from 'node:http'
import type { Actor } from '../intake/actor.ts'

/** Who sends a request. Asked before the body is read; failures are throttled per address behind this door. */
export type Authenticate = (
  token: string | undefined,
  address: string,
) => Promise<Authentication> | Authentication

export type Authentication =
  | { readonly code: 'authenticated'; readonly actor: Actor }
  | { readonly code: 'unauthenticated' }
  | { readonly code: 'throttled'; readonly retryAfterMs: number }

/** Keptn's words, which clients print (facts/keptn-v1.md 2.1). */
export const UNAUTHENTICATED = 'unauthenticated or invalid credentials'
export const TOO_MANY_REQUESTS = 'too many requests'

const BEARER = /^bearer +(\S+) *$/i

/** `x-token`, as Keptn's clients send it, or `Authorization: Bearer`. */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const token = headers['x-token']
  if (typeof token === 'string' && token !== '') return token
  return BEARER.exec(headers.authorization ?? '')?.[1]
}
