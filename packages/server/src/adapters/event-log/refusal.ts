import type { CommitResult, CommitUnit } from '../../ports/store.ts'

/** What a commit is checked against: the state of the log inside the transaction that would write it. */
export type LogState = {
  /** 0: there is no such stream. */
  versionOf(stream: string): number
  /** What a dedupe key that still lives was first accepted with. */
  liveValueOf(key: string, nowMs: number): string | undefined
}

export type Refusal = Exclude<CommitResult, { code: 'committed' }>

/**
 * Why a unit may not be written, or undefined. A repeat is asked before a conflict: whoever sends something a second time is
 * told so, although the streams have moved on since.
 */
export function refusalOf(unit: CommitUnit, state: LogState): Refusal | undefined {
  for (const { key } of unit.dedupeKeys ?? []) {
    const of = state.liveValueOf(key, unit.nowMs)
    if (of !== undefined) return { code: 'repeat', key, of }
  }
  // A stream that a unit writes twice is as long as its first write leaves it.
  const written = unit.writes.length > 1 ? new Map<string, number>() : undefined
  for (const { stream, expectedVersion, events } of unit.writes) {
    const actual = written?.get(stream) ?? state.versionOf(stream)
    if (expectedVersion !== 'any' && expectedVersion !== actual) {
      return { code: 'conflict', stream, actual }
    }
    written?.set(stream, actual + events.length)
  }
  return undefined
}
