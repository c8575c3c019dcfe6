import type { Delivery } from '../counts.ts'
import { pause } from '../time.ts'
import type { Webhook } from './settings.ts'

const TOO_MANY_REQUESTS = 429
const NOT_IMPLEMENTED = 501
const UNAVAILABLE = 503
const MS_PER_SECOND = 1000

export type DeliveryRequest = {
  readonly webhook: Webhook
  readonly trigger: string
  readonly application: string
  readonly body: string
  readonly signal: AbortSignal
  onAttempt(delivery: Delivery): void
}

/**
 * Posts as go-retryablehttp does: one try and `retryMax` more after connection errors, 429 and 5xx except 501,
 * with a wait that doubles and honours Retry-After. No time limit of its own. True if a 2xx came back.
 */
export async function deliver(request: DeliveryRequest): Promise<boolean> {
  const { webhook, signal } = request
  for (let attempt = 1; ; attempt += 1) {
    const { answer, retryAfterMs } = await post(request)
    if (signal.aborted) return false
    const isSent = typeof answer === 'number' && answer >= 200 && answer < 300
    const tryAgain = !isSent && isRetryable(answer) && attempt <= webhook.retryMax
    const outcome = isSent ? 'sent' : tryAgain ? 'retried' : 'failed'
    const { trigger, application, body } = request
    request.onAttempt({ trigger, application, url: webhook.url, attempt, answer, outcome, body })
    if (!tryAgain) return isSent
    const backoffMs = Math.min(webhook.retryWaitMinMs * 2 ** (attempt - 1), webhook.retryWaitMaxMs)
    if (!(await pause(retryAfterMs ?? backoffMs, signal))) return false
  }
}

async function post({
  webhook,
  body,
  signal,
}: DeliveryRequest): Promise<{ answer: number | string; retryAfterMs?: number }> {
  try {
    const headers = new Headers()
    for (const { name, value } of webhook.headers) headers.append(name, value)
    // A string body would make fetch invent a Content-Type; Argo CD sends none unless configured.
    const response = await fetch(webhook.url, {
      method: 'POST',
      headers,
      body: Buffer.from(body),
      signal,
    })
    await response.arrayBuffer()
    const { status } = response
    const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
    const isTimed = (status === TOO_MANY_REQUESTS || status === UNAVAILABLE) && retryAfter >= 0
    return { answer: status, ...(isTimed ? { retryAfterMs: retryAfter * MS_PER_SECOND } : {}) }
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error
    return { answer: cause instanceof Error ? cause.message : String(cause) }
  }
}

function isRetryable(answer: number | string): boolean {
  if (typeof answer === 'string') return true
  return answer === TOO_MANY_REQUESTS || (answer >= 500 && answer !== NOT_IMPLEMENTED)
}
