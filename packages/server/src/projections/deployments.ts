import { FACT_PREFIX } from '@tiphys/contract/event.ts'
import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import {
  DEPLOYMENT_RECORDED,
  type DeploymentRecord,
  OPERATION_ADOPTED,
} from '../argocd/deployment-record.ts'
import type { ForeignOrigin } from '../argocd/foreign-origin.ts'
import type { Projection, Projections } from '../ports/projections.ts'
import type { StoredEvent } from '../ports/store.ts'
import { runKeyOf, runMetaOf } from './project-of-row.ts'

/**
 * Everything that was deployed to an application, by us or by Argo CD itself, as far as we know of it: one document per task
 * and application, and one per run that judges a deployment of Argo CD's own. What a rollback goes back to, and whose operation one is,
 * is looked up here.
 */
export type DeploymentDocument = {
  readonly projectId: string
  readonly context: string
  readonly stage: string
  readonly service: string
  readonly runId: string
  /** Position of the first row that told of it: the order of deployments. */
  readonly position: number
  readonly timeMs: number
  readonly instance: string
  readonly uid: string
  readonly application: string
  /** startedAt of the operation that deployed it, where one is known. */
  readonly operation?: string
} & (
  | { readonly by: 'tiphys'; readonly record: DeploymentRecord }
  | { readonly by: 'argocd'; readonly origin: ForeignOrigin }
)

export const DEPLOYMENTS = 'deployments'

const RECORDED = `${FACT_PREFIX}${DEPLOYMENT_RECORDED}`
const ADOPTED = `${FACT_PREFIX}${OPERATION_ADOPTED}`

export const deploymentsProjection: Projection = {
  name: DEPLOYMENTS,
  version: 1,
  keysOf(row) {
    const meta = runMetaOf(row)
    if (meta?.k === 'start') return foreignOriginOf(meta.origin) ? [`${runKeyOf(row)}/origin`] : []
    if (meta?.k !== 'note') return []
    const isOurs = row.event.type === RECORDED || row.event.type === ADOPTED
    const { triggeredId, uid } = noteOf(row) ?? {}
    if (!isOurs || typeof triggeredId !== 'string' || typeof uid !== 'string') return []
    return [`${runKeyOf(row)}/${triggeredId}/${uid}`]
  },
  fold(document, row) {
    // Documents of this projection were made by this fold.
    const before = document as unknown as DeploymentDocument | undefined
    return folded(before, row) as unknown as JsonObject | undefined
  },
  columnsOf(document) {
    const one = document as unknown as DeploymentDocument
    const { projectId, context, stage, service, position } = one
    return {
      projectId,
      context,
      stage,
      service,
      name: applicationKey(one.instance, one.uid),
      state: one.by === 'argocd' ? 'argocd' : one.record.kind,
      sort: position,
    }
  },
}

export function applicationKey(instance: string, uid: string): string {
  return `${instance}/${uid}`
}

function folded(
  before: DeploymentDocument | undefined,
  row: StoredEvent,
): DeploymentDocument | undefined {
  const meta = runMetaOf(row)
  if (meta?.k === 'start') {
    const origin = foreignOriginOf(meta.origin)
    const common = commonOf(row)
    if (origin === undefined || common === undefined) return before
    const { instance, uid, application, operation } = origin
    return { ...common, instance, uid, application, operation, by: 'argocd', origin }
  }
  const note = noteOf(row)
  if (note === undefined) return before
  if (row.event.type === ADOPTED) {
    const { operation } = note
    return before === undefined || typeof operation !== 'string' ? before : { ...before, operation }
  }
  // Written by our executors alone.
  const record = note as unknown as DeploymentRecord
  const common = before ?? commonOf(row)
  if (common === undefined) return before
  const { instance, uid, application } = record
  const operation = record.operation ?? before?.operation
  return {
    projectId: common.projectId,
    context: common.context,
    stage: common.stage,
    service: common.service,
    runId: common.runId,
    position: common.position,
    timeMs: common.timeMs,
    instance,
    uid,
    application,
    ...(operation === undefined ? {} : { operation }),
    by: 'tiphys',
    record,
  }
}

type Common = Pick<
  DeploymentDocument,
  'projectId' | 'context' | 'stage' | 'service' | 'runId' | 'position' | 'timeMs'
>

function commonOf(row: StoredEvent): Common | undefined {
  const { stage, service } = row.event.data
  const { projectId, position, timeMs, event } = row
  if (projectId === undefined || typeof stage !== 'string' || typeof service !== 'string') {
    return undefined
  }
  const runId = runKeyOf(row).slice(projectId.length + 1)
  return { projectId, context: event.shkeptncontext ?? '', stage, service, runId, position, timeMs }
}

function noteOf(row: StoredEvent): JsonObject | undefined {
  const note = row.event.data['note']
  return note !== undefined && isJsonObject(note) ? note : undefined
}

function foreignOriginOf(origin: JsonObject | undefined): ForeignOrigin | undefined {
  return origin?.['kind'] === 'argocd-operation' ? (origin as unknown as ForeignOrigin) : undefined
}

/** What executors and the reconciler ask; every answer is as new as the call, newest first. */
export type Deployments = {
  /** Of one context in one stage. */
  ofContext(place: {
    readonly projectId: string
    readonly context: string
    readonly stage: string
    readonly service: string
  }): Promise<readonly DeploymentDocument[]>
  ofApplication(application: {
    readonly projectId: string
    readonly instance: string
    readonly uid: string
  }): Promise<readonly DeploymentDocument[]>
}

/** A rollback that finds no good state among so many deployments has none. */
const MAX_DEPLOYMENTS = 200

export function createDeployments(projections: Projections): Deployments {
  async function list(query: Parameters<Projections['list']>[1]) {
    await projections.catchUp()
    const { documents } = await projections.list(DEPLOYMENTS, query)
    return documents as unknown as DeploymentDocument[]
  }
  const page = { offset: 0, limit: MAX_DEPLOYMENTS }
  return {
    ofContext: (place) => list({ ...place, ...page }),
    ofApplication: ({ projectId, instance, uid }) =>
      list({ projectId, name: applicationKey(instance, uid), ...page }),
  }
}
