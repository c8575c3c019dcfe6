import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

/** What is undone in reverse when the server stops, or when it cannot start. */
export type Closing = {
  push(...steps: readonly ClosingStep[]): void
  /** Once; later calls wait for the first. Never longer than CLOSING_LIMIT_MS and a moment. */
  close(): Promise<void>
}

export type ClosingStep = () => Promise<unknown> | unknown

/** A part that waits for somebody else (a Git host, a test target) is not waited for any longer. */
const STEP_LIMIT_MS = 10_000
/** All of it together: less than the 30 s after which Kubernetes and systemd lose patience. */
export const CLOSING_LIMIT_MS = 20_000
/** What each part gets when that time is over: the store comes last, and needs only this. */
const LAST_MOMENT_MS = 500

/** A step that hangs or throws is logged and left behind; the others have their turn all the same. */
export function createClosing(parts: {
  readonly clock: Pick<Clock, 'nowMs'>
  readonly log: Pick<Log, 'warn'>
}): Closing {
  const { clock, log } = parts
  const steps: ClosingStep[] = []
  let closed: Promise<void> | undefined

  async function close(): Promise<void> {
    const untilMs = clock.nowMs() + CLOSING_LIMIT_MS
    for (const step of steps.splice(0).reverse()) {
      const leftMs = untilMs - clock.nowMs()
      const limitMs = Math.max(LAST_MOMENT_MS, Math.min(STEP_LIMIT_MS, leftMs))
      const part = step.name
      try {
        if (!(await endsWithin(step, limitMs))) {
          log.warn({ part, limitMs }, 'a part did not stop in time and is left behind')
        }
      } catch (error) {
        log.warn({ part, error }, 'a part failed while it stopped')
      }
    }
  }

  return {
    push: (...more) => void steps.push(...more),
    close() {
      closed ??= close()
      return closed
    },
  }
}

/** Real time, whatever the clock says: it bounds a hang. */
async function endsWithin(step: ClosingStep, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs)
  })
  try {
    return await Promise.race([Promise.resolve(step()).then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
