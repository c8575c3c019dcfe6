import { deployedValues } from '@tiphys/contract/deployed-values.ts'
import { taskVerdictOf } from '@tiphys/core/deployment/outcome.ts'
import { carryOut } from '../../argocd/carry-out.ts'
import { deploymentData } from '../../argocd/deployment-data.ts'
import type { DeploymentPowers } from '../../argocd/deployment-powers.ts'
import { isMapped, mapService } from '../../argocd/mapped-application.ts'
import { createProgress } from '../../argocd/progress.ts'
import { errored, lookBeforeWriting, openAttempt } from '../../argocd/task-attempt.ts'
import type { TaskAnswer, TaskExecutor, TaskJob } from '../executor.ts'
import { writeDesiredState } from './write-desired-state.ts'

/** The built-in deadline of behaviour.md 3. */
const DEFAULT_TIMEOUT_MS = 30 * 60 * 1_000

/**
 * `deployment`: changes what Git says should run, has Argo CD sync it, and waits until it is truly done (core/deployment/judge.ts).
 *
 *   map ─▶ look (opt-in) ─▶ note "planned" ─▶ commit ─▶ note "committed" ─▶ sync or wait for auto-sync ─▶ judge ─▶ note "ended"
 *
 * It may be begun again after any arrow: a commit is found by its key, a sync by its info.
 */
export function createDeploymentExecutor(powers: DeploymentPowers): TaskExecutor {
  return {
    task: 'deployment',
    source: 'tiphys-deployment',
    defaultTimeoutMs: DEFAULT_TIMEOUT_MS,
    takes: ({ snapshot, stage, service, properties }) =>
      properties['executor'] === 'tiphys' || isMapped({ snapshot, stage, service })
        ? 'configured'
        : 'no',
    execute: (job) => deploy(powers, job),
  }
}

async function deploy(powers: DeploymentPowers, job: TaskJob): Promise<TaskAnswer> {
  const wanted = job.properties['application']
  const mapped = mapService(job, typeof wanted === 'string' ? wanted : undefined)
  if (mapped.code !== 'mapped') return errored(mapped.message)
  const { application } = mapped
  const values = deployedValues(application.git?.fields ?? [], job.data)
  if (values.code === 'refused') return errored(values.message)
  const attempt = openAttempt(powers, job, application, createProgress(job, powers.clock))
  if ('message' in attempt) return errored(attempt.message)

  const looked = await lookBeforeWriting(attempt)
  if (looked.code === 'refused') return errored(looked.message)
  const written = await writeDesiredState(attempt, looked.application, values.edits)
  if (written.code === 'refused') return errored(written.message)
  const { record, followed } = await carryOut(
    attempt,
    looked.application,
    written.record,
    written.values,
  )
  const { outcome } = followed
  return {
    code: 'finished',
    ...taskVerdictOf(outcome),
    message: outcome.message,
    data: deploymentData(record, outcome, followed.application, application.uris),
  }
}
