import type { Application } from '@tiphys/contract/argocd-application.ts'
import { fieldName } from '@tiphys/contract/desired-field.ts'
import { taskVerdictOf } from '@tiphys/core/deployment/outcome.ts'
import { carryOut, deployedState } from '../../argocd/carry-out.ts'
import {
  DEPLOYMENT_RECORDED,
  type DeploymentRecord,
  fromJson,
} from '../../argocd/deployment-record.ts'
import { keepTrying } from '../../argocd/keep-trying.ts'
import { lookBeforeWriting, type TaskAttempt } from '../../argocd/task-attempt.ts'
import type {
  ChangeAnswer,
  FieldEdit,
  FieldState,
  GitopsBranch,
} from '../../ports/desired-state.ts'
import { commitSubject } from '../deployment/commit-subject.ts'
import { errored, type Restored } from './restored.ts'

export type Restoration = {
  readonly attempt: TaskAttempt
  readonly application: Application
  readonly branch: GitopsBranch
  /** The run whose deployment is taken back. */
  readonly rollbackOf: string
  /** What the failed deployment left in every field that it changed. */
  readonly left: readonly FieldState[]
  /** The same fields as they shall be. */
  readonly target: readonly FieldState[]
  readonly origin: string
}

/**
 * One commit that sets the fields back, only where the branch still holds what the failed deployment left; then the judge, which looks
 * at health alone: nothing is evaluated here, and a rollback never rolls back.
 */
export async function restore(restoration: Restoration): Promise<Restored> {
  const { attempt, application, branch, target } = restoration
  const earlier = attempt.job
    .notes(DEPLOYMENT_RECORDED)
    .map(fromJson)
    .filter((record) => record.uid === application.metadata.uid && record.step !== 'planned')
    .at(-1)
  if (earlier !== undefined) return await finish(restoration, { ...earlier, step: 'committed' })
  const answer = await commit(restoration)
  if ('refusal' in answer) return errored(answer.refusal)
  switch (answer.code) {
    case 'superseded':
      return {
        code: 'finished',
        status: 'aborted',
        result: 'fail',
        message: `superseded, nothing was rolled back: ${answer.message}`,
      }
    case 'invalid-field':
      return errored(answer.message)
    case 'no-change':
    case 'committed': {
      const record: DeploymentRecord = {
        ...recordBase(restoration),
        git: { ...branch, key: keyOf(restoration) },
        fields: target.map(({ file, field, value }, index) => ({
          file,
          field,
          before: restoration.left[index]?.value ?? null,
          after: value,
        })),
        commitId: answer.commitId,
        isNew: answer.code === 'committed',
      }
      return await finish(restoration, record)
    }
  }
}

async function finish(restoration: Restoration, record: DeploymentRecord): Promise<Restored> {
  const { attempt, application, target, origin } = restoration
  const { followed } = await carryOut(attempt, application, record, target)
  const { outcome } = followed
  const values = target.map(({ field, value }) => `${fieldName(field)} = ${value ?? 'none'}`)
  const message = `rolled back to ${origin} (${values.join(', ')}): ${outcome.message}`
  return { code: 'finished', ...taskVerdictOf(outcome), message }
}

async function commit(
  restoration: Restoration,
): Promise<Exclude<ChangeAnswer, { code: 'failed' }> | { readonly refusal: string }> {
  const { attempt, branch, rollbackOf, left, target } = restoration
  const { job, powers, mapped, trying } = attempt
  const edits = target.map(
    ({ file, field, value }, index): FieldEdit => ({
      file,
      field,
      value,
      onlyIf: left[index]?.value ?? null,
    }),
  )
  const tried = await keepTrying<Exclude<ChangeAnswer, { code: 'failed' }> | { refusal: string }>(
    trying,
    async () => {
      // The opt-in is read afresh before every write, also before the second try of one.
      const looked = await lookBeforeWriting(attempt)
      if (looked.code === 'refused') return { code: 'done', value: { refusal: looked.message } }
      const answer = await powers.desiredState.change(
        {
          branch,
          edits,
          subject: commitSubject(`roll back ${job.service} in ${job.stage}`, edits),
          body: `Restores ${restoration.origin}. Takes back run ${rollbackOf}, application ${mapped.application}.`,
          runId: job.runId,
          rollbackOf,
          key: keyOf(restoration),
          ...(mapped.git?.author === undefined ? {} : { author: mapped.git.author }),
        },
        job.signal,
      )
      if (answer.code !== 'failed') return { code: 'done', value: answer }
      return answer.failure.retryable
        ? { code: 'again', message: answer.failure.message }
        : { code: 'done', value: { refusal: answer.failure.message } }
    },
  )
  return tried.code === 'done' ? tried.value : { refusal: tried.message }
}

/** A run may roll back several applications in one task. */
function keyOf({ attempt, application }: Restoration): string {
  return `${attempt.key}/${application.metadata.name}`
}

function recordBase(restoration: Restoration): DeploymentRecord {
  const { attempt, application, rollbackOf } = restoration
  const { job, mapped } = attempt
  return {
    step: 'committed',
    kind: 'rollback',
    triggeredId: job.task.triggeredId,
    instance: mapped.instance,
    application: mapped.application,
    ...(mapped.namespace === undefined ? {} : { namespace: mapped.namespace }),
    argocdProject: mapped.project,
    uid: application.metadata.uid,
    fields: [],
    before: deployedState(application),
    rollbackOf,
  }
}
