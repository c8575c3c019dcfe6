import { formatDuration } from '@tiphys/contract/duration.ts'
import type { CheckPlan } from '@tiphys/contract/test-plan.ts'
import type { Clock } from '../../ports/clock.ts'
import { faultsOf } from './expectation.ts'
import type { HttpTarget } from './http-target.ts'

export type CheckOutcome = {
  readonly name: string
  readonly passed: boolean
  readonly attempts: number
  /** Of the last attempt. */
  readonly durationMs: number
  /** `GET /health answered 503, not 2xx (14 attempts in 30s)`; empty when it passed. */
  readonly sentence: string
}

/** More than this of an answer is not read to look for a text in it. */
const MAX_BODY_BYTES = 1_000_000

type CheckRun = {
  readonly check: CheckPlan
  readonly target: HttpTarget
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Called after each failed attempt that will be followed by another. */
  readonly onRetry: (sentence: string) => void
}

/** Sends the request until the answer is as expected or the time is over. Rejects only when the signal aborts. */
export async function runCheck(run: CheckRun): Promise<CheckOutcome> {
  const { check, clock, signal } = run
  // Time is what the attempts and pauses took, so that a corrected clock neither shortens nor stretches it.
  let spentMs = 0
  for (let attempts = 1; ; attempts++) {
    const attempt = await attemptOnce(run, check.withinMs - spentMs)
    signal.throwIfAborted()
    spentMs += attempt.durationMs
    const { durationMs } = attempt
    if (attempt.faults.length === 0) {
      return { name: check.name, passed: true, attempts, durationMs, sentence: '' }
    }
    const isLast = spentMs + check.everyMs > check.withinMs
    const often = attempts === 1 ? '' : ` (${attempts} attempts in ${formatDuration(spentMs)})`
    const sentence = `${check.name} ${attempt.faults.join(', ')}${often}`
    if (isLast) return { name: check.name, passed: false, attempts, durationMs, sentence }
    run.onRetry(sentence)
    await clock.sleep(check.everyMs, signal)
    spentMs += check.everyMs
  }
}

type Attempt = { readonly durationMs: number; readonly faults: readonly string[] }

async function attemptOnce({ check, target }: CheckRun, remainingMs: number): Promise<Attempt> {
  const startMs = performance.now()
  // Of a check that is retried the last attempt must not outlast the time in which it has to hold.
  const timeoutMs =
    check.withinMs > 0 ? Math.min(check.timeoutMs, Math.max(remainingMs, 1)) : check.timeoutMs
  const exchange = await target.send(check.request, {
    timeoutMs,
    maxBodyBytes: MAX_BODY_BYTES,
    keepBody: true,
  })
  const durationMs = performance.now() - startMs
  switch (exchange.code) {
    case 'answered': {
      const { status, headers } = exchange
      const body = exchange.body.toString('utf8')
      return { durationMs, faults: faultsOf({ status, headers, body, durationMs }, check.expect) }
    }
    case 'timed-out':
      return { durationMs, faults: [`had no answer after ${formatDuration(timeoutMs)}`] }
    case 'failed':
      return { durationMs, faults: [`had no answer: ${exchange.message}`] }
    case 'too-large':
      return { durationMs, faults: [`answered more than ${MAX_BODY_BYTES} bytes`] }
    case 'aborted':
      return { durationMs, faults: ['was aborted'] }
  }
}
