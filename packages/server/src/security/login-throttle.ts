import type { Clock } from '../ports/clock.ts'
import { addressGroup } from './address-group.ts'

/** So many wrong tokens in a row are mistakes; more of them are guesses. */
export const FAILURES_AT_ONCE = 10
/** After that, one more every so often. */
export const ONE_FAILURE_PER_MS = 5_000
/** The last places are for tokens that were not refused before: a client that repeats a revoked one locks nobody else out. */
export const PLACES_FOR_NEW_TOKENS = 2
/** Addresses, and tokens accepted at them, that are remembered; the longest silent are forgotten first. */
const MOST_REMEMBERED = 10_000
const MOST_REFUSED_PER_ADDRESS = 4

/**
 * Slows down whoever guesses tokens (behaviour.md 10). Each address has a bucket that failed logins fill and time empties. A token that
 * was accepted from an address stays accepted there while the bucket is full, so that a stranger behind the same proxy cannot lock out
 * people who are logged in.
 */
export type LoginThrottle = {
  /**
   * Asked before a token is looked up, and counts it as failed until `succeeded` is called: many guesses at the same moment count too.
   * Undefined: go on, and call `succeeded` or `failed`. Else: how long to wait, in milliseconds.
   */
  attempt(address: string, tokenHash: string): number | undefined
  succeeded(address: string, tokenHash: string): void
  failed(address: string, tokenHash: string): void
}

type Bucket = { readonly failures: number; readonly atMs: number; readonly refused: Set<string> }

export function createLoginThrottle(clock: Pick<Clock, 'nowMs'>): LoginThrottle {
  const buckets = new Map<string, Bucket>()
  const accepted = new Map<string, true>()
  /** How many look-ups of a token are going on. They are one guess: a client that starts with many requests makes none. */
  const underway = new Map<string, number>()

  function bucketOf(group: string): Bucket {
    const nowMs = clock.nowMs()
    const known = buckets.get(group)
    if (known === undefined) return { failures: 0, atMs: nowMs, refused: new Set() }
    // The clock may have been set back: that empties nothing, and nobody waits for it to catch up.
    const emptied = Math.max(0, nowMs - known.atMs) / ONE_FAILURE_PER_MS
    return { ...known, failures: Math.max(0, known.failures - emptied), atMs: nowMs }
  }

  function endLookup(key: string): void {
    const left = (underway.get(key) ?? 0) - 1
    if (left > 0) underway.set(key, left)
    else underway.delete(key)
  }

  return {
    attempt(address, tokenHash) {
      const group = addressGroup(address)
      const key = pair(group, tokenHash)
      if (accepted.has(key)) return undefined
      const lookups = underway.get(key) ?? 0
      if (lookups > 0) {
        underway.set(key, lookups + 1)
        return undefined
      }
      const bucket = bucketOf(group)
      const isRepeat = bucket.refused.has(tokenHash)
      const places = isRepeat ? FAILURES_AT_ONCE - PLACES_FOR_NEW_TOKENS : FAILURES_AT_ONCE
      const excess = bucket.failures + 1 - places
      if (excess > 0) {
        // Kept all the same: a clock that was set back is then forgotten.
        remember(buckets, group, bucket)
        return Math.ceil(excess * ONE_FAILURE_PER_MS)
      }
      remember(buckets, group, { ...bucket, failures: bucket.failures + 1 })
      underway.set(key, 1)
      return undefined
    },
    succeeded(address, tokenHash) {
      const group = addressGroup(address)
      endLookup(pair(group, tokenHash))
      buckets.delete(group)
      remember(accepted, pair(group, tokenHash), true)
    },
    failed(address, tokenHash) {
      const group = addressGroup(address)
      endLookup(pair(group, tokenHash))
      const bucket = bucketOf(group)
      bucket.refused.delete(tokenHash)
      bucket.refused.add(tokenHash)
      forgetOldest(bucket.refused, MOST_REFUSED_PER_ADDRESS)
      // A token that was revoked had not been counted by `attempt`.
      const uncounted = accepted.delete(pair(group, tokenHash)) ? 1 : 0
      const failures = Math.min(bucket.failures + uncounted, FAILURES_AT_ONCE)
      remember(buckets, group, { ...bucket, failures })
    },
  }
}

function pair(group: string, tokenHash: string): string {
  return `${tokenHash} ${group}`
}

/** Puts it at the end of the order, of which the first are forgotten. */
function remember<T>(entries: Map<string, T>, key: string, value: T): void {
  entries.delete(key)
  entries.set(key, value)
  forgetOldest(entries, MOST_REMEMBERED)
}

function forgetOldest(
  entries: { readonly size: number; keys(): Iterable<string>; delete(key: string): boolean },
  most: number,
): void {
  for (const key of entries.keys()) {
    if (entries.size <= most) return
    entries.delete(key)
  }
}
