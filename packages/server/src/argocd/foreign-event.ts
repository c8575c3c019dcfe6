import type { Application, OperationState } from '@tiphys/contract/argocd-application.ts'
import { sequenceEventType } from '@tiphys/contract/event.ts'
import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { applicationName, revisionsOf } from '@tiphys/core/deployment/application-view.ts'
import type { KnownOutcome } from '@tiphys/core/deployment/foreign-outcome.ts'
import {
  type Membership,
  publicUrisOf,
  sequenceOf,
} from '@tiphys/core/deployment/kubernetes-names.ts'
import type { ForeignOrigin } from './foreign-origin.ts'

/** A `<stage>.<sequence>.triggered` that is to be submitted; time and spec version are the receiver's to set. */
export type TriggerEvent = {
  readonly id: string
  readonly type: string
  readonly source: string
  readonly shkeptncontext: string
  readonly data: JsonObject
}

/** Clients of Keptn test for this source. */
export const ARGOCD_SOURCE = 'argocd'

/** What a notification that is on disk already said: its context is the one its sender was told. */
export type Hint = {
  readonly type: string
  readonly source: string
  readonly context: string
  readonly data: JsonObject
}

/**
 * The event of a deployment that Argo CD made by itself. What a notification says is kept where we know nothing better (more labels,
 * another sequence for another outcome); what the application says counts.
 */
export function foreignEvent(known: {
  readonly id: string
  readonly context: string
  readonly application: Application
  readonly state: OperationState
  readonly membership: Membership
  readonly outcome: KnownOutcome
  readonly hint?: Hint
}): TriggerEvent {
  const { application, state, membership, outcome, hint } = known
  const { metadata, status } = application
  const { project, service, stage } = membership
  const revisions = revisionsOf(state.syncResult)
  const labels = hint?.data['labels']
  return {
    id: known.id,
    type: hint?.type ?? sequenceEventType(stage, sequenceOf(metadata), 'triggered'),
    source: hint?.source ?? ARGOCD_SOURCE,
    shkeptncontext: known.context,
    data: {
      ...hint?.data,
      project,
      service,
      stage,
      status: 'succeeded',
      result: outcome.code === 'deployed' ? 'pass' : 'fail',
      message: outcome.message,
      labels: {
        ...(labels !== undefined && isJsonObject(labels) ? labels : {}),
        argocdApp: applicationName(application),
        argocdOutcome: outcome.code,
        revision: revisions.join(','),
        syncStartedAt: state.startedAt,
      },
      deployment: {
        deploymentNames: [metadata.name],
        deploymentURIsPublic: publicUrisOf(metadata, status.summary?.externalURLs),
        gitCommit: revisions[0] ?? '',
        paused: false,
      },
      argocd: {
        images: [...(status.summary?.images ?? [])],
        revisions: [...revisions],
        phase: state.phase,
        health: status.health?.status ?? '',
        sync: status.sync?.status ?? '',
      },
    },
  }
}

export function foreignOrigin(
  instance: string,
  application: Application,
  state: OperationState,
  outcome: string,
): ForeignOrigin {
  const { metadata, spec, status } = application
  const revisions = revisionsOf(state.syncResult)
  // The entry of this very operation is the newest one, if it succeeded; what ran before it stands below.
  const earlier = (status.history ?? []).filter(
    (entry) => entry.deployStartedAt !== state.startedAt,
  )
  const previous = earlier
    .map((entry) => revisionsOf(entry))
    .filter((entry) => entry.join() !== revisions.join())
    .at(-1)
  return {
    kind: 'argocd-operation',
    instance,
    application: metadata.name,
    namespace: metadata.namespace,
    argocdProject: spec.project,
    uid: metadata.uid,
    operation: state.startedAt,
    outcome,
    revisions,
    ...(previous === undefined ? {} : { previousRevisions: previous }),
    images: status.summary?.images ?? [],
  }
}
