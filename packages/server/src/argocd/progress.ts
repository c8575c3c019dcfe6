import type { TaskJob } from '../executors/executor.ts'
import type { Clock } from '../ports/clock.ts'

/** What a task waits for, as its watchers see it: each change once, and not more often than people read. */
export type Progress = {
  say(message: string, options?: { readonly blocked?: boolean }): Promise<void>
}

const BETWEEN_MS = 5_000

export function createProgress(job: Pick<TaskJob, 'progress'>, clock: Clock): Progress {
  let said:
    | { readonly message: string; readonly blocked: boolean; readonly atMs: number }
    | undefined
  return {
    async say(message, options = {}) {
      const blocked = options.blocked === true
      const nowMs = clock.nowMs()
      if (said?.message === message && said.blocked === blocked) return
      // Being blocked stops and starts the deadline, so it is always told.
      const isDue = said === undefined || nowMs - said.atMs >= BETWEEN_MS || nowMs < said.atMs
      if (said?.blocked === blocked && !isDue) return
      said = { message, blocked, atMs: nowMs }
      await job.progress(message, { blocked })
    },
  }
}
