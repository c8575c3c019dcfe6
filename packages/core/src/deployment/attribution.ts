import type { Application, OperationState } from '@tiphys/contract/argocd-application.ts'
import { infoOf, noDeploymentReason } from './application-view.ts'
import { RUN_INFO } from './kubernetes-names.ts'
import { parseRfc3339 } from './rfc3339.ts'

/**
 * Whose operation is it? So that the two ways never feed each other (behaviour.md 6): news about an operation of ours goes to its
 * run and starts nothing; anything else starts exactly one run per (instance, application uid, startedAt).
 *
 *   info has our run ─▶ ours      last commit in its revision has our trailer ─▶ ours      a run adopted it ─▶ ours
 *   dry run, partial sync, self-heal ─▶ no-deployment
 *   before we were connected, or over an hour old on an application never seen ─▶ baseline
 *   over an hour old when an outage of ours ended ─▶ listed
 *   everything else ─▶ foreign
 */
export function attribute(application: Application, facts: AttributionFacts): Attribution {
  const state = lastOperation(application)
  if (state === undefined) return { code: 'no-operation' }
  const { startedAt } = state
  const byInfo = infoOf(state.operation, RUN_INFO)
  if (byInfo !== undefined) return { code: 'ours', runId: byInfo, by: 'info', startedAt }
  // Before trailers: a dry run of a revision with our commit in it would be ours by trailer, and starts nothing either way.
  if (facts.trailerRunId !== undefined) {
    return { code: 'ours', runId: facts.trailerRunId, by: 'trailer', startedAt }
  }
  if (facts.adoptedBy !== undefined) {
    return { code: 'ours', runId: facts.adoptedBy, by: 'adoption', startedAt }
  }
  const reason = noDeploymentReason(state.operation)
  if (reason !== undefined) return { code: 'no-deployment', reason, startedAt }
  const startedMs = parseRfc3339(startedAt)
  if (startedMs === undefined) return { code: 'foreign', startedAt }
  if (startedMs < facts.connectedMs) {
    return { code: 'baseline', reason: 'it started before this Argo CD was connected', startedAt }
  }
  if (facts.wasSeenInProgress) return { code: 'foreign', startedAt }
  if (facts.nowMs - startedMs > OLD_OPERATION_MS) {
    return facts.isKnownApplication
      ? { code: 'listed', reason: 'it started more than an hour before it was noticed', startedAt }
      : {
          code: 'baseline',
          reason: 'it started more than an hour ago, on an application never seen',
          startedAt,
        }
  }
  return { code: 'foreign', startedAt }
}

export type AttributionFacts = {
  /**
   * The run whose trailer the newest commit of the application's paths at the operation's revision carries: that revision is our
   * commit, or contains it unchanged. Only of a run that is known here; anybody can write a trailer.
   */
  readonly trailerRunId?: string
  /** The run that adopted exactly this operation. */
  readonly adoptedBy?: string
  /** When this Argo CD was connected, or our backup restored. */
  readonly connectedMs: number
  /** An earlier operation of this application (by uid) was seen. */
  readonly isKnownApplication: boolean
  /** We watched it run, so however long ago it started, nothing was missed. */
  readonly wasSeenInProgress: boolean
  readonly nowMs: number
}

export type Attribution =
  | { readonly code: 'no-operation' }
  | {
      readonly code: 'ours'
      readonly runId: string
      readonly by: 'info' | 'trailer' | 'adoption'
      readonly startedAt: string
    }
  | {
      readonly code: 'no-deployment'
      readonly reason: 'dry-run' | 'partial-sync' | 'self-heal'
      readonly startedAt: string
    }
  | { readonly code: 'baseline'; readonly reason: string; readonly startedAt: string }
  | { readonly code: 'listed'; readonly reason: string; readonly startedAt: string }
  | { readonly code: 'foreign'; readonly startedAt: string }

const OLD_OPERATION_MS = 60 * 60 * 1_000

/** How long after its end a deployment answers for the health of the application. */
export const DEGRADED_BELONGS_MS = 10 * 60 * 1_000

/** The last operation, in progress or over. A requested one that was not picked up yet has no startedAt, so it is none yet. */
export function lastOperation(application: Application): OperationState | undefined {
  return application.status.operationState ?? undefined
}

/** One run per operation: the dedupe key of the run it starts. */
export function operationKey(instance: string, uid: string, startedAt: string): string {
  return `argocd-operation:${instance}:${uid}:${startedAt}`
}

/** Whether something that happens to the application now still belongs to the operation. */
export function belongsToOperation(state: OperationState, nowMs: number): boolean {
  const finishedMs = parseRfc3339(state.finishedAt)
  return finishedMs === undefined || nowMs <= finishedMs + DEGRADED_BELONGS_MS
}
