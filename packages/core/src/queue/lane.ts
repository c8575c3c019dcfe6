import type { QueuePolicy } from '@tiphys/contract/project-yaml.ts'

/**
 * Who may go on in a lane: the queue of one project, stage and service.
 *
 *   waiting (in order of acceptance) ──grant──▶ on the stack, until its end
 *
 * The stack holds more than one run only while the lane is lent: a run whose approval is open lends it to the one above, and gets it
 * back when that one ends, before anyone who waits (behaviour.md 2). Only the top of the stack may trigger tasks.
 */
export type Lane = {
  readonly stack: readonly string[]
  readonly waiting: readonly string[]
}

export const emptyLane: Lane = { stack: [], waiting: [] }

/** What a lane needs to know of a run in it. */
export type LaneRun = {
  readonly sequence: string
  readonly queue: QueuePolicy
  /** Its next task is due and it is not paused. */
  readonly ready: boolean
  /** Nothing but an approval is open. */
  readonly awaitingApproval: boolean
}

export type LaneMove =
  | { readonly code: 'grant'; readonly runId: string }
  /** End the older run; the newer one then reaches the lane. */
  | { readonly code: 'supersede'; readonly runId: string; readonly by: string }

/** The one thing to do in the lane now, or undefined. Asked again after each move until nothing is left. */
export function nextMove(lane: Lane, runOf: (runId: string) => LaneRun): LaneMove | undefined {
  const holder = lane.stack.at(-1)
  const candidate = lane.waiting.find((runId) => runOf(runId).ready)
  if (holder === undefined)
    return candidate === undefined ? undefined : { code: 'grant', runId: candidate }
  const held = runOf(holder)
  if (held.ready) return { code: 'grant', runId: holder }
  if (!held.awaitingApproval || held.queue === 'hold' || candidate === undefined) return undefined
  const sameSequence = runOf(candidate).sequence === held.sequence
  if (sameSequence && held.queue === 'supersede') {
    return { code: 'supersede', runId: holder, by: candidate }
  }
  return { code: 'grant', runId: candidate }
}

/** A run was accepted: it waits behind the others, or before them when the end of a run in this lane triggered it. */
export function join(lane: Lane, runIds: readonly string[], place: 'front' | 'back'): Lane {
  const waiting = place === 'front' ? [...runIds, ...lane.waiting] : [...lane.waiting, ...runIds]
  return { ...lane, waiting }
}

/** Its first task was triggered. */
export function enter(lane: Lane, runId: string): Lane {
  if (lane.stack.includes(runId)) return lane
  return {
    stack: [...lane.stack, runId],
    waiting: lane.waiting.filter((one) => one !== runId),
  }
}

/** It ended. */
export function leave(lane: Lane, runId: string): Lane {
  return {
    stack: lane.stack.filter((one) => one !== runId),
    waiting: lane.waiting.filter((one) => one !== runId),
  }
}
