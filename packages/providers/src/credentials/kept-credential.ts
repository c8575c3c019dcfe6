/** What a source of credentials answers: something that ends at some time, or a sentence that says why there is none. */
export type Fetched<Value> =
  | {
      readonly ok: true
      readonly value: Value
      /** Milliseconds since 1970; undefined: it does not end. */
      readonly expiresAtMs?: number | undefined
    }
  | { readonly ok: false; readonly message: string }

export type CredentialSource<Value> = (signal?: AbortSignal) => Promise<Fetched<Value>>

/** AWS offers new credentials five minutes before the old ones end, Google a new token four minutes before. */
const RENEW_BEFORE_END_MS = 3 * 60_000
/** The indicators of one evaluation need not each be refused by the same source. */
const REFUSAL_KEPT_MS = 5_000

/**
 * Asks the source once, however many wait, and keeps the answer until shortly before it ends, a refusal for a few seconds. Where renewing
 * fails, what is still good is used. A caller who gives up leaves the others waiting.
 */
export function keptCredential<Value>(
  source: () => Promise<Fetched<Value>>,
  nowMs: () => number,
): CredentialSource<Value> {
  let kept: Fetched<Value> | undefined
  let refused: { readonly answer: Fetched<Value>; readonly untilMs: number } | undefined
  let underWay: Promise<Fetched<Value>> | undefined

  async function renew(): Promise<Fetched<Value>> {
    const fresh = await source()
    if (fresh.ok) kept = fresh
    const answer = kept !== undefined && isGood(kept, nowMs(), 0) ? kept : fresh
    if (!fresh.ok) refused = { answer, untilMs: nowMs() + REFUSAL_KEPT_MS }
    return answer
  }

  return async (signal) => {
    if (kept !== undefined && isGood(kept, nowMs(), RENEW_BEFORE_END_MS)) return kept
    if (refused !== undefined && nowMs() < refused.untilMs) return refused.answer
    underWay ??= renew().finally(() => {
      underWay = undefined
    })
    return await unlessAborted(underWay, signal)
  }
}

function isGood(kept: Fetched<unknown>, nowMs: number, spareMs: number): boolean {
  return kept.ok && (kept.expiresAtMs === undefined || nowMs + spareMs < kept.expiresAtMs)
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
