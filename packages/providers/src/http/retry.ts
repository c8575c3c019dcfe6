import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpAnswer } from './guarded-http.ts'
import { HttpError } from './http-error.ts'

export type RetryPolicy = {
  readonly attempts: number
  /** Before the second attempt; doubles each time. */
  readonly firstDelayMs: number
  readonly maxDelayMs: number
  /** How long an answer asks to wait, for servers that do not say so with `Retry-After`. */
  readonly waitMs?: (headers: HttpAnswer['headers']) => number | undefined
}

/** Three attempts within about a second: enough for a restart behind a load balancer, short enough for someone who waits. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 3, firstDelayMs: 250, maxDelayMs: 5_000 }

const TOO_MANY_REQUESTS = 429
const SERVER_ERROR = 500
const NOT_IMPLEMENTED = 501
const MS_PER_SECOND = 1000

/**
 * Repeats a request that is safe to repeat while the server says 429 or 5xx, or cannot be reached, with back-off and what `Retry-After` asks for
 * (up to `maxDelayMs`). The last answer or error is the result.
 */
export async function withRetry(
  attempt: () => Promise<HttpAnswer>,
  policy: RetryPolicy,
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  for (let count = 1; ; count++) {
    const isLast = count >= policy.attempts
    const backOffMs = Math.min(policy.firstDelayMs * 2 ** (count - 1), policy.maxDelayMs)
    let delayMs = backOffMs
    try {
      const answer = await attempt()
      if (isLast || !isTemporary(answer.status)) return answer
      const askedMs = policy.waitMs?.(answer.headers) ?? retryAfterMs(answer)
      delayMs = Math.min(Math.max(backOffMs, askedMs), policy.maxDelayMs)
    } catch (thrown) {
      if (isLast || !(thrown instanceof HttpError) || !thrown.retryable) throw thrown
    }
    await sleep(delayMs, undefined, signal && { signal })
  }
}

function isTemporary(status: number): boolean {
  return status === TOO_MANY_REQUESTS || (status >= SERVER_ERROR && status !== NOT_IMPLEMENTED)
}

/** Seconds only; the form with a date is rare and would need a clock. */
function retryAfterMs(answer: HttpAnswer): number {
  const seconds = Number(answer.headers['retry-after'])
  return Number.isFinite(seconds) && seconds > 0 ? seconds * MS_PER_SECOND : 0
}
