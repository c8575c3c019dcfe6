import type { FieldAddress } from '@tiphys/contract/desired-field.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { FieldValue } from '../ports/desired-state.ts'

/** Fact types that deployments and rollbacks note on their run's stream (`dev.tiphys.<type>`). */
export const DEPLOYMENT_RECORDED = 'deployment.recorded'
export const SYNC_ACCEPTED = 'deployment.sync-accepted'
export const OPERATION_ADOPTED = 'deployment.adopted'

/**
 * What a task did to one application: noted before the commit, after it, and at the end, each time whole. What a rollback restores,
 * and the deployments projection lists, follows from it.
 */
export type DeploymentRecord = {
  /** `planned`: perhaps committed; whoever needs to know asks Git for the commit of `git.key`. */
  readonly step: 'planned' | 'committed' | 'ended'
  readonly kind: 'deployment' | 'rollback'
  /** Of the task: one record per task. */
  readonly triggeredId: string
  readonly instance: string
  readonly application: string
  readonly namespace?: string
  /** Argo CD's project. */
  readonly argocdProject: string
  readonly uid: string
  readonly git?: { readonly repository: string; readonly branch: string; readonly key: string }
  /** The fields it set, also those that held the value before. */
  readonly fields: readonly RecordedField[]
  /** The commit that holds the values. */
  readonly commitId?: string
  /** False: they stood there already, and nothing was committed. */
  readonly isNew?: boolean
  /** What ran before: the history of Argo CD at the first look. */
  readonly before: DeployedState
  /** The `code` of the outcome; only at step `ended`. */
  readonly outcome?: string
  readonly message?: string
  readonly after?: DeployedState
  /** startedAt of the operation that deployed it. */
  readonly operation?: string
  /** The run whose deployment this one takes back. */
  readonly rollbackOf?: string
}

export type RecordedField = {
  readonly file: string
  readonly field: FieldAddress
  readonly before: FieldValue
  readonly after: FieldValue
}

export type DeployedState = {
  readonly revisions: readonly string[]
  readonly images: readonly string[]
  readonly historyId?: number
}

export function toJson(record: DeploymentRecord): JsonObject {
  return record as unknown as JsonObject
}

/** Records come only from `toJson`, through the log. */
export function fromJson(note: JsonObject): DeploymentRecord {
  return note as unknown as DeploymentRecord
}
