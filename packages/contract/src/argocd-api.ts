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
