import { userStartOffsetMs } from '@tiphys/core/load/arrivals.ts'
import type { Pause } from './pause.ts'

export type ClosedModelRun = {
  readonly users: number
  readonly rampMs: number
  readonly totalMs: number
  readonly thinkTimeMs: number
  /** All users together send no faster. */
  readonly maxRatePerS: number
  /** `performance.now()` at offset 0. */
  readonly startMs: number
  readonly signal: AbortSignal
  readonly pause: Pause
  /** `offsetMs` is when it leaves. */
  readonly send: (offsetMs: number) => Promise<void>
}

/** Timers are no finer; users that are held back less than this go on at once. */
const EARLY_MS = 0.5

/**
 * Each user sends, waits for the answer, thinks, sends again, until the time is over. Answers the number of requests that had to
 * wait because of `maxRatePerS`.
 */
export async function runClosedModel(run: ClosedModelRun): Promise<{ heldBack: number }> {
  const gapMs = 1_000 / run.maxRatePerS
  let nextSlotMs = run.startMs
  let heldBack = 0

  /** The next moment at which anyone may send; slots that nobody used are gone, so there is no burst after a stall. */
  async function slot(): Promise<void> {
    const nowMs = performance.now()
    const slotMs = Math.max(nextSlotMs, nowMs)
    nextSlotMs = slotMs + gapMs
    if (slotMs - nowMs <= EARLY_MS) return
    heldBack += 1
    await run.pause.wait(Math.max(1, Math.floor(slotMs - nowMs)))
  }

  async function user(index: number): Promise<void> {
    await run.pause.wait(userStartOffsetMs(index, run.users, run.rampMs))
    for (;;) {
      await slot()
      const offsetMs = performance.now() - run.startMs
      if (run.signal.aborted || offsetMs >= run.totalMs) return
      await run.send(offsetMs)
      await run.pause.wait(run.thinkTimeMs)
    }
  }

  await Promise.all(Array.from({ length: run.users }, (_, index) => user(index)))
  return { heldBack }
}
