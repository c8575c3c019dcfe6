import { isDeepStrictEqual } from 'node:util'
import {
  type Application,
  type ApplicationSource,
  hasMultipleSources,
  isAutoSynced,
  type Operation,
  type OperationPhase,
  sourcesOf,
} from '../application/application.ts'
import type { Comparison } from './compare.ts'

export type AutoSyncDecision =
  | { code: 'nothing' }
  | { code: 'start'; operation: Operation }
  /** Self-heal waits until the last operation is this old. */
  | { code: 'later'; afterMs: number }
  /** Becomes a SyncError condition. */
  | { code: 'error'; message: string }

const NOTHING: AutoSyncDecision = { code: 'nothing' }

/** Argo CD retries what it starts itself this often, unless the application says otherwise. */
const DEFAULT_RETRY_LIMIT = 5

/**
 * Whether Argo CD starts an operation by itself after a comparison. It does so once per revision and source;
 * after that only self-heal does, and only for the objects that drifted.
 */
export function decideAutoSync(
  application: Application,
  comparison: Comparison,
  selfHealMs: number,
  nowMs: number,
): AutoSyncDecision {
  const { spec, metadata } = application
  const automated = spec.syncPolicy?.automated
  if (!isAutoSynced(spec) || automated === undefined) return NOTHING
  if (application.operation !== undefined || metadata.deletionTimestamp !== undefined)
    return NOTHING
  if (comparison.sync.status !== 'OutOfSync') return NOTHING
  const prune = automated.prune === true
  const drifted = comparison.resources.filter((resource) => resource.status !== 'Synced')
  if (!prune && drifted.every((resource) => resource.requiresPruning === true)) return NOTHING

  const operation = newOperation(application, comparison, prune)
  const attempted = attemptedPhase(application, comparison)
  if (attempted !== undefined && attempted !== 'Succeeded') {
    const target = targetName(comparison)
    const reason = application.status.operationState?.message ?? ''
    return { code: 'error', message: `Failed last sync attempt to ${target}: ${reason}` }
  }
  if (attempted === 'Succeeded') {
    if (automated.selfHeal !== true) return NOTHING
    const afterMs = selfHealMs - (nowMs - finishedAtMs(application))
    if (afterMs > 0) return { code: 'later', afterMs }
    const before = application.status.operationState?.operation.sync.autoHealAttemptsCount ?? 0
    operation.sync.autoHealAttemptsCount = before + 1
    operation.sync.resources = drifted.map(({ group, kind, name }) => ({ group, kind, name }))
  }
  const wipesAll = comparison.resources.every((resource) => resource.requiresPruning === true)
  if (prune && automated.allowEmpty !== true && wipesAll) {
    const target = targetName(comparison)
    return {
      code: 'error',
      message: `Skipping sync attempt to ${target}: auto-sync will wipe out all resources`,
    }
  }
  return { code: 'start', operation }
}

function newOperation(application: Application, comparison: Comparison, prune: boolean): Operation {
  const { revision, revisions } = comparison.sync
  const policy = application.spec.syncPolicy
  return {
    sync: {
      ...(revision === undefined || revision === '' ? {} : { revision }),
      ...(revisions === undefined ? {} : { revisions }),
      ...(prune ? { prune } : {}),
      ...(policy?.syncOptions === undefined ? {} : { syncOptions: policy.syncOptions }),
    },
    initiatedBy: { automated: true },
    retry: policy?.retry ?? { limit: DEFAULT_RETRY_LIMIT },
  }
}

/** How the last operation ended, if it was at exactly these revisions and sources. */
function attemptedPhase(
  application: Application,
  comparison: Comparison,
): OperationPhase | undefined {
  const state = application.status.operationState
  const result = state?.syncResult
  if (state === undefined || result === undefined) return undefined
  const isMultiple = hasMultipleSources(application.spec)
  const isSameRevision = isMultiple
    ? isDeepStrictEqual(result.revisions, comparison.sync.revisions)
    : result.revision === comparison.sync.revision
  if (!isSameRevision) return undefined
  const synced = isMultiple ? (result.sources ?? []) : result.source ? [result.source] : []
  const wanted = sourcesOf(application.spec)
  return isDeepStrictEqual(synced.map(withoutTarget), wanted.map(withoutTarget))
    ? state.phase
    : undefined
}

/** The revisions were compared already; `HEAD` and `main` must not count as a difference. */
function withoutTarget(source: ApplicationSource): Omit<ApplicationSource, 'targetRevision'> {
  const { targetRevision: _targetRevision, ...rest } = source
  return rest
}

function targetName(comparison: Comparison): string {
  return comparison.sync.revisions?.join(', ') ?? comparison.sync.revision ?? ''
}

function finishedAtMs(application: Application): number {
  return Date.parse(application.status.operationState?.finishedAt ?? '') || 0
}
