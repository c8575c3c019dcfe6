import type { Application } from '@tiphys/contract/argocd-application.ts'
import { deployedState } from '../../argocd/carry-out.ts'
import {
  DEPLOYMENT_RECORDED,
  type DeploymentRecord,
  fromJson,
  type RecordedField,
  toJson,
} from '../../argocd/deployment-record.ts'
import { keepTrying } from '../../argocd/keep-trying.ts'
import { wishedRevisions } from '../../argocd/standing-in-git.ts'
import { lookBeforeWriting, type TaskAttempt } from '../../argocd/task-attempt.ts'
import type {
  ChangeAnswer,
  FieldEdit,
  FieldState,
  ReadFieldsAnswer,
} from '../../ports/desired-state.ts'
import { commitSubject } from './commit-subject.ts'

export type Written =
  | {
      readonly code: 'written'
      readonly record: DeploymentRecord
      /** What Git holds now, as far as this run set it. */
      readonly values: readonly FieldState[]
    }
  | { readonly code: 'refused'; readonly message: string }

type Edit = Pick<FieldEdit, 'file' | 'field'> & { readonly value: string }

/** Any commit id stands for "the one that is to come" while only the sources are compared. */
const ANY_COMMIT = 'pending'

/**
 * Makes Git say what the event wants, in one commit. Without anything to set (no `git` in argocd.yaml, or an event without values)
 * the deployment is a sync of what Git says already.
 */
export async function writeDesiredState(
  attempt: TaskAttempt,
  application: Application,
  edits: readonly Edit[],
): Promise<Written> {
  const { mapped } = attempt
  const earlier = recordOf(attempt)
  if (earlier !== undefined && earlier.step !== 'planned') return fromRecord(earlier)
  const base = earlier ?? plannedRecord(attempt, application)
  if (mapped.git === undefined || edits.length === 0) {
    return { code: 'written', record: { ...base, step: 'committed', isNew: false }, values: [] }
  }
  const { repository, branch } = mapped.git
  const wished = wishedRevisions(application, mapped.git, ANY_COMMIT)
  if (wished.code === 'mismatch') return { code: 'refused', message: wished.message }
  const planned = await plan(attempt, base, edits)
  if ('message' in planned) return { code: 'refused', message: planned.message }
  const answer = await commit(attempt, planned, edits)
  if ('refusal' in answer) return { code: 'refused', message: answer.refusal }
  const git = { repository, branch, key: attempt.key }
  switch (answer.code) {
    case 'committed': {
      const fields = answer.after.map(
        (after, index): RecordedField => ({
          file: after.file,
          field: after.field,
          before: answer.before[index]?.value ?? null,
          after: after.value,
        }),
      )
      const { commitId } = answer
      const record = { ...planned, step: 'committed' as const, git, fields, commitId, isNew: true }
      return { code: 'written', record, values: answer.after }
    }
    case 'no-change': {
      const fields = answer.values.map(
        ({ file, field, value }): RecordedField => ({ file, field, before: value, after: value }),
      )
      const { commitId } = answer
      const record = { ...planned, step: 'committed' as const, git, fields, commitId, isNew: false }
      return { code: 'written', record, values: answer.values }
    }
    case 'superseded':
    case 'invalid-field':
      return { code: 'refused', message: answer.message }
  }
}

function plannedRecord(attempt: TaskAttempt, application: Application): DeploymentRecord {
  const { job, mapped } = attempt
  return {
    step: 'planned',
    kind: 'deployment',
    triggeredId: job.task.triggeredId,
    instance: mapped.instance,
    application: mapped.application,
    ...(mapped.namespace === undefined ? {} : { namespace: mapped.namespace }),
    argocdProject: mapped.project,
    uid: application.metadata.uid,
    fields: [],
    before: deployedState(application),
  }
}

/** An earlier life of this task wrote it already: what it found then holds, whatever the branch holds by now. */
function fromRecord(record: DeploymentRecord): Written {
  const values = record.fields.map(({ file, field, after }) => ({ file, field, value: after }))
  return { code: 'written', record: { ...record, step: 'committed' }, values }
}

function recordOf({ job }: TaskAttempt): DeploymentRecord | undefined {
  const note = job.notes(DEPLOYMENT_RECORDED).at(-1)
  return note === undefined ? undefined : fromJson(note)
}

/** Notes what is about to be committed, with the values as they are: a crash after the push must not hide it from a rollback. */
async function plan(
  attempt: TaskAttempt,
  base: DeploymentRecord,
  edits: readonly Edit[],
): Promise<DeploymentRecord | { readonly message: string }> {
  if (base.git !== undefined) return base
  const { job, powers, mapped, trying, key } = attempt
  const { repository = '', branch = '' } = mapped.git ?? {}
  const fields = edits.map(({ file, field }) => ({ file, field }))
  const tried = await keepTrying<ReadFieldsAnswer>(trying, async () => {
    const read = await powers.desiredState.readFields(
      { branch: { repository, branch }, fields },
      job.signal,
    )
    return read.code === 'failed' && read.failure.retryable
      ? { code: 'again', message: read.failure.message }
      : { code: 'done', value: read }
  })
  if (tried.code === 'out-of-time') return { message: tried.message }
  const read = tried.value
  if (read.code === 'failed') return { message: read.failure.message }
  if (read.code !== 'read') return { message: read.message }
  const record: DeploymentRecord = {
    ...base,
    git: { repository, branch, key },
    fields: edits.map(({ file, field, value }, index) => ({
      file,
      field,
      before: read.values[index]?.value ?? null,
      after: value,
    })),
  }
  await job.note(DEPLOYMENT_RECORDED, toJson(record))
  return record
}

type Committed = Exclude<ChangeAnswer, { code: 'failed' }>

async function commit(
  attempt: TaskAttempt,
  record: DeploymentRecord,
  edits: readonly Edit[],
): Promise<Committed | { readonly refusal: string }> {
  const { job, powers, mapped, trying, key } = attempt
  const { git } = record
  if (git === undefined) return { refusal: 'nothing was planned' }
  const tried = await keepTrying<Committed | { refusal: string }>(trying, async () => {
    // The opt-in is read afresh before every write, also before the second try of one.
    const looked = await lookBeforeWriting(attempt)
    if (looked.code === 'refused') return { code: 'done', value: { refusal: looked.message } }
    const answer = await powers.desiredState.change(
      {
        branch: { repository: git.repository, branch: git.branch },
        edits,
        subject: commitSubject(`deploy ${job.service} to ${job.stage}`, edits),
        body: `Sequence ${job.sequence} of project ${job.project}, application ${mapped.application}.`,
        runId: job.runId,
        key,
        ...(mapped.git?.author === undefined ? {} : { author: mapped.git.author }),
      },
      job.signal,
    )
    if (answer.code !== 'failed') return { code: 'done', value: answer }
    const { failure } = answer
    return failure.retryable
      ? { code: 'again', message: failure.message }
      : { code: 'done', value: { refusal: failure.message } }
  })
  return tried.code === 'done' ? tried.value : { refusal: tried.message }
}
