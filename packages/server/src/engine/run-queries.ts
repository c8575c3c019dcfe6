import type { KeptnEvent } from '@tiphys/contract/event.ts'
import { openQuestions } from '@tiphys/core/sequence/questions.ts'
import type { OpenRun, OpenTask } from '@tiphys/core/sequence/run-state.ts'
import type { LanePlace } from '@tiphys/core/sequence/why.ts'
import type { OpenTriggeredFilter } from './engine.ts'
import { laneKey, type RunBook } from './run-book.ts'

/** `.triggered` events that wait for an answer, oldest first. */
export function openTriggered(book: RunBook, filter: OpenTriggeredFilter): readonly KeptnEvent[] {
  const found: { event: KeptnEvent; dueMs: number }[] = []
  for (const run of runsWith(book, filter.eventId)) {
    const { plan } = run
    if (!matches(filter.projectId, plan.projectId) || !matches(filter.stage, plan.stage)) continue
    if (!matches(filter.service, plan.service) || !matches(filter.context, run.context)) continue
    for (const { event, dueMs } of run.open.flatMap(waitingFor)) {
      if (!matches(filter.type, event.type) || !matches(filter.eventId, event.id)) continue
      found.push({ event, dueMs })
    }
  }
  return found.sort((left, right) => left.dueMs - right.dueMs).map(({ event }) => event)
}

/** A task, and what it asked others that is still open. */
function waitingFor(task: OpenTask): { readonly event: KeptnEvent; readonly dueMs: number }[] {
  const asked = openQuestions(task).map(({ event, askedMs }) => ({ event, dueMs: askedMs }))
  return [task, ...asked]
}

/** All open runs, or the one that waits for an answer to this event. */
function runsWith(book: RunBook, triggeredId: string | undefined): Iterable<OpenRun> {
  if (triggeredId === undefined) return book.runs.values()
  const run = book.runOfTask(triggeredId)
  return run === undefined ? [] : [run]
}

function matches(wanted: string | undefined, value: string): boolean {
  return wanted === undefined || wanted === value
}

/** Who stands before a run in its lane. */
export function lanePlace(book: RunBook, run: OpenRun): LanePlace {
  const lane = book.lane(laneKey(run.plan))
  const top = lane.stack.at(-1)
  const holder = top === undefined || top === run.runId ? undefined : book.run(top)
  const ahead = Math.max(0, lane.waiting.indexOf(run.runId))
  return holder === undefined ? { ahead } : { holder, ahead }
}
