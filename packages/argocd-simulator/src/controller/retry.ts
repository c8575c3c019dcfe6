import type { RetryStrategy } from '../application/application.ts'
import { goDurationMs } from '../time.ts'

const DEFAULT_DURATION_MS = 5_000
const DEFAULT_FACTOR = 2
const DEFAULT_MAX_DURATION_MS = 180_000

/** Whether an operation that failed `retryCount` retries ago gets another one. A negative limit means always. */
export function mayRetry(strategy: RetryStrategy, retryCount: number): boolean {
  const limit = strategy.limit ?? 0
  return limit < 0 || retryCount < limit
}

/** How long the next attempt waits. */
export function retryDelayMs(strategy: RetryStrategy, retryCount: number): number {
  const { duration, factor, maxDuration } = strategy.backoff ?? {}
  const firstMs = parsed(duration, DEFAULT_DURATION_MS)
  const longestMs = parsed(maxDuration, DEFAULT_MAX_DURATION_MS)
  return Math.min(firstMs * (factor ?? DEFAULT_FACTOR) ** retryCount, longestMs)
}

function parsed(duration: string | undefined, fallbackMs: number): number {
  if (duration === undefined || duration === '') return fallbackMs
  return goDurationMs(duration) ?? fallbackMs
}
