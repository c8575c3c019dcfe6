import type { KeptnEvent, Result, Status } from '@tiphys/contract/event.ts'
import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { assert, unreachable } from '../assert.ts'
import { mergeData } from '../merge/merge.ts'
import type { RunRow, TaskKey } from './run-row.ts'
import type { DoneTask, Finished, OpenRun, OpenTask, RunState } from './run-state.ts'

const STATUSES: readonly Status[] = ['succeeded', 'errored', 'unknown', 'aborted']
const RESULTS: readonly Result[] = ['pass', 'warning', 'fail']

export const absentRun: RunState = { phase: 'absent' }

/** Folds one row into the run. Pure: replaying a stream gives the live state, byte for byte. */
export function evolveRun(state: RunState, row: RunRow): RunState {
  const { meta } = row
  if (meta.k === 'start') {
    assert(state.phase === 'absent', 'a run begins once')
    return begin(row, meta)
  }
  assert(state.phase === 'open', `a ${meta.k} row belongs to an open run`)
  const run = { ...state, version: state.version + 1 }
  switch (meta.k) {
    case 'task':
      return openTask(run, row, meta)
    case 'started':
    case 'changed':
      return changeTask(run, meta, (task) => answered(task, row, run.paused?.sinceMs))
    case 'finished':
      return finishTask(run, meta, row)
    case 'expired':
      return completeTask(run, taskOf(run, meta), [finishedOf(row.event)], row.timeMs, true)
    case 'note':
      return changeTask(run, meta, (task) => ({
        ...task,
        notes: [...task.notes, noteOf(row.event)],
      }))
    case 'paused':
      return { ...run, paused: { sinceMs: row.timeMs, by: meta.by, scope: meta.scope } }
    case 'resumed':
      return resume(run, row.timeMs)
    case 'news':
      return degrade(run, meta.message)
    case 'end':
      return {
        phase: 'ended',
        runId: run.runId,
        stream: run.stream,
        version: run.version,
        context: run.context,
        plan: run.plan,
        payload: run.payload,
        done: run.done,
        triggeredMs: run.triggeredMs,
        endedMs: row.timeMs,
        status: meta.status,
        result: meta.result,
        message: text(row.event.data['message']),
        end: meta.cause,
      }
    default:
      return unreachable(meta)
  }
}

function begin(row: RunRow, meta: Extract<RunRow['meta'], { k: 'start' }>): OpenRun {
  const { event } = row
  const { plan } = meta
  const first = plan.tasks[0]
  return {
    phase: 'open',
    runId: event.id,
    stream: meta.stream,
    version: 1,
    context: event.shkeptncontext ?? event.id,
    plan,
    ...(meta.origin === undefined ? {} : { origin: meta.origin }),
    triggeredMs: row.timeMs,
    payload: scoped(ownTestsOnly(event.data, plan), plan),
    done: [],
    open: [],
    ...(first === undefined
      ? {}
      : { next: { index: 0, attempt: 1, dueMs: row.timeMs + first.afterMs } }),
    ...(plan.timeoutMs === undefined ? {} : { deadlineMs: row.timeMs + plan.timeoutMs }),
  }
}

/**
 * Where a run has tests of its own, only they may say what was measured: figures that came with the trigger, from whoever sent it or from
 * an earlier stage, would pass a gate that judges test results.
 */
function ownTestsOnly(data: JsonObject, plan: OpenRun['plan']): JsonObject {
  const { test } = data
  if (test === undefined || !isJsonObject(test) || !('results' in test)) return data
  if (!plan.tasks.some((task) => task.name === 'test')) return data
  const { results: _, ...rest } = test
  return { ...data, test: rest }
}

function openTask(
  run: OpenRun,
  row: RunRow,
  meta: Extract<RunRow['meta'], { k: 'task' }>,
): OpenRun {
  const planned = run.plan.tasks[meta.i]
  assert(planned !== undefined, 'a triggered task is in the plan')
  const task: OpenTask = {
    index: meta.i,
    attempt: meta.a,
    name: planned.name,
    event: row.event,
    dueMs: meta.due,
    answerByMs: meta.answerBy,
    finishByMs: meta.finishBy,
    started: [],
    finished: [],
    answered: false,
    notes: [],
  }
  const { next: _, ...rest } = run
  return { ...rest, open: [...run.open, task], enteredMs: run.enteredMs ?? row.timeMs }
}

function taskOf(run: OpenRun, key: TaskKey): OpenTask {
  const task = run.open.find((one) => one.index === key.i && one.attempt === key.a)
  assert(task !== undefined, `task ${key.i}/${key.a} is open`)
  return task
}

function changeTask(run: OpenRun, key: TaskKey, change: (task: OpenTask) => OpenTask): OpenRun {
  const task = taskOf(run, key)
  return { ...run, open: run.open.map((one) => (one === task ? change(task) : one)) }
}

function answered(task: OpenTask, row: RunRow, pausedSinceMs: number | undefined): OpenTask {
  const { meta, event, timeMs } = row
  const open = unblocked({ ...task, answered: true }, pausedSinceMs ?? timeMs)
  if (meta.k === 'started') {
    return { ...open, started: [...task.started, { source: event.source, atMs: timeMs }] }
  }
  const progress = { message: text(event.data['message']), atMs: timeMs }
  if (meta.k === 'changed' && meta.blocked) {
    return { ...task, answered: true, progress, blockedSinceMs: task.blockedSinceMs ?? timeMs }
  }
  return { ...open, progress }
}

/**
 * Deadlines stood still while the task was blocked: they move by that long. Of a block that ends during a pause only the part before
 * the pause counts here; the pause itself counts when it ends.
 */
function unblocked(task: OpenTask, untilMs: number): OpenTask {
  if (task.blockedSinceMs === undefined) return task
  const { blockedSinceMs, ...rest } = task
  return shifted(rest, Math.max(0, untilMs - blockedSinceMs))
}

function shifted(task: OpenTask, byMs: number): OpenTask {
  return { ...task, answerByMs: task.answerByMs + byMs, finishByMs: task.finishByMs + byMs }
}

/** A pause that began before a block ends counts once: the task's own clock is moved to the end of the pause. */
function resume(run: OpenRun, nowMs: number): OpenRun {
  if (run.paused === undefined) return run
  const { paused, ...rest } = run
  const open = run.open.map((task) => {
    const pausedFromMs = Math.max(paused.sinceMs, task.dueMs)
    if (task.blockedSinceMs !== undefined) {
      const overlapFromMs = Math.max(pausedFromMs, task.blockedSinceMs)
      return shifted(task, overlapFromMs - pausedFromMs)
    }
    return shifted(task, nowMs - pausedFromMs)
  })
  return { ...rest, open }
}

/** A task under way may finish; a run between tasks ends here. */
function degrade(run: OpenRun, message: string): OpenRun {
  const degraded = { ...run, degraded: message }
  return run.open.length > 0 ? degraded : { ...degraded, ending: failedBecause(message) }
}

function failedBecause(message: string) {
  return { status: 'succeeded', result: 'fail', message } as const
}

function finishTask(run: OpenRun, key: TaskKey, row: RunRow): OpenRun {
  const task = taskOf(run, key)
  const finished = [...task.finished, finishedOf(row.event)]
  // Finished implies started: one answer is enough when nobody said "started".
  if (finished.length >= Math.max(1, task.started.length)) {
    return completeTask(run, task, finished, row.timeMs, false)
  }
  return changeTask(run, key, (one) => ({ ...one, finished, answered: true }))
}

function completeTask(
  run: OpenRun,
  task: OpenTask,
  finished: readonly Finished[],
  nowMs: number,
  expired: boolean,
): OpenRun {
  const outcome = aggregate(finished)
  const done: DoneTask = {
    index: task.index,
    attempt: task.attempt,
    name: task.name,
    triggeredId: task.event.id,
    triggeredMs: task.dueMs,
    endedMs: nowMs,
    ...outcome,
    expired,
  }
  const merged = finished.reduce(
    (payload, one) => mergeData(payload, withoutExplanation(one.data)),
    run.payload,
  )
  const payload = { ...scoped(merged, run.plan), result: outcome.result, status: outcome.status }
  const after: OpenRun = {
    ...run,
    payload,
    done: [...run.done, done],
    open: run.open.filter((one) => one !== task),
  }
  const following = run.plan.tasks[task.index + 1]
  const stops = outcome.result === 'fail' || outcome.status === 'errored'
  if (run.degraded !== undefined && !stops) return { ...after, ending: failedBecause(run.degraded) }
  if (stops || following === undefined) return { ...after, ending: outcome }
  return { ...after, next: { index: task.index + 1, attempt: 1, dueMs: nowMs + following.afterMs } }
}

/** Facts/keptn-v1.md 1.4: one fail fails, an unknown status fails, the message is the last one's. */
export function aggregate(
  finished: readonly Finished[],
): Pick<DoneTask, 'status' | 'result' | 'message'> {
  const results = finished.map((one) => one.result)
  const statuses = finished.map((one) => one.status)
  const message = finished.at(-1)?.message ?? ''
  const result = results.includes('fail')
    ? 'fail'
    : results.includes('warning')
      ? 'warning'
      : 'pass'
  if (statuses.includes('errored')) return { status: 'errored', result, message }
  if (statuses.includes('aborted')) return { status: 'aborted', result, message }
  if (statuses.every((status) => status === 'succeeded'))
    return { status: 'succeeded', result, message }
  return { status: 'unknown', result: 'fail', message }
}

export function finishedOf(event: KeptnEvent): Finished {
  return {
    source: event.source,
    status: STATUSES.find((word) => word === event.data['status']) ?? 'unknown',
    result: RESULTS.find((word) => word === event.data['result']) ?? 'fail',
    message: text(event.data['message']),
    data: event.data,
  }
}

function noteOf(event: KeptnEvent): { type: string; data: JsonObject } {
  const note = event.data['note']
  return {
    type: event.type.replace('dev.tiphys.', ''),
    data: note !== undefined && isJsonObject(note) ? note : {},
  }
}

/** The report of an evaluation stays on its own event: carried along it would grow with every stage. */
function withoutExplanation(data: JsonObject): JsonObject {
  if (!('explanation' in data)) return data
  const { explanation: _, ...rest } = data
  return rest
}

/** Whatever a service answers, a run stays in its project, stage and service. */
function scoped(
  data: JsonObject,
  plan: { project: string; stage: string; service: string },
): JsonObject {
  return { ...data, project: plan.project, stage: plan.stage, service: plan.service }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
