import type { Application } from '@tiphys/contract/argocd-application.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import {
  infoOf,
  isAutoSynced,
  revisionsOf,
  sourcesOf,
} from '@tiphys/core/deployment/application-view.ts'
import { RUN_INFO } from '@tiphys/core/deployment/kubernetes-names.ts'
import type { EndedOutcome } from '@tiphys/core/deployment/outcome.ts'
import type { DeploymentWish } from '@tiphys/core/deployment/wish.ts'
import { SERVER_STOPS } from '../executors/executor.ts'
import type { FieldState } from '../ports/desired-state.ts'
import {
  DEPLOYMENT_RECORDED,
  type DeployedState,
  type DeploymentRecord,
  OPERATION_ADOPTED,
  SYNC_ACCEPTED,
  toJson,
} from './deployment-record.ts'
import { abandonDeployment, type Followed, followDeployment } from './follow-deployment.ts'
import { patienceWith } from './mapped-application.ts'
import { createStandings, pathsOf, wishedRevisions } from './standing-in-git.ts'
import type { TaskAttempt } from './task-attempt.ts'

/** What is to be deployed, once it stands in Git (or stood there already). */
export type CarriedOut = {
  readonly record: DeploymentRecord
  readonly followed: Followed
}

/**
 * From "it stands in Git" to the end: follows the deployment, and records how it ended. The record at step `committed` is written
 * before anything else happens, so that a rollback finds it whatever comes.
 */
export async function carryOut(
  attempt: TaskAttempt,
  application: Application,
  record: DeploymentRecord,
  values: readonly FieldState[],
): Promise<CarriedOut> {
  const { job } = attempt
  await job.note(DEPLOYMENT_RECORDED, toJson(record))
  const wish = wishOf(attempt, application, record, values)
  const followed = await followOrAbandon(attempt, record, wish, values)
  const ended = endedRecord(record, followed)
  await job.note(DEPLOYMENT_RECORDED, toJson(ended))
  return { record: ended, followed }
}

async function followOrAbandon(
  attempt: TaskAttempt,
  record: DeploymentRecord,
  wish: DeploymentWish,
  values: readonly FieldState[],
): Promise<Followed> {
  const { job, powers, argocd, ref, mapped } = attempt
  const parts = { ...powers, argocd, wakeUps: powers.wakeUps(argocd.instance) }
  const { git, commitId } = record
  const isHere = (note: JsonObject) => note['uid'] === record.uid
  const adopted = job.notes(OPERATION_ADOPTED).filter(isHere).at(-1)?.['operation']
  const request = {
    application: ref,
    wish,
    ...(git === undefined || commitId === undefined
      ? {}
      : {
          git: {
            standings: createStandings(powers.desiredState, { ...git, commitId, values }),
            paths: (seen: Application) => pathsOf(seen, git.repository, values),
          },
        }),
    infos: attempt.infos,
    prune: mapped.prune,
    project: job.project,
    stage: job.stage,
    known: {
      isSyncAccepted: job.notes(SYNC_ACCEPTED).some(isHere),
      ...(typeof adopted === 'string' ? { adopted } : {}),
    },
    progress: attempt.progress,
    signal: job.signal,
    deadlineMs: attempt.trying.deadlineMs,
    onSyncAccepted: () => job.note(SYNC_ACCEPTED, { uid: record.uid }),
    onAdopted: (operation: string) =>
      job.note(OPERATION_ADOPTED, {
        operation,
        triggeredId: record.triggeredId,
        instance: record.instance,
        uid: record.uid,
      }),
  }
  try {
    return await followDeployment(parts, request)
  } catch (error) {
    // A restart leaves everything as it is: the task goes on after it.
    const isOver = job.signal.aborted && reasonOf(job.signal) !== SERVER_STOPS
    const isExpired = powers.clock.nowMs() >= job.deadlineMs
    if (isOver) await abandonDeployment(parts, request, isExpired)
    throw error
  }
}

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof Error ? signal.reason.message : String(signal.reason)
}

function wishOf(
  attempt: TaskAttempt,
  application: Application,
  record: DeploymentRecord,
  values: readonly FieldState[],
): DeploymentWish {
  const { job, mapped } = attempt
  const syncBy = mapped.sync ?? (isAutoSynced(application) ? 'auto' : 'request')
  return {
    runId: job.runId,
    triggeredId: job.task.triggeredId,
    revisions: revisionsFor(application, record),
    isNew: record.isNew === true,
    syncBy: syncBy === 'auto' ? 'argocd' : 'tiphys',
    images: imagesIn(values),
    patience: patienceWith(mapped),
  }
}

function revisionsFor(application: Application, record: DeploymentRecord): readonly string[] {
  if (record.git === undefined || record.commitId === undefined) {
    return sourcesOf(application).map(() => '')
  }
  const wished = wishedRevisions(application, record.git, record.commitId)
  // Checked before the commit; if the application was changed since, any revision of ours will do.
  return wished.code === 'revisions' ? wished.revisions : [record.commitId]
}

/** Whole image references among the values: what Argo CD lists when they run. */
function imagesIn(values: readonly FieldState[]): readonly string[] {
  return values.flatMap(({ field, value }) =>
    field.kind === 'kustomize-image' && field.part === 'reference' && value !== null ? [value] : [],
  )
}

export function deployedState(application: Application): DeployedState {
  const history = application.status.history ?? []
  const last = history.at(-1)
  const revisions = revisionsOf(last)
  return {
    revisions: revisions.length > 0 ? revisions : revisionsOf(application.status.sync),
    images: application.status.summary?.images ?? [],
    ...(last === undefined ? {} : { historyId: last.id }),
  }
}

function endedRecord(
  record: DeploymentRecord,
  { outcome, application }: Followed,
): DeploymentRecord {
  const ended = {
    ...record,
    step: 'ended' as const,
    outcome: outcome.code,
    message: outcome.message,
  }
  const state = application?.status.operationState
  if (application === undefined) return ended
  return {
    ...ended,
    after: deployedAfter(application, outcome),
    ...(state && infoOf(state.operation, RUN_INFO) !== undefined
      ? { operation: state.startedAt }
      : {}),
  }
}

function deployedAfter(application: Application, outcome: EndedOutcome): DeployedState {
  const { operationState, sync } = application.status
  const revisions = revisionsOf(operationState?.syncResult)
  const isNoChange = outcome.code === 'succeeded' && outcome.noChange
  const deployed = deployedState(application)
  return {
    ...deployed,
    revisions: isNoChange || revisions.length === 0 ? revisionsOf(sync) : revisions,
  }
}
