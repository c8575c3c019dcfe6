import { z } from 'zod'

/**
 * The fields of Argo CD's Application that we read (facts: server 2.14 to 3.6). Everything is loose: what we do not know survives,
 * and a word that a newer Argo CD adds to a status is a string here, not a parse error. Go writes absent lists as `null`,
 * hence `nullish`.
 */
export const NameValue = z.looseObject({ name: z.string(), value: z.string().default('') })

export const ApplicationSource = z.looseObject({
  repoURL: z.string().default(''),
  targetRevision: z.string().nullish(),
  path: z.string().nullish(),
  chart: z.string().nullish(),
  ref: z.string().nullish(),
  helm: z
    .looseObject({
      parameters: z.array(NameValue).nullish(),
      valueFiles: z.array(z.string()).nullish(),
    })
    .nullish(),
  kustomize: z.looseObject({ images: z.array(z.string()).nullish() }).nullish(),
})

const ResourceReference = z.looseObject({
  group: z.string().nullish(),
  kind: z.string(),
  name: z.string(),
  namespace: z.string().nullish(),
})

export const ApplicationSpec = z.looseObject({
  project: z.string().default('default'),
  source: ApplicationSource.nullish(),
  sources: z.array(ApplicationSource).nullish(),
  destination: z
    .looseObject({ server: z.string().nullish(), namespace: z.string().nullish() })
    .nullish(),
  syncPolicy: z
    .looseObject({
      /** Present and `enabled` not false: Argo CD syncs by itself. */
      automated: z.looseObject({ enabled: z.boolean().nullish() }).nullish(),
    })
    .nullish(),
})

export const Operation = z.looseObject({
  sync: z
    .looseObject({
      revision: z.string().nullish(),
      revisions: z.array(z.string()).nullish(),
      dryRun: z.boolean().nullish(),
      /** A partial sync: no hooks, no history entry. */
      resources: z.array(ResourceReference).nullish(),
      /** Set by a self-heal. */
      autoHealAttemptsCount: z.number().nullish(),
    })
    .nullish(),
  info: z.array(NameValue).nullish(),
  initiatedBy: z
    .looseObject({ username: z.string().nullish(), automated: z.boolean().nullish() })
    .nullish(),
})

export const ResourceResult = z.looseObject({
  group: z.string().nullish(),
  kind: z.string().nullish(),
  namespace: z.string().nullish(),
  name: z.string().nullish(),
  /** Synced | SyncFailed | Pruned | PruneSkipped */
  status: z.string().nullish(),
  message: z.string().nullish(),
  hookPhase: z.string().nullish(),
})

export const OperationState = z.looseObject({
  operation: Operation.nullish(),
  /** Running | Terminating | Failed | Error | Succeeded. While a retry waits it is Running *with* finishedAt set. */
  phase: z.string(),
  message: z.string().nullish(),
  syncResult: z
    .looseObject({
      revision: z.string().nullish(),
      revisions: z.array(z.string()).nullish(),
      resources: z.array(ResourceResult).nullish(),
    })
    .nullish(),
  /** RFC 3339, whole seconds. */
  startedAt: z.string(),
  finishedAt: z.string().nullish(),
  retryCount: z.number().nullish(),
})

export const ResourceStatus = z.looseObject({
  group: z.string().nullish(),
  kind: z.string(),
  namespace: z.string().nullish(),
  name: z.string(),
  status: z.string().nullish(),
  requiresPruning: z.boolean().nullish(),
  hook: z.boolean().nullish(),
  health: z.looseObject({ status: z.string().nullish(), message: z.string().nullish() }).nullish(),
})

export const Condition = z.looseObject({
  type: z.string(),
  message: z.string().default(''),
  lastTransitionTime: z.string().nullish(),
})

export const HistoryEntry = z.looseObject({
  id: z.number(),
  revision: z.string().nullish(),
  revisions: z.array(z.string()).nullish(),
  deployStartedAt: z.string().nullish(),
  deployedAt: z.string().nullish(),
})

export const ApplicationStatus = z.looseObject({
  sync: z
    .looseObject({
      /** Synced | OutOfSync | Unknown, compared with the latest target revision. */
      status: z.string().nullish(),
      revision: z.string().nullish(),
      revisions: z.array(z.string()).nullish(),
    })
    .nullish(),
  health: z
    .looseObject({
      /** Healthy | Suspended | Progressing | Missing | Degraded | Unknown */
      status: z.string().nullish(),
      message: z.string().nullish(),
      lastTransitionTime: z.string().nullish(),
    })
    .nullish(),
  /** When the last full comparison *started*. */
  reconciledAt: z.string().nullish(),
  operationState: OperationState.nullish(),
  /** Oldest first, ten are kept; only successful full syncs. */
  history: z.array(HistoryEntry).nullish(),
  resources: z.array(ResourceStatus).nullish(),
  conditions: z.array(Condition).nullish(),
  summary: z
    .looseObject({
      images: z.array(z.string()).nullish(),
      externalURLs: z.array(z.string()).nullish(),
    })
    .nullish(),
})

export const ApplicationMetadata = z.looseObject({
  name: z.string(),
  namespace: z.string().default(''),
  uid: z.string().default(''),
  resourceVersion: z.string().nullish(),
  deletionTimestamp: z.string().nullish(),
  creationTimestamp: z.string().nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
})

/** One application as GET, sync, PATCH and the watch stream show it. */
export const Application = z.looseObject({
  metadata: ApplicationMetadata,
  spec: ApplicationSpec,
  /** Empty before the first comparison. */
  status: ApplicationStatus.nullish().transform((status) => status ?? {}),
  /** The requested or running operation; absent when idle. There is never more than one. */
  operation: Operation.nullish(),
})

export type NameValue = z.infer<typeof NameValue>
export type ApplicationSource = z.infer<typeof ApplicationSource>
export type Operation = z.infer<typeof Operation>
export type OperationState = z.infer<typeof OperationState>
export type ResourceStatus = z.infer<typeof ResourceStatus>
export type Condition = z.infer<typeof Condition>
export type HistoryEntry = z.infer<typeof HistoryEntry>
export type Application = z.infer<typeof Application>
