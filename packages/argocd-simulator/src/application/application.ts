/**
 * The Argo CD Application object, as far as this simulator reads and writes it. Field names, optional
 * fields and number types are those of `argoproj.io/v1alpha1` as the API server prints them.
 */
export type Application = {
  metadata: ObjectMeta
  spec: ApplicationSpecBody
  status: ApplicationStatus
  /** The requested or running operation. Absent when idle; there is never more than one. */
  operation?: Operation
}

export type ObjectMeta = {
  name: string
  namespace: string
  uid: string
  resourceVersion: string
  generation: number
  creationTimestamp: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
}

export type ApplicationSpecBody = {
  project: string
  destination: { server?: string; name?: string; namespace?: string }
  source?: ApplicationSource
  sources?: ApplicationSource[]
  syncPolicy?: {
    automated?: { prune?: boolean; selfHeal?: boolean; allowEmpty?: boolean; enabled?: boolean }
    syncOptions?: string[]
    retry?: RetryStrategy
  }
  revisionHistoryLimit?: number
  info?: NameValue[]
}

export type ApplicationSource = {
  repoURL: string
  targetRevision?: string
  path?: string
  chart?: string
  ref?: string
  name?: string
  directory?: { recurse?: boolean }
  helm?: {
    parameters?: { name: string; value: string; forceString?: boolean }[]
    valueFiles?: string[]
    values?: string
    valuesObject?: Record<string, unknown>
    releaseName?: string
    ignoreMissingValueFiles?: boolean
  }
  kustomize?: { images?: string[]; namePrefix?: string; nameSuffix?: string; namespace?: string }
}

export type NameValue = { name: string; value: string }

export type RetryStrategy = {
  limit?: number
  refresh?: boolean
  backoff?: { duration?: string; factor?: number; maxDuration?: string }
}

export type ResourceReference = { group?: string; kind: string; name: string; namespace?: string }

export type SyncOperation = {
  revision?: string
  revisions?: string[]
  prune?: boolean
  dryRun?: boolean
  syncStrategy?: { apply?: { force?: boolean }; hook?: { force?: boolean } }
  resources?: ResourceReference[]
  source?: ApplicationSource
  sources?: ApplicationSource[]
  manifests?: string[]
  syncOptions?: string[]
  autoHealAttemptsCount?: number
}

export type OperationInitiator = { username?: string; automated?: boolean }

export type Operation = {
  sync: SyncOperation
  info?: NameValue[]
  initiatedBy: OperationInitiator
  retry: RetryStrategy
}

export type OperationPhase = 'Running' | 'Terminating' | 'Failed' | 'Error' | 'Succeeded'

export type ResourceResult = {
  group: string
  version: string
  kind: string
  namespace: string
  name: string
  status?: 'Synced' | 'SyncFailed' | 'Pruned' | 'PruneSkipped'
  message?: string
  hookPhase?: 'Running' | 'Succeeded' | 'Failed' | 'Error'
  hookType?: string
  syncPhase?: string
  images?: string[]
}

export type SyncResult = {
  revision: string
  revisions?: string[]
  source?: ApplicationSource
  sources?: ApplicationSource[]
  resources?: ResourceResult[]
}

export type OperationState = {
  operation: Operation
  phase: OperationPhase
  message?: string
  syncResult?: SyncResult
  startedAt: string
  /** Also set while a retry waits, with phase Running: never read it as "over". */
  finishedAt?: string
  retryCount?: number
}

export type HealthCode =
  | 'Healthy'
  | 'Suspended'
  | 'Progressing'
  | 'Missing'
  | 'Degraded'
  | 'Unknown'

export type Health = { status: HealthCode; message?: string }

export type SyncCode = 'Synced' | 'OutOfSync' | 'Unknown'

export type ResourceStatus = {
  group: string
  version: string
  kind: string
  namespace: string
  name: string
  status: SyncCode
  requiresPruning?: boolean
  hook?: boolean
  syncWave?: number
  health?: Health
}

export type Condition = { type: string; message: string; lastTransitionTime: string }

export type HistoryEntry = {
  id: number
  revision: string
  revisions?: string[]
  source?: ApplicationSource
  sources?: ApplicationSource[]
  deployStartedAt: string
  deployedAt: string
  initiatedBy: OperationInitiator
}

export type SyncStatus = {
  status: SyncCode | ''
  revision?: string
  revisions?: string[]
  comparedTo: {
    source?: ApplicationSource
    sources?: ApplicationSource[]
    destination: ApplicationSpecBody['destination']
  }
}

export type ApplicationStatus = {
  sync: SyncStatus
  health: { status?: HealthCode; message?: string; lastTransitionTime?: string }
  summary: { images?: string[]; externalURLs?: string[] }
  resources?: ResourceStatus[]
  conditions?: Condition[]
  history?: HistoryEntry[]
  operationState?: OperationState
  /** When the last full comparison started, which is before its result was written. */
  reconciledAt?: string
  sourceType?: string
  controllerNamespace?: string
}

/** All sources of an application: `sources` wins over `source`, as in Argo CD. */
export function sourcesOf(spec: ApplicationSpecBody): ApplicationSource[] {
  if (hasMultipleSources(spec)) return spec.sources ?? []
  return spec.source === undefined ? [] : [spec.source]
}

export function hasMultipleSources(spec: ApplicationSpecBody): boolean {
  return (spec.sources?.length ?? 0) > 0
}

/** `automated` present and `enabled` not false. */
export function isAutoSynced(spec: ApplicationSpecBody): boolean {
  const automated = spec.syncPolicy?.automated
  return automated !== undefined && automated !== null && automated.enabled !== false
}

/** What an empty target revision means to Argo CD. */
export function targetRevisionOf(source: ApplicationSource): string {
  return source.targetRevision === undefined || source.targetRevision === ''
    ? 'HEAD'
    : source.targetRevision
}

/** The `source(s)` part of history, syncResult and comparedTo, in the form that fits the spec. */
export function sourceFields(
  isMultiple: boolean,
  sources: readonly ApplicationSource[],
): { source?: ApplicationSource; sources?: ApplicationSource[] } {
  if (isMultiple) return { sources: structuredClone([...sources]) }
  const [source] = sources
  return source === undefined ? {} : { source: structuredClone(source) }
}

/** The `revision(s)` part. A multi-source application has an empty `revision` and the list. */
export function revisionFields(
  isMultiple: boolean,
  revisions: readonly string[],
): { revision: string; revisions?: string[] } {
  return isMultiple ? { revision: '', revisions: [...revisions] } : { revision: revisions[0] ?? '' }
}

export function isCompleted(phase: OperationPhase): boolean {
  return phase === 'Failed' || phase === 'Error' || phase === 'Succeeded'
}
