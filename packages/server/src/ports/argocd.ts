import type {
  ApplicationListItem,
  ResourceNode,
  RevisionMetadata,
  SyncWindows,
  UserInfo,
} from '@tiphys/contract/argocd-api.ts'
import type { Application, NameValue } from '@tiphys/contract/argocd-application.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'

/**
 * One Argo CD, by its HTTP API (facts 1.1 to 1.4). An *operator endpoint*: any address is allowed, because only `configure` and
 * `admin` tokens can connect one (behaviour.md 11).
 *
 * Every call ends within its own time limit. What can go wrong out there is an answer with a code, one plain sentence and whether
 * trying again can help. An aborted signal makes a call reject with the signal's reason. `project` goes with every call about
 * an application, because without it a missing one cannot be told from a forbidden one.
 */
export interface ArgoCd {
  /** The name of the connection: `default`. */
  readonly instance: string

  /** Every application that the token may see, from Argo CD's cache, with the few fields that a poll needs. */
  list(signal?: AbortSignal): Promise<ArgoCdAnswer<readonly ApplicationListItem[]>>
  /**
   * The application as Kubernetes holds it now. With `refresh` Argo CD compares it with Git first and the call blocks until it has;
   * the answer is then the compared one.
   */
  get(
    application: ApplicationRef,
    options?: { readonly refresh?: 'normal' | 'hard' },
    signal?: AbortSignal,
  ): Promise<ArgoCdAnswer<Application>>
  /** Asks for an operation. `operation-in-progress` is no failure of the deployment: there is one operation at a time. */
  sync(
    application: ApplicationRef,
    request: SyncRequest,
    signal?: AbortSignal,
  ): Promise<ArgoCdAnswer<Application>>
  /** Ends the operation in progress, whoever started it: look first. `no-operation` when there is none. */
  terminate(application: ApplicationRef, signal?: AbortSignal): Promise<ArgoCdAnswer<undefined>>
  /** Back to an entry of the history; refused while auto-sync is on, and without hooks. */
  rollback(
    application: ApplicationRef,
    request: { readonly historyId: number; readonly prune?: boolean },
    signal?: AbortSignal,
  ): Promise<ArgoCdAnswer<Application>>
  /** A merge patch of labels, annotations or spec. Argo CD writes the whole spec again, so look at it afterwards. */
  patch(
    application: ApplicationRef,
    patch: JsonObject,
    signal?: AbortSignal,
  ): Promise<ArgoCdAnswer<Application>>
  /** What can be done with one resource of the application; `disabled` ones cannot be done now. */
  listActions(
    application: ApplicationRef,
    resource: ResourceRef,
    signal?: AbortSignal,
  ): Promise<ArgoCdAnswer<readonly { readonly name: string; readonly disabled: boolean }[]>>
  runAction(
    application: ApplicationRef,
    resource: ResourceRef,
    action: string,
    signal?: AbortSignal,
  ): Promise<ArgoCdAnswer<undefined>>
  /** The live objects of the application, down to its pods. */
  resourceTree(
    application: ApplicationRef,
    signal?: AbortSignal,
  ): Promise<ArgoCdAnswer<readonly ResourceNode[]>>
  /** A live object as Kubernetes holds it: JSON that nobody has looked at. */
  liveResource(
    application: ApplicationRef,
    resource: ResourceRef,
    signal?: AbortSignal,
  ): Promise<ArgoCdAnswer<unknown>>
  syncWindows(application: ApplicationRef, signal?: AbortSignal): Promise<ArgoCdAnswer<SyncWindows>>
  revisionMetadata(
    application: ApplicationRef,
    revision: string,
    options?: { readonly sourceIndex?: number },
    signal?: AbortSignal,
  ): Promise<ArgoCdAnswer<RevisionMetadata>>
  /** Whether the token may do something: `('sync', 'applications', 'default/carts')`. */
  can(
    action: string,
    resource: string,
    object: string,
    signal?: AbortSignal,
  ): Promise<ArgoCdAnswer<boolean>>
  /** Whose token it is; `loggedIn: false` for one that Argo CD does not take. */
  userInfo(signal?: AbortSignal): Promise<ArgoCdAnswer<UserInfo>>
  version(signal?: AbortSignal): Promise<ArgoCdAnswer<string>>

  /**
   * News about any application, for ever, until the signal aborts: a wake-up, never a fact to decide by. It may lose
   * some, so after each `connected` everything has to be looked at. Reconnects by itself, with back-off.
   */
  watch(signal: AbortSignal): AsyncIterable<WatchNews>
}

/** Name alone is not unique: Argo CD may serve several namespaces. */
export type ApplicationRef = {
  readonly name: string
  /** Unset: Argo CD's own namespace. */
  readonly namespace?: string
  /** Argo CD's project, not ours. */
  readonly project: string
}

export type ResourceRef = {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
}

export type SyncRequest = {
  /** Survives to the end of the operation: how we know it again. */
  readonly infos: readonly NameValue[]
  readonly prune?: boolean
  /** Only without auto-sync; unset: the target revision, resolved anew. */
  readonly revision?: string
}

export type WatchNews =
  | { readonly code: 'connected' }
  | { readonly code: 'changed'; readonly name: string; readonly namespace: string }
  | {
      readonly code: 'disconnected'
      readonly failure: ArgoCdFailure
      readonly reconnectInMs: number
    }

export type ArgoCdAnswer<T> = { readonly code: 'ok'; readonly value: T } | ArgoCdFailure

export type ArgoCdFailure = {
  readonly code: ArgoCdFailureCode
  /** `cannot sync application argocd/carts on Argo CD default: …`, without secrets. */
  readonly message: string
  /** Whether the same call can succeed later without anybody changing anything. */
  readonly retryable: boolean
}

export type ArgoCdFailureCode =
  | 'unauthenticated'
  | 'permission-denied'
  | 'not-found'
  /** One at a time; wait until it is over. */
  | 'operation-in-progress'
  /** Auto-sync stands against another revision, or against a rollback. */
  | 'auto-sync-refused'
  /** A sync window. */
  | 'blocked'
  | 'being-deleted'
  /** Nothing to terminate. */
  | 'no-operation'
  | 'invalid'
  | 'conflict'
  | 'throttled'
  /** This version of Argo CD does not know the call. */
  | 'unsupported'
  /** Name not resolved, connection refused or broken off, TLS not trusted. */
  | 'unreachable'
  | 'timed-out'
  | 'server-error'
  /** Something answers, but it does not talk like Argo CD: wrong URL or base path, a proxy's page. */
  | 'unexpected-answer'

/** The connected instances, by the name that `argocd.yaml` calls them. */
export interface ArgoCdInstances {
  names(): readonly string[]
  get(instance: string): ArgoCd | undefined
}
