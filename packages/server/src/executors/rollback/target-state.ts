import { keepTrying } from '../../argocd/keep-trying.ts'
import type { TaskAttempt } from '../../argocd/task-attempt.ts'
import type {
  FieldAt,
  FieldState,
  GitopsBranch,
  ReadFieldsAnswer,
} from '../../ports/desired-state.ts'
import type { DeploymentDocument } from '../../projections/deployments.ts'

export type TargetState =
  | {
      readonly code: 'target'
      readonly values: readonly FieldState[]
      /** Where the state comes from, for the message: `the state of run 01J… that was evaluated as pass`. */
      readonly origin: string
    }
  | { readonly code: 'refused'; readonly message: string }

export type TargetQuestion = {
  readonly attempt: TaskAttempt
  readonly branch: GitopsBranch
  readonly fields: readonly FieldAt[]
  /** Deployments of this application that we evaluated as pass or warning, newest first. */
  readonly good: readonly DeploymentDocument[]
  /** The state recorded before the deployment that failed. */
  readonly before:
    | { readonly code: 'values'; readonly values: readonly FieldState[] }
    | { readonly code: 'revision'; readonly revision: string }
    | { readonly code: 'unknown' }
}

/**
 * What a rollback goes back to (behaviour.md 8): the newest state of the application that we found good, as Git holds it at that commit;
 * else what was there before. A commit that Git no longer has, or that has no such field, is passed over.
 */
export async function targetState(question: TargetQuestion): Promise<TargetState> {
  for (const document of question.good) {
    const revision = revisionOf(document)
    if (revision === undefined) continue
    const read = await valuesAt(question, revision)
    if (read.code === 'values') {
      const origin = `the state of run ${document.runId}, the newest that was evaluated as good`
      return { code: 'target', values: read.values, origin }
    }
    if (read.code === 'refused') return read
  }
  const { before } = question
  const origin = 'the state before the deployment'
  switch (before.code) {
    case 'values':
      return { code: 'target', values: before.values, origin }
    case 'unknown':
      return { code: 'refused', message: 'no earlier state of the application is known' }
    case 'revision': {
      const read = await valuesAt(question, before.revision)
      if (read.code === 'values') return { code: 'target', values: read.values, origin }
      if (read.code === 'refused') return read
      const message = `Git no longer holds revision ${before.revision}, which ran before`
      return { code: 'refused', message }
    }
  }
}

/** The commit that held what was deployed. */
function revisionOf(document: DeploymentDocument): string | undefined {
  if (document.by === 'tiphys') return document.record.commitId
  return document.origin.revisions.find((revision) => revision !== '')
}

type Values =
  | { readonly code: 'values'; readonly values: readonly FieldState[] }
  | { readonly code: 'gone' }
  | { readonly code: 'refused'; readonly message: string }

export async function valuesAt(
  { attempt, branch, fields }: Pick<TargetQuestion, 'attempt' | 'branch' | 'fields'>,
  revision: string,
): Promise<Values> {
  const { powers, job, trying } = attempt
  const tried = await keepTrying<ReadFieldsAnswer>(trying, async () => {
    const read = await powers.desiredState.readFields({ branch, fields, at: revision }, job.signal)
    return read.code === 'failed' && read.failure.retryable
      ? { code: 'again', message: read.failure.message }
      : { code: 'done', value: read }
  })
  if (tried.code === 'out-of-time') return { code: 'refused', message: tried.message }
  const read = tried.value
  switch (read.code) {
    case 'read':
      return { code: 'values', values: read.values }
    case 'unknown-commit':
    case 'invalid-field':
      return { code: 'gone' }
    case 'failed':
      return { code: 'refused', message: read.failure.message }
  }
}
