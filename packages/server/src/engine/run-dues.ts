import { nextDueMs } from '@tiphys/core/sequence/deadlines.ts'
import { type FreezeLookup, freezeFor } from '@tiphys/core/sequence/decide-run.ts'
import type { OpenRun } from '@tiphys/core/sequence/run-state.ts'

/** A run that a freeze holds looks again this often: the freeze may be taken back. */
const FREEZE_LOOK_MS = 60_000

/** When a run should be looked at by itself: its own deadlines, and the end of a freeze that holds it. */
export function dueMsOf(
  run: OpenRun,
  freezeOf: FreezeLookup | undefined,
  nowMs: number,
): number | undefined {
  const own = nextDueMs(run, nowMs)
  if (freezeOf === undefined || run.paused !== undefined) return own
  const ends = run.next
    .filter((next) => next.dueMs <= nowMs)
    .flatMap((next) => freezeFor(run, next, freezeOf)?.untilMs ?? [])
  if (ends.length === 0) return own
  return Math.min(own ?? Number.POSITIVE_INFINITY, nowMs + FREEZE_LOOK_MS, ...ends)
}
