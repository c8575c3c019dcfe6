import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { EffectRow, Store } from '../ports/store.ts'

/**
 * Carries out effects that outlive their run: each at least once, in order of due time, tried again with back-off until its handler
 * says it is done. A restart finds them in the store.
 */
export type Outbox = {
  /** Something new may be due. */
  wake(): void
  /** Ends when nothing is due and no handler is at work. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** Idempotent: an effect may have happened before. Throwing means "not yet": it is tried again. */
export type EffectHandler = (effect: EffectRow, signal: AbortSignal) => Promise<EffectOutcome>

export type EffectOutcome =
  | { readonly code: 'done' }
  /** Tried again later; the reason is kept with the row. */
  | { readonly code: 'again'; readonly reason: string }

export type OutboxParts = {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** By kind. An effect of an unknown kind stays where it is: a newer version may know it. */
  readonly handlers: Readonly<Record<string, EffectHandler>>
}

const BATCH = 20
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 60_000
/** An effect nobody knows is looked at this seldom. */
const UNKNOWN_RETRY_MS = 60 * 60 * 1_000

export function createOutbox(parts: OutboxParts): Outbox {
  const { store, clock, log } = parts
  const stop = new AbortController()
  let working: Promise<void> | undefined
  let isWoken = false
  let cancelAlarm = () => {}

  function wake(): void {
    if (stop.signal.aborted) return
    isWoken = true
    working ??= work().finally(() => {
      working = undefined
      if (isWoken) wake()
    })
  }

  async function work(): Promise<void> {
    while (isWoken && !stop.signal.aborted) {
      isWoken = false
      try {
        for (;;) {
          const due = await store.dueEffects(clock.nowMs(), BATCH)
          if (due.length === 0 || stop.signal.aborted) break
          await Promise.all(due.map(carryOut))
        }
        await setAlarm()
      } catch (error) {
        log.error({ error }, 'the outbox could not be read; trying again')
        cancelAlarm()
        cancelAlarm = clock.at(clock.nowMs() + FIRST_RETRY_MS, wake)
      }
    }
  }

  async function setAlarm(): Promise<void> {
    const dueMs = await store.nextEffectDueMs()
    cancelAlarm()
    cancelAlarm = dueMs === undefined || stop.signal.aborted ? () => {} : clock.at(dueMs, wake)
  }

  async function carryOut(effect: EffectRow): Promise<void> {
    const outcome = await outcomeOf(effect)
    if (stop.signal.aborted) return
    if (outcome.code === 'done') {
      await store.settleEffect(effect.key)
      return
    }
    const delayMs =
      outcome.delayMs ?? Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** effect.attempts)
    await store.postponeEffect(effect.key, clock.nowMs() + delayMs, outcome.reason)
  }

  async function outcomeOf(effect: EffectRow): Promise<EffectOutcome & { delayMs?: number }> {
    const handler = parts.handlers[effect.kind]
    if (handler === undefined) {
      return {
        code: 'again',
        reason: `nobody handles effects of kind ${effect.kind}`,
        delayMs: UNKNOWN_RETRY_MS,
      }
    }
    try {
      return await handler(effect, stop.signal)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (!stop.signal.aborted)
        log.warn({ effect: effect.key, reason }, 'an effect failed and is tried again')
      return { code: 'again', reason }
    }
  }

  return {
    wake,
    async settled() {
      while (working !== undefined) await working
    },
    async close() {
      stop.abort(new Error('the server stops'))
      cancelAlarm()
      await working
    },
  }
}
