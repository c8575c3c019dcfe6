import type { JsonObject } from '@tiphys/contract/json.ts'

/**
 * `origin` of a run that judges a deployment which Argo CD made by itself: trusted, because we read it from Argo CD, unlike
 * the event data of the run.
 */
export type ForeignOrigin = {
  readonly kind: 'argocd-operation'
  readonly instance: string
  readonly application: string
  readonly namespace: string
  /** Argo CD's project. */
  readonly argocdProject: string
  readonly uid: string
  /** startedAt: the operation's identity. */
  readonly operation: string
  /** deployed | sync-failed | degraded | timed-out */
  readonly outcome: string
  /** One per source. */
  readonly revisions: readonly string[]
  /** What the history says ran before; absent when it was the first. */
  readonly previousRevisions?: readonly string[]
  readonly images: readonly string[]
}

export function originJson(origin: ForeignOrigin): JsonObject {
  return origin as unknown as JsonObject
}
