/**
 * What makes real Argo CD hard to build against. All are on by default; switching one off makes the
 * simulator kinder than the real thing, which is useful to find out which trap a client fell into.
 */
export type Traps = {
  /** 415 for a non-GET whose Content-Type is not exactly `application/json`. */
  exactContentType: boolean
  /** 403 instead of 404 for a missing application when the request names no project. */
  hideMissing: boolean
  /** The result of a comparison is written later than it was taken. */
  reconcileLag: boolean
  /** A workload reports its old health for a while after an apply. */
  staleHealth: boolean
  /** Share of notifications sent twice because the annotation that remembers them was lost. */
  duplicateNotifications: number
  /** Share of watch events that a stream never sees. */
  lostWatchEvents: number
}

const DUPLICATE_SHARE = 0.1

export const defaultTraps: Traps = {
  exactContentType: true,
  hideMissing: true,
  reconcileLag: true,
  staleHealth: true,
  duplicateNotifications: DUPLICATE_SHARE,
  lostWatchEvents: 0.02,
}
