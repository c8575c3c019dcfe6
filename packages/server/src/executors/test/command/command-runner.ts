import type { ArtifactBook } from '../../../ports/artifacts.ts'
import type { Clock } from '../../../ports/clock.ts'
import type { TaskJob } from '../../executor.ts'
import type { LoadBudget } from '../load-budget.ts'
import type { ProgressReporter } from '../progress-reporter.ts'
import type { PreparedCommand } from '../test-preparation.ts'
import type { CommandPowers } from './command-powers.ts'
import { type CommandOutcome, runCommand } from './command-run.ts'

export type CommandRunner = {
  run(test: PreparedCommand): Promise<CommandOutcome>
  /** Where people find what was kept; undefined when nothing was. */
  kept(): { readonly count: number; readonly url: string } | undefined
}

export type CommandRunnerParts = {
  readonly powers: CommandPowers | undefined
  /** Each command is one connection of it: first come, first served. */
  readonly budget: LoadBudget
  readonly job: TaskJob
  readonly clock: Clock
  readonly reporter: ProgressReporter
}

/** One command, as a share of what the server runs at a time. */
const ONE = { ratePerS: 0, connections: 1 }

/** Runs the commands of one test task. */
export function createCommandRunner(parts: CommandRunnerParts): CommandRunner {
  const { powers, budget, job, clock, reporter } = parts
  let book: ArtifactBook | undefined
  let count = 0

  return {
    async run({ plan, program, base }) {
      // Preparation refuses commands where there are no powers for them.
      if (powers === undefined) throw new Error('this server runs no commands')
      const { projectId, runId, task, signal } = job
      book ??= await powers.artifacts.begin({ projectId, runId, task })
      if (!budget.isFree(ONE)) {
        reporter.report(`${plan.name}: waits until other commands of this server have ended`)
      }
      const release = await budget.acquire(ONE, signal)
      try {
        const url = base === undefined ? undefined : base.href.replace(/\/$/, '')
        const common = { test: plan, program, url, job, powers, book }
        const outcome = await runCommand({ ...common, clock, reporter, signal })
        count += outcome.kept
        return outcome
      } finally {
        release()
      }
    },
    kept() {
      if (powers === undefined || count === 0) return undefined
      return { count, url: `${powers.baseUrl}/api/tiphys/v1/runs/${job.runId}/artifacts` }
    },
  }
}
