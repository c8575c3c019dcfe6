import type { Log } from '../../ports/log.ts'
import type { TaskJob } from '../executor.ts'

/** Live figures as `test.status.changed`: seldom enough that a long test does not fill the log, and never two at a time. */
export interface ProgressReporter {
  /** Reported at once, unless something was reported a moment ago. */
  report(message: string): void
  /** Reports what the function says again and again, until the answer is called. */
  every(message: () => string): () => void
  /** Resolves when what was reported is written: nothing comes after it. */
  settled(): Promise<void>
}

const DEFAULT_INTERVAL_MS = 5_000
/** After so many reports the interval doubles, and again: a test of an hour writes about fifty of them. */
const REPORTS_BEFORE_SLOWER = 12

export function createProgressReporter(
  job: Pick<TaskJob, 'progress' | 'runId'>,
  log: Log,
  intervalMs = DEFAULT_INTERVAL_MS,
): ProgressReporter {
  let pending: Promise<void> | undefined
  let lastMs = Number.NEGATIVE_INFINITY
  let count = 0

  function report(message: string): void {
    const slower = 2 ** Math.floor(count / REPORTS_BEFORE_SLOWER)
    const nowMs = performance.now()
    if (pending !== undefined || nowMs - lastMs < intervalMs * slower - TIMER_SLACK_MS) return
    lastMs = nowMs
    count += 1
    pending = job
      .progress(message)
      .catch((thrown: unknown) => {
        log.warn({ runId: job.runId, error: String(thrown) }, 'test progress was not written')
      })
      .finally(() => {
        pending = undefined
      })
  }

  return {
    report,
    every: (message) => {
      const timer = setInterval(() => report(message()), intervalMs)
      return () => clearInterval(timer)
    },
    settled: async () => {
      await pending
    },
  }
}

/** A timer that fires a little early must not skip its report. */
const TIMER_SLACK_MS = 100
