import type { Clock } from '../ports/clock.ts'
import { addressGroup } from '../security/address-group.ts'

/**
 * How many refusals may be written, so that nobody fills the disk by knocking: some at once, then one every so often, for each address
 * and for all of them together. At the most, that is 8,640 rows a day.
 */
export type RefusalBudget = {
  /** Whether this one may be written. If not, it is counted. */
  take(address: string): boolean
  /** How many were counted since the last call. */
  takeSuppressed(): number
}

type Bucket = { readonly left: number; readonly atMs: number }
type Size = { readonly atOnce: number; readonly oneMorePerMs: number }

export const PER_ADDRESS: Size = { atOnce: 20, oneMorePerMs: 60_000 }
export const IN_ALL: Size = { atOnce: 200, oneMorePerMs: 10_000 }
/** The longest silent are forgotten first. */
const MOST_ADDRESSES = 10_000

export function createRefusalBudget(clock: Pick<Clock, 'nowMs'>): RefusalBudget {
  const addresses = new Map<string, Bucket>()
  let all: Bucket = { left: IN_ALL.atOnce, atMs: clock.nowMs() }
  let suppressed = 0

  return {
    take(address) {
      const nowMs = clock.nowMs()
      const group = addressGroup(address)
      const own = filled(addresses.get(group), PER_ADDRESS, nowMs)
      all = filled(all, IN_ALL, nowMs)
      const isAdmitted = own.left >= 1 && all.left >= 1
      if (isAdmitted) all = { ...all, left: all.left - 1 }
      else suppressed += 1
      addresses.delete(group)
      addresses.set(group, isAdmitted ? { ...own, left: own.left - 1 } : own)
      const [oldest] = addresses.keys()
      if (addresses.size > MOST_ADDRESSES && oldest !== undefined) addresses.delete(oldest)
      return isAdmitted
    },
    takeSuppressed() {
      const count = suppressed
      suppressed = 0
      return count
    },
  }
}

function filled(bucket: Bucket | undefined, size: Size, nowMs: number): Bucket {
  if (bucket === undefined) return { left: size.atOnce, atMs: nowMs }
  // The clock may have been set back: that fills nothing.
  const grown = Math.max(0, nowMs - bucket.atMs) / size.oneMorePerMs
  return { left: Math.min(size.atOnce, bucket.left + grown), atMs: nowMs }
}
