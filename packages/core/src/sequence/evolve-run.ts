import type { KeptnEvent } from '@tiphys/contract/event.ts'
import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { assert, unreachable } from '../assert.ts'
import { aggregate, finishedOf, text } from './finished.ts'
import { foldAsked, foldTold, foldUnanswered, shiftedQuestion } from './questions.ts'
import type { RunRow, TaskKey } from './run-row.ts'
import type { DoneTask, Finished, OpenRun, OpenTask, RunState } from './run-state.ts'
import { closeStep, collect, failedBecause, isRetried, scoped, stepFrom } from './steps.ts'
import { trustedAnswer, trustedInput } from './trusted-results.ts'

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
    case 'asked':
      return changeTask(run, meta, (task) => foldAsked(task, row, meta))
    case 'told':
      return changeTask(run, meta, (task) => foldTold(task, row, meta))
    case 'unanswered':
      return changeTask(run, meta, (task) => foldUnanswered(task, row, meta))
    case 'skipped':
      return skip(run, meta, row.timeMs)
    case 'unfrozen':
      return { ...run, unfrozen: { by: meta.by, reason: meta.reason, atMs: row.timeMs } }
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
        ...(run.origin === undefined ? {} : { origin: run.origin }),
        payload: run.payload,
        done: run.done,
        skipped: run.skipped,
        wasSoaking: run.soak !== undefined && row.timeMs < run.soak.untilMs,
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
  const { plan, soak, rerun } = meta
  const from = rerun?.from ?? 0
  const beginsMs = soak?.untilMs ?? row.timeMs
  return {
    phase: 'open',
    runId: event.id,
    stream: meta.stream,
    version: 1,
    context: event.shkeptncontext ?? event.id,
    plan,
    ...(meta.origin === undefined ? {} : { origin: meta.origin }),
    triggeredMs: row.timeMs,
    payload: scoped(trustedInput(event.data, meta), plan),
    done: rerun?.done ?? [],
    open: [],
    skipped: [],
    next: stepFrom(plan, from, beginsMs),
    collected: [],
    ...(plan.timeoutMs === undefined ? {} : { deadlineMs: beginsMs + plan.timeoutMs }),
    ...(soak === undefined ? {} : { soak }),
    ...(rerun === undefined ? {} : { rerunOf: rerun.of }),
  }
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
    questions: [],
  }
  const next = run.next.filter((one) => one.index !== meta.i || one.attempt !== meta.a)
  return { ...run, next, open: [...run.open, task], enteredMs: run.enteredMs ?? row.timeMs }
}

function skip(run: OpenRun, key: TaskKey, nowMs: number): OpenRun {
  const next = run.next.filter((one) => one.index !== key.i)
  const name = run.plan.tasks[key.i]?.name ?? ''
  const skipped = [...run.skipped, { index: key.i, name, atMs: nowMs }]
  return closeStep({ ...run, next, skipped }, key.i, nowMs)
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

/** The questions of a task stand still from when they were asked. */
function questionsShifted(task: OpenTask, sinceMs: number, nowMs: number): OpenTask {
  if (task.questions.length === 0) return task
  const questions = task.questions.map((one) =>
    shiftedQuestion(one, nowMs - Math.max(sinceMs, one.askedMs)),
  )
  return { ...task, questions }
}

/** A pause that began before a block ends counts once: the task's own clock is moved to the end of the pause. */
function resume(run: OpenRun, nowMs: number): OpenRun {
  if (run.paused === undefined) return run
  const { paused, ...rest } = run
  const open = run.open.map((one) => {
    const task = questionsShifted(one, paused.sinceMs, nowMs)
    const pausedFromMs = Math.max(paused.sinceMs, task.dueMs)
    if (task.blockedSinceMs !== undefined) {
      const overlapFromMs = Math.max(pausedFromMs, task.blockedSinceMs)
      return shifted(task, overlapFromMs - pausedFromMs)
    }
    return shifted(task, nowMs - pausedFromMs)
  })
  return { ...rest, open }
}

/** Tasks under way may finish; a run between tasks ends here. */
function degrade(run: OpenRun, message: string): OpenRun {
  const degraded = { ...run, degraded: message, next: [] }
  return run.open.length > 0 ? degraded : { ...degraded, ending: failedBecause(message) }
}

function finishTask(run: OpenRun, key: TaskKey, row: RunRow): OpenRun {
  const task = taskOf(run, key)
  const answer = finishedOf(row.event)
  const trusted = { ...answer, data: trustedAnswer(answer.data, task.name) }
  const finished = [...task.finished, trusted]
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
  const after: OpenRun = {
    ...run,
    done: [...run.done, done],
    open: run.open.filter((one) => one !== task),
  }
  const { retry } = run.plan.tasks[task.index] ?? {}
  if (run.degraded === undefined && isRetried(retry, task.attempt, outcome)) {
    const again = { index: task.index, attempt: task.attempt + 1, dueMs: nowMs + retry.afterMs }
    return { ...after, next: [...after.next, again] }
  }
  const collected = [...run.collected, { index: task.index, finished, outcome }]
  if (outcome.result === 'fail' || outcome.status === 'errored') {
    // What else the step has under way is cancelled: a failed gate turns back at once.
    return { ...collect({ ...after, collected }), next: [], ending: outcome }
  }
  return closeStep({ ...after, collected }, task.index, nowMs)
}

function noteOf(event: KeptnEvent): { type: string; data: JsonObject } {
  const note = event.data['note']
  return {
    type: event.type.replace('dev.tiphys.', ''),
    data: note !== undefined && isJsonObject(note) ? note : {},
  }
}
