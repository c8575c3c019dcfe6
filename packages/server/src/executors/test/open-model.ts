import type { Pause } from './pause.ts'

export type OpenModelRun = {
  /** Offsets in ms at which requests leave, growing. */
  readonly arrivals: Iterable<number>
  /** `performance.now()` at offset 0. */
  readonly startMs: number
  readonly maxConcurrent: number
  readonly signal: AbortSignal
  readonly pause: Pause
  /** `offsetMs` is when it was meant to leave: its latency counts from there. */
  readonly send: (offsetMs: number) => Promise<void>
  /** An arrival that could not leave because so many were in flight. */
  readonly onDropped: (offsetMs: number) => void
}

/** A request may leave this much before its time, because timers are no finer. */
const EARLY_MS = 0.5
/** After a stall of this process many arrivals are due at once; between so many of them answers are read. */
const BURST = 20

/**
 * Sends each request at its time whatever the answers do. Resolves when the last one was answered, gave up or was aborted.
 * Nothing queues: what is due is sent or dropped.
 */
export async function runOpenModel(run: OpenModelRun): Promise<void> {
  const { pause, signal } = run
  const inFlight = new Set<Promise<void>>()
  let burst = 0
  for (const offsetMs of run.arrivals) {
    const waitMs = run.startMs + offsetMs - performance.now()
    if (waitMs > EARLY_MS) {
      burst = 0
      await pause.wait(Math.max(1, Math.floor(waitMs)))
    } else if (++burst % BURST === 0) await pause.yield()
    if (signal.aborted) break
    if (inFlight.size >= run.maxConcurrent) {
      run.onDropped(offsetMs)
      continue
    }
    const sent = run.send(offsetMs).finally(() => inFlight.delete(sent))
    inFlight.add(sent)
  }
  await Promise.all(inFlight)
}
