import type {
  Application,
  ApplicationSource,
  Operation,
  OperationState,
  ResourceStatus,
} from '@tiphys/contract/argocd-application.ts'
import { parseRfc3339 } from './rfc3339.ts'

/** Readings of an Application that several rules share. Pure; see facts 1.5 for what the fields mean. */

type Revisions = {
  readonly revision?: string | null | undefined
  readonly revisions?: readonly string[] | null | undefined
}

/** One entry per source; a single-source application has one. Empty when nothing was resolved yet. */
export function revisionsOf(of: Revisions | null | undefined): readonly string[] {
  if (of?.revisions && of.revisions.length > 0) return of.revisions
  return of?.revision ? [of.revision] : []
}

/** `sources` wins over `source`, as in Argo CD. */
export function sourcesOf(application: Application): readonly ApplicationSource[] {
  const { source, sources } = application.spec
  if (sources && sources.length > 0) return sources
  return source ? [source] : []
}

export function isAutoSynced(application: Application): boolean {
  const automated = application.spec.syncPolicy?.automated
  return automated !== undefined && automated !== null && automated.enabled !== false
}

export function infoOf(operation: Operation | null | undefined, name: string): string | undefined {
  return operation?.info?.find((info) => info.name === name)?.value
}

/** Why an operation that ran is no deployment of the application; undefined when it is one (behaviour.md 6). */
export function noDeploymentReason(
  operation: Operation | null | undefined,
): 'dry-run' | 'partial-sync' | 'self-heal' | undefined {
  const sync = operation?.sync
  if (sync?.dryRun) return 'dry-run'
  if ((sync?.autoHealAttemptsCount ?? 0) > 0) return 'self-heal'
  if ((sync?.resources?.length ?? 0) > 0) return 'partial-sync'
  return undefined
}

export function isOver(state: OperationState): boolean {
  return state.phase === 'Succeeded' || state.phase === 'Failed' || state.phase === 'Error'
}

/** Whether health and sync were computed after the operation: whole seconds, so only strictly later is safe. */
export function isComparedAfter(application: Application, state: OperationState): boolean {
  const comparedMs = parseRfc3339(application.status.reconciledAt)
  const finishedMs = parseRfc3339(state.finishedAt)
  return comparedMs !== undefined && finishedMs !== undefined && comparedMs > finishedMs
}

const ERROR_CONDITIONS = ['ComparisonError', 'InvalidSpecError', 'SyncError', 'UnknownError']

/** Conditions under which neither sync status nor health mean anything. */
export function errorConditions(application: Application): readonly string[] {
  return (application.status.conditions ?? [])
    .filter((condition) => ERROR_CONDITIONS.includes(condition.type))
    .map((condition) => `${condition.type}: ${condition.message}`)
}

export type SyncState = 'synced' | 'prune-left-over' | 'out-of-sync' | 'unknown'

export function syncStateOf(application: Application): SyncState {
  const status = application.status.sync?.status
  if (status === 'Synced') return 'synced'
  if (status !== 'OutOfSync') return 'unknown'
  const different = outOfSyncResources(application)
  const onlyPrune = different.length > 0 && different.every((one) => one.requiresPruning === true)
  return onlyPrune ? 'prune-left-over' : 'out-of-sync'
}

export function outOfSyncResources(application: Application): readonly ResourceStatus[] {
  return (application.status.resources ?? []).filter((one) => one.status === 'OutOfSync')
}

/** Names of Argo Rollouts that wait at a step; other suspended things (a CronJob, say) do not wait for anybody. */
export function pausedRollouts(application: Application): readonly string[] {
  const rollouts = (application.status.resources ?? []).filter(
    (one) => one.kind === 'Rollout' && one.group === 'argoproj.io',
  )
  const suspended = rollouts.filter((one) => one.health?.status === 'Suspended')
  // Without per-resource health (an answer from cache) a Rollout is the likeliest thing to be suspended, and passing it is the risk.
  const unclear = rollouts.filter((one) => !one.health?.status)
  return [...suspended, ...unclear].map((one) => one.name)
}

/** The resources that made a sync fail, with Argo CD's words. */
export function failedResources(state: OperationState): readonly string[] {
  return (state.syncResult?.resources ?? [])
    .filter(
      (one) =>
        one.status === 'SyncFailed' || one.hookPhase === 'Failed' || one.hookPhase === 'Error',
    )
    .map((one) => `${one.kind ?? 'resource'} ${one.name ?? ''}: ${one.message ?? 'failed'}`)
}

/** Whether an operation has not touched the cluster yet, so that ending it leaves nothing half done. */
export function hasAppliedNothing(state: OperationState | null | undefined): boolean {
  return (state?.syncResult?.resources ?? []).every(
    (one) => one.status !== 'Synced' && one.status !== 'Pruned' && !one.hookPhase,
  )
}

/** `argocd/carts-dev`, or the name alone where there is no namespace. */
export function applicationName(application: Application): string {
  const { namespace, name } = application.metadata
  return namespace === '' ? name : `${namespace}/${name}`
}
