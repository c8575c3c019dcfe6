import type { Clock } from '../ports/clock.ts'

/** Tries something outside until it works, cannot work, or the time is over. */
export type Trying = {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Read anew at every try: it moves while a run is paused or blocked. */
  deadlineMs(): number
  /** Told why it has to try again. */
  onRetry(message: string): Promise<void>
}

export type Attempt<T> =
  | { readonly code: 'done'; readonly value: T }
  | { readonly code: 'again'; readonly message: string }

export type Tried<T> =
  | { readonly code: 'done'; readonly value: T }
  | { readonly code: 'out-of-time'; readonly message: string }

const FIRST_BACK_OFF_MS = 500
const MAX_BACK_OFF_MS = 15_000

export async function keepTrying<T>(
  trying: Trying,
  attempt: () => Promise<Attempt<T>>,
): Promise<Tried<T>> {
  const { clock, signal } = trying
  let backOffMs = FIRST_BACK_OFF_MS
  for (;;) {
    const tried = await attempt()
    if (tried.code === 'done') return tried
    const leftMs = trying.deadlineMs() - clock.nowMs()
    if (leftMs <= 0) return { code: 'out-of-time', message: `timed out: ${tried.message}` }
    await trying.onRetry(tried.message)
    await clock.sleep(Math.min(backOffMs, leftMs), signal)
    backOffMs = nextBackOff(backOffMs)
  }
}

export function nextBackOff(backOffMs: number): number {
  return Math.min(backOffMs * 2, MAX_BACK_OFF_MS)
}
