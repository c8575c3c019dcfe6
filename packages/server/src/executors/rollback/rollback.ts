import { isMapped } from '../../argocd/mapped-application.ts'
import { createProgress } from '../../argocd/progress.ts'
import type { TaskAnswer, TaskExecutor, TaskJob } from '../executor.ts'
import { passed, type Restored } from './restored.ts'
import type { RollbackPowers } from './rollback-powers.ts'
import { undoForeign, undoOurs } from './undo.ts'
import { whatToUndo } from './what-to-undo.ts'

/** As long as a deployment may take. */
const DEFAULT_TIMEOUT_MS = 30 * 60 * 1_000

/**
 * `rollback` restores, it does not invert (behaviour.md 8): one commit per application sets the fields that the failed deployment
 * changed to the newest state we found good, else to what was there before.
 */
export function createRollbackExecutor(powers: RollbackPowers): TaskExecutor {
  return {
    task: 'rollback',
    source: 'tiphys-rollback',
    defaultTimeoutMs: DEFAULT_TIMEOUT_MS,
    takes: ({ snapshot, stage, service, properties }) =>
      properties['executor'] === 'tiphys' || isMapped({ snapshot, stage, service })
        ? 'configured'
        : 'no',
    execute: (job) => rollBack(powers, job),
  }
}

async function rollBack(powers: RollbackPowers, job: TaskJob): Promise<TaskAnswer> {
  const { projectId, context, stage, service } = job
  const documents = await powers.deployments.ofContext({ projectId, context, stage, service })
  const undo = whatToUndo(documents, job.runId, job.snapshot.stageSettings(stage))
  const progress = createProgress(job, powers.clock)
  switch (undo.code) {
    case 'nothing':
      return passed(undo.message)
    case 'foreign':
      return await undoForeign({ powers, job, progress }, undo.deployment)
    case 'ours': {
      const restored: Restored[] = []
      for (const deployment of undo.deployments) {
        restored.push(await undoOurs({ powers, job, progress }, deployment))
      }
      return together(restored)
    }
  }
}

/** Several applications: the worst of them is what the rollback came to. */
function together(restored: readonly Restored[]): Restored {
  const order = ['errored', 'unknown', 'aborted', 'succeeded'] as const
  const results = ['fail', 'warning', 'pass'] as const
  const status = order.find((one) => restored.some((each) => each.status === one)) ?? 'succeeded'
  const result = results.find((one) => restored.some((each) => each.result === one)) ?? 'pass'
  return {
    code: 'finished',
    status,
    result,
    message: restored.map(({ message }) => message).join('; '),
  }
}
