import { formatDuration } from '@tiphys/contract/duration.ts'
import { taskEventType } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { APPROVAL } from './plan.ts'
import { missedQuestion, openQuestions, questionDeadline } from './questions.ts'
import type { NewRunRow, RunMeta } from './run-row.ts'
import { aborted, baseData, endRow, nextRow } from './run-rows.ts'
import type { OpenRun, OpenTask } from './run-state.ts'

/** A pause, or a deployment blocked by a sync window, ends the run after this long. */
export const STANDSTILL_MS = 30 * 24 * 60 * 60 * 1000

/** What a run does about the time (behaviour.md 3): at most one thing, asked again until there is none. */
export function missedDeadlines(run: OpenRun, nowMs: number): NewRunRow[] {
  if (run.paused !== undefined) {
    if (nowMs < run.paused.sinceMs + STANDSTILL_MS) return []
    const message = `paused by ${run.paused.by} for ${formatDuration(STANDSTILL_MS)}: aborted`
    return [endRow(run, 'aborted', aborted(message), nowMs)]
  }
  const blocked = run.open.find((task) => task.blockedSinceMs !== undefined)
  if (blocked?.blockedSinceMs !== undefined && nowMs >= blocked.blockedSinceMs + STANDSTILL_MS) {
    const message = `${blocked.name} was blocked for ${formatDuration(STANDSTILL_MS)}: aborted (${blocked.progress?.message ?? ''})`
    return [endRow(run, 'aborted', aborted(message), nowMs)]
  }
  if (run.deadlineMs !== undefined && nowMs >= run.deadlineMs && blocked === undefined) {
    return [sequenceTimeout(run, nowMs)]
  }
  const question = missedQuestion(run, nowMs)
  if (question !== undefined) return [question]
  const missed = run.open.find((task) => deadlineOf(task) <= nowMs)
  return missed === undefined ? [] : [expire(run, missed, nowMs)]
}

/** The moment at which an open task is given up; never while it is blocked. */
export function deadlineOf(task: OpenTask): number {
  if (task.blockedSinceMs !== undefined) return Number.POSITIVE_INFINITY
  return task.answered ? task.finishByMs : Math.min(task.answerByMs, task.finishByMs)
}

/**
 * When `tick` has something to do at the earliest; undefined when nothing is due by itself. A next task whose time has come waits for
 * its lane, or for the end of a freeze, not for the clock of the run.
 */
export function nextDueMs(run: OpenRun, nowMs: number): number | undefined {
  if (run.paused !== undefined) return run.paused.sinceMs + STANDSTILL_MS
  const blocked = run.open.find((task) => task.blockedSinceMs !== undefined)
  const dues = [
    ...run.open.map(deadlineOf),
    ...run.open.flatMap((task) => openQuestions(task).map((one) => questionDeadline(task, one))),
    ...run.next.filter((next) => next.dueMs > nowMs).map((next) => next.dueMs),
    ...(run.deadlineMs === undefined || blocked !== undefined ? [] : [run.deadlineMs]),
    ...(blocked?.blockedSinceMs === undefined ? [] : [blocked.blockedSinceMs + STANDSTILL_MS]),
  ]
  const earliest = Math.min(...dues)
  return Number.isFinite(earliest) ? earliest : undefined
}

function sequenceTimeout(run: OpenRun, nowMs: number): NewRunRow {
  const waitingFor = run.open.map((task) => `task ${task.name}`).join(', ') || 'its next task'
  const limit = formatDuration(run.plan.timeoutMs ?? 0)
  const message = `sequence ${run.plan.sequence} timed out after ${limit} while waiting for ${waitingFor}`
  const cause = run.enteredMs === undefined ? 'not-started' : 'timed-out'
  return endRow(run, cause, { status: 'errored', result: 'fail', message }, nowMs)
}

function expire(run: OpenRun, task: OpenTask, nowMs: number): NewRunRow {
  const why = task.answered ? 'no-finish' : 'no-answer'
  const data: JsonObject = {
    ...baseData(run),
    status: 'errored',
    result: 'fail',
    message: expiryMessage(run, task),
  }
  const meta: RunMeta = { k: 'expired', i: task.index, a: task.attempt, why }
  const type = taskEventType(task.name, 'finished')
  return nextRow(run, type, data, meta, nowMs, task.event.id)
}

function expiryMessage(run: OpenRun, task: OpenTask): string {
  const last = task.progress?.message ? `; last heard: ${task.progress.message}` : ''
  if (!task.answered) {
    const waitedMs = Math.min(task.answerByMs, task.finishByMs) - task.dueMs
    const nobody =
      run.plan.tasks[task.index]?.carrier === 'nobody'
        ? ` (nobody is configured or subscribed for ${task.name})`
        : ''
    return `nobody answered ${task.name}.triggered within ${formatDuration(waitedMs)}${nobody}`
  }
  const limit = formatDuration(task.finishByMs - task.dueMs)
  if (task.name === APPROVAL) return `nobody decided the approval within ${limit}`
  const open = task.started.slice(task.finished.length).map((one) => one.source)
  const who = open.length > 0 ? open.join(', ') : 'its executor'
  return `${task.name} was not finished by ${who} within ${limit}${last}`
}
