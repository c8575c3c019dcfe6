import { z } from 'zod'

/** Bodies of Argo CD's HTTP API other than the application itself; loose for the same reasons. */

/**
 * An item of `GET /api/v1/applications` with `fields`: Argo CD fills only what was asked for, and only from a fixed list, in which
 * uid, resourceVersion, history, reconciledAt and revisions are missing.
 */
export const ApplicationListItem = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().default(''),
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
    creationTimestamp: z.string().nullish(),
    deletionTimestamp: z.string().nullish(),
  }),
  spec: z.looseObject({ project: z.string().default('default') }).default({ project: 'default' }),
  status: z
    .looseObject({
      sync: z.looseObject({ status: z.string().nullish() }).nullish(),
      health: z.looseObject({ status: z.string().nullish() }).nullish(),
      operationState: z
        .looseObject({
          phase: z.string().nullish(),
          startedAt: z.string().nullish(),
          finishedAt: z.string().nullish(),
        })
        .nullish(),
    })
    .nullish(),
  operation: z.looseObject({}).nullish(),
})
export type ApplicationListItem = z.infer<typeof ApplicationListItem>

export const ApplicationList = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string().nullish() }).nullish(),
  items: z.array(ApplicationListItem).nullish(),
})

/** `{"error":"…","code":9,"message":"…"}`: the code is gRPC's, and it decides; text and HTTP status do not. */
export const ApiError = z.looseObject({
  code: z.number(),
  message: z.string().nullish(),
  error: z.string().nullish(),
})

export const SyncWindow = z.looseObject({
  kind: z.string().nullish(),
  schedule: z.string().nullish(),
  duration: z.string().nullish(),
  manualSync: z.boolean().nullish(),
})

export const SyncWindows = z.looseObject({
  activeWindows: z.array(SyncWindow).nullish(),
  assignedWindows: z.array(SyncWindow).nullish(),
  /** Whether a sync by hand may start now. */
  canSync: z.boolean().nullish(),
})
export type SyncWindows = z.infer<typeof SyncWindows>

export const RevisionMetadata = z.looseObject({
  author: z.string().nullish(),
  date: z.string().nullish(),
  message: z.string().nullish(),
  tags: z.array(z.string()).nullish(),
  /** From 3.1 on: the commits of the application's source that a commit of the configuration stands for. */
  references: z
    .array(
      z.looseObject({
        commit: z
          .looseObject({
            sha: z.string().nullish(),
            repoURL: z.string().nullish(),
            subject: z.string().nullish(),
          })
          .nullish(),
      }),
    )
    .nullish(),
})
export type RevisionMetadata = z.infer<typeof RevisionMetadata>

/** The credential check: `/api/version` answers anybody. */
export const UserInfo = z.looseObject({
  loggedIn: z.boolean().nullish(),
  username: z.string().nullish(),
  groups: z.array(z.string()).nullish(),
})
export type UserInfo = z.infer<typeof UserInfo>

export const ServerVersion = z.looseObject({ Version: z.string() })

export const ResourceActions = z.looseObject({
  actions: z.array(z.looseObject({ name: z.string(), disabled: z.boolean().nullish() })).nullish(),
})

/** One message of the watch stream: a change, or the reason why the stream ends. */
export const WatchMessage = z.looseObject({
  result: z
    .looseObject({
      type: z.string(),
      application: z.looseObject({
        metadata: z.looseObject({ name: z.string(), namespace: z.string().default('') }),
      }),
    })
    .nullish(),
  error: z
    .looseObject({ grpc_code: z.number().nullish(), message: z.string().nullish() })
    .nullish(),
})

/** A node of `GET /{app}/resource-tree`; pods tell in `info` how often their containers were restarted, unless never. */
export const ResourceNode = z.looseObject({
  kind: z.string().default(''),
  namespace: z.string().nullish(),
  name: z.string().default(''),
  uid: z.string().nullish(),
  createdAt: z.string().nullish(),
  info: z.array(z.looseObject({ name: z.string(), value: z.string().nullish() })).nullish(),
})
export type ResourceNode = z.infer<typeof ResourceNode>

export const ResourceTree = z.looseObject({ nodes: z.array(ResourceNode).nullish() })

/** `GET /{app}/resource`: the live object as a text. */
export const LiveResource = z.looseObject({ manifest: z.string() })

const ContainerState = z.looseObject({
  running: z.looseObject({ startedAt: z.string().nullish() }).nullish(),
  terminated: z
    .looseObject({ startedAt: z.string().nullish(), finishedAt: z.string().nullish() })
    .nullish(),
})

const ContainerStatus = z.looseObject({
  restartCount: z.number().nullish(),
  state: ContainerState.nullish(),
  /** The instance before this one; Kubernetes keeps no more of them. */
  lastState: ContainerState.nullish(),
})
export type ContainerStatus = z.infer<typeof ContainerStatus>

/** What is read of a live pod (Kubernetes, core/v1). */
export const LivePod = z.looseObject({
  metadata: z.looseObject({ creationTimestamp: z.string().nullish() }).nullish(),
  status: z
    .looseObject({
      containerStatuses: z.array(ContainerStatus).nullish(),
      initContainerStatuses: z.array(ContainerStatus).nullish(),
    })
    .nullish(),
})
export type LivePod = z.infer<typeof LivePod>
