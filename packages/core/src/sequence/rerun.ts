import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { absentRun, evolveRun } from './evolve-run.ts'
import type { RunPlan } from './plan.ts'
import type { Rerun, RunRow } from './run-row.ts'
import type { RunState } from './run-state.ts'
import { stepOf } from './steps.ts'

/** Where a run that is over can be taken up again: the data as it was before that step, and what was done until then. */
export type RerunPoint = {
  readonly code: 'found'
  readonly payload: JsonObject
  /** The tasks of the step, as the run's own plan called them. */
  readonly taskNames: readonly string[]
  readonly rerun: Rerun
}

export type RerunRefusal = {
  readonly code: 'still-open' | 'nothing-failed' | 'no-such-task' | 'not-reached'
  readonly message: string
}

/**
 * Finds the point from the rows of a run, all of them (A7). Without `from` it is the step of the task that failed; with it the step of
 * that task, also of a run that passed. The whole step is repeated: what ran beside the failed task was cancelled.
 */
export function rerunPoint(rows: readonly RunRow[], from?: string): RerunPoint | RerunRefusal {
  const states: RunState[] = []
  for (const row of rows) states.push(evolveRun(states.at(-1) ?? absentRun, row))
  const ended = states.at(-1)
  if (ended?.phase !== 'ended') {
    return { code: 'still-open', message: 'the run is not over yet; abort it first' }
  }
  const index = from === undefined ? failedIndex(ended) : indexOf(ended.plan, from)
  if (index === undefined) {
    return from === undefined
      ? {
          code: 'nothing-failed',
          message: 'no task of this run failed; name the task to start from',
        }
      : { code: 'no-such-task', message: `the sequence has no task ${from}` }
  }
  const { first, last } = stepOf(ended.plan.tasks, index)
  const before = states.find((state) => isBefore(state, first, last))
  const name = ended.plan.tasks[index]?.name ?? ''
  if (before?.phase !== 'open') {
    return { code: 'not-reached', message: `the run ended before it came to ${name}` }
  }
  return {
    code: 'found',
    payload: before.payload,
    taskNames: ended.plan.tasks.slice(first, last + 1).map((task) => task.name),
    rerun: { of: ended.runId, from: first, done: before.done },
  }
}

/** Test results name the run they were measured in; what a run takes over from the one it takes up counts as its own. */
export function carriedData(payload: JsonObject, from: string, to: string): JsonObject {
  const { test } = payload
  if (test === undefined || !isJsonObject(test)) return payload
  const { results } = test
  if (results === undefined || !isJsonObject(results) || results['run'] !== from) return payload
  return { ...payload, test: { ...test, results: { ...results, run: to } } }
}

/** The state in which this step was about to begin. */
function isBefore(state: RunState, first: number, last: number): boolean {
  return (
    state.phase === 'open' &&
    state.next.some((next) => next.index >= first && next.index <= last && next.attempt === 1) &&
    state.done.every((task) => task.index < first)
  )
}

function failedIndex(ended: Extract<RunState, { phase: 'ended' }>): number | undefined {
  // Of a task that was tried again only the last attempt counts.
  const last = ended.done.filter(
    (task, place) => ended.done.findLastIndex((other) => other.index === task.index) === place,
  )
  const failed = last.findLast((task) => task.result === 'fail' || task.status === 'errored')
  if (failed !== undefined) return failed.index
  // Aborted, superseded or out of time: from the first task that was not done.
  if (ended.end === 'completed') return undefined
  const done = new Set([...last, ...ended.skipped].map((task) => task.index))
  const undone = ended.plan.tasks.findIndex((_, index) => !done.has(index))
  return undone === -1 ? undefined : undone
}

function indexOf(plan: RunPlan, name: string): number | undefined {
  const index = plan.tasks.findIndex((task) => task.name === name)
  return index === -1 ? undefined : index
}

/** The same point in a newer plan of the sequence, or undefined when the shipyard changed there. */
export function sameStep(point: RerunPoint, plan: RunPlan): boolean {
  const { from } = point.rerun
  const { first, last } = stepOf(plan.tasks, from)
  const names = plan.tasks.slice(first, last + 1).map((task) => task.name)
  return first === from && names.join('\n') === point.taskNames.join('\n')
}
