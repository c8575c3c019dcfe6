import { formatDuration } from '@tiphys/contract/duration.ts'
import {
  CONTENT_TYPE,
  KEPTN_SPEC_VERSION,
  type KeptnEvent,
  type Result,
  SPEC_VERSION,
  type Status,
  sequenceEventType,
  taskEventType,
} from '@tiphys/contract/event.ts'
import { isJsonObject, type Json, type JsonObject } from '@tiphys/contract/json.ts'
import { assert, unreachable } from '../assert.ts'
import { formatTimestamp } from '../evaluation/timestamp.ts'
import { eventId } from '../event-id.ts'
import { mergeData } from '../merge/merge.ts'
import { evolveRun } from './evolve-run.ts'
import { APPROVAL, NO_ANSWER_MS } from './plan.ts'
import type { NewRunRow, PauseScope, RunMeta } from './run-row.ts'
import type { EndCause, OpenRun, OpenTask, RunState } from './run-state.ts'

/**
 * One run of a shipyard sequence in one stage, for one service.
 *
 *   absent ──start──▶ open: waiting ──proceed──▶ open: task i ──finished──▶ open: waiting (i+1) ── … ──▶ ended
 *                      (due, lane, pause)          │  └─ deadline missed: the task ends errored/fail ─┐
 *                                                  └───────── fail, errored or the last task ─────────┴──▶ ended
 *   abort, supersede, paused or blocked for 30 days: ended (aborted), from any open state
 *
 * `decide` answers with the rows to append; `evolve` (evolve-run.ts) folds them. Time is an argument, ids follow from (stream, version, nowMs).
 * An input that changes nothing is answered with no rows, because every input may arrive twice.
 */
export type RunInput =
  /** The lane is the run's own now: trigger what is next. */
  | { readonly type: 'proceed' }
  /** `.started`, `.status.changed` or `.finished` of an open task. */
  | {
      readonly type: 'answer'
      readonly event: KeptnEvent
      readonly by: string
      readonly blocked?: boolean
    }
  /** The same from a built-in executor: the engine writes the event. */
  | {
      readonly type: 'report'
      readonly triggeredId: string
      readonly action: 'started' | 'status.changed' | 'finished'
      readonly source: string
      readonly data: JsonObject
      readonly blocked?: boolean
    }
  | {
      readonly type: 'note'
      readonly triggeredId: string
      readonly noteType: string
      readonly note: JsonObject
    }
  | { readonly type: 'news'; readonly outcome: 'degraded'; readonly message: string }
  | { readonly type: 'tick' }
  | { readonly type: 'pause'; readonly by: string; readonly scope: PauseScope }
  | { readonly type: 'resume'; readonly by: string }
  | { readonly type: 'abort'; readonly by: string; readonly message: string }
  | { readonly type: 'supersede'; readonly by: string }

/** A pause, or a deployment blocked by a sync window, ends the run after this long. */
export const STANDSTILL_MS = 30 * 24 * 60 * 60 * 1000

/** Rows after which a run may be at its end; behind all others it cannot be, and need not be folded to know. */
const MAY_END: ReadonlySet<RunMeta['k']> = new Set(['finished', 'expired', 'news'])

export function decideRun(state: RunState, input: RunInput, nowMs: number): NewRunRow[] {
  if (state.phase !== 'open') return []
  const rows = decideInput(state, input, nowMs)
  if (!rows.some((row) => MAY_END.has(row.meta.k))) return rows
  const after = rows.reduce(
    (run: RunState, row) => evolveRun(run, { ...row, timeMs: nowMs }),
    state,
  )
  if (after.phase === 'open' && after.ending !== undefined) {
    const { status, result, message } = after.ending
    rows.push(end(after, causeOf(after), status, result, message, nowMs))
  }
  return rows
}

function decideInput(run: OpenRun, input: RunInput, nowMs: number): NewRunRow[] {
  switch (input.type) {
    case 'proceed':
      return canProceed(run, nowMs) ? [trigger(run, nowMs)] : []
    case 'answer':
      return answer(run, input)
    case 'report':
      return answer(run, { type: 'answer', by: 'tiphys', ...reportOf(run, input, nowMs) })
    case 'note':
      return note(run, input, nowMs)
    case 'news':
      return run.degraded === undefined ? [newsRow(run, input, nowMs)] : []
    case 'tick':
      return missedDeadlines(run, nowMs)
    case 'pause':
      return run.paused
        ? []
        : [fact(run, 'run.paused', { k: 'paused', by: input.by, scope: input.scope }, nowMs)]
    case 'resume':
      return run.paused ? [fact(run, 'run.resumed', { k: 'resumed', by: input.by }, nowMs)] : []
    case 'abort':
      return [end(run, 'aborted', 'aborted', 'fail', input.message, nowMs, input.by)]
    case 'supersede':
      return [
        end(
          run,
          'superseded',
          'aborted',
          'fail',
          `superseded by the newer run ${input.by} while its approval was open`,
          nowMs,
        ),
      ]
    default:
      return unreachable(input)
  }
}

/** Whether everything but the lane allows the next task. */
export function canProceed(run: OpenRun, nowMs: number): boolean {
  return run.next !== undefined && run.paused === undefined && run.next.dueMs <= nowMs
}

/** An approval is open: the lane may be lent, or the run superseded (behaviour.md 2). */
export function isAwaitingApproval(run: OpenRun): boolean {
  return run.open.length > 0 && run.open.every((task) => task.name === APPROVAL)
}

function trigger(run: OpenRun, nowMs: number): NewRunRow {
  const { next, plan } = run
  const planned = next && plan.tasks[next.index]
  assert(next !== undefined && planned !== undefined, 'the next task is in the plan')
  // The due time a task is judged by is when it could really start, not when its lane was still taken.
  const dueMs = nowMs
  const finishBy = dueMs + planned.finishMs
  const meta: RunMeta = {
    k: 'task',
    i: next.index,
    a: next.attempt,
    due: dueMs,
    answerBy: Math.min(dueMs + NO_ANSWER_MS, finishBy),
    finishBy,
  }
  const data = taskData(run, planned.name, planned.properties)
  return row(run, run.version + 1, taskEventType(planned.name, 'triggered'), data, meta, nowMs)
}

/** Facts/keptn-v1.md 1.6: the merged payload, the task's properties under its name, and an emptied message. */
function taskData(run: OpenRun, task: string, properties: JsonObject): JsonObject {
  const existing = run.payload[task]
  const own =
    existing !== undefined && isJsonObject(existing) ? mergeData(existing, properties) : properties
  return { ...withoutMessage(run.payload), [task]: own }
}

export function withoutMessage(payload: JsonObject): JsonObject {
  return 'message' in payload ? { ...payload, message: '' } : payload
}

function answer(run: OpenRun, input: Extract<RunInput, { type: 'answer' }>): NewRunRow[] {
  const { event } = input
  const task = run.open.find((one) => one.event.id === event.triggeredid)
  if (task === undefined) return []
  const key = { i: task.index, a: task.attempt, by: input.by }
  if (event.type === taskEventType(task.name, 'started'))
    return [{ event, meta: { k: 'started', ...key } }]
  if (event.type === taskEventType(task.name, 'finished'))
    return [{ event, meta: { k: 'finished', ...key } }]
  if (event.type === taskEventType(task.name, 'status.changed')) {
    return [{ event, meta: { k: 'changed', ...key, ...(input.blocked ? { blocked: true } : {}) } }]
  }
  return []
}

type Report = Extract<RunInput, { type: 'report' }>

function reportOf(
  run: OpenRun,
  input: Report,
  nowMs: number,
): { event: KeptnEvent; blocked?: boolean } {
  const task = run.open.find((one) => one.event.id === input.triggeredId)
  const event: KeptnEvent = {
    id: eventId(run.stream, run.version + 1, nowMs),
    type: taskEventType(task?.name ?? 'unknown', input.action),
    source: input.source,
    specversion: SPEC_VERSION,
    time: formatTimestamp(nowMs),
    contenttype: CONTENT_TYPE,
    shkeptncontext: run.context,
    shkeptnspecversion: KEPTN_SPEC_VERSION,
    triggeredid: input.triggeredId,
    gitcommitid: run.plan.commitId,
    data: { ...base(run), ...input.data },
  }
  return input.blocked ? { event, blocked: true } : { event }
}

function note(
  run: OpenRun,
  input: Extract<RunInput, { type: 'note' }>,
  nowMs: number,
): NewRunRow[] {
  const task = run.open.find((one) => one.event.id === input.triggeredId)
  if (task === undefined) return []
  const meta: RunMeta = { k: 'note', i: task.index, a: task.attempt }
  return [fact(run, input.noteType, meta, nowMs, { note: input.note })]
}

function newsRow(
  run: OpenRun,
  news: Extract<RunInput, { type: 'news' }>,
  nowMs: number,
): NewRunRow {
  const { outcome, message } = news
  return fact(run, 'deployment.news', { k: 'news', outcome, message }, nowMs, { outcome, message })
}

function missedDeadlines(run: OpenRun, nowMs: number): NewRunRow[] {
  if (run.paused !== undefined) {
    if (nowMs < run.paused.sinceMs + STANDSTILL_MS) return []
    const message = `paused by ${run.paused.by} for ${formatDuration(STANDSTILL_MS)}: aborted`
    return [end(run, 'aborted', 'aborted', 'fail', message, nowMs)]
  }
  const blocked = run.open.find((task) => task.blockedSinceMs !== undefined)
  if (blocked?.blockedSinceMs !== undefined && nowMs >= blocked.blockedSinceMs + STANDSTILL_MS) {
    const message = `${blocked.name} was blocked for ${formatDuration(STANDSTILL_MS)}: aborted (${blocked.progress?.message ?? ''})`
    return [end(run, 'aborted', 'aborted', 'fail', message, nowMs)]
  }
  if (run.deadlineMs !== undefined && nowMs >= run.deadlineMs && blocked === undefined) {
    return sequenceTimeout(run, nowMs)
  }
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
 * its lane, not for the clock.
 */
export function nextDueMs(run: OpenRun, nowMs: number): number | undefined {
  if (run.paused !== undefined) return run.paused.sinceMs + STANDSTILL_MS
  const blocked = run.open.find((task) => task.blockedSinceMs !== undefined)
  const dues = [
    ...run.open.map(deadlineOf),
    ...(run.next !== undefined && run.next.dueMs > nowMs ? [run.next.dueMs] : []),
    ...(run.deadlineMs === undefined || blocked !== undefined ? [] : [run.deadlineMs]),
    ...(blocked?.blockedSinceMs === undefined ? [] : [blocked.blockedSinceMs + STANDSTILL_MS]),
  ]
  const earliest = Math.min(...dues)
  return Number.isFinite(earliest) ? earliest : undefined
}

function sequenceTimeout(run: OpenRun, nowMs: number): NewRunRow[] {
  const waitingFor = run.open.map((task) => `task ${task.name}`).join(', ') || 'its next task'
  const limit = formatDuration(run.plan.timeoutMs ?? 0)
  const message = `sequence ${run.plan.sequence} timed out after ${limit} while waiting for ${waitingFor}`
  return [
    end(
      run,
      run.enteredMs === undefined ? 'not-started' : 'timed-out',
      'errored',
      'fail',
      message,
      nowMs,
    ),
  ]
}

function expire(run: OpenRun, task: OpenTask, nowMs: number): NewRunRow {
  const why = task.answered ? 'no-finish' : 'no-answer'
  const data: JsonObject = {
    ...base(run),
    status: 'errored',
    result: 'fail',
    message: expiryMessage(run, task),
  }
  const meta: RunMeta = { k: 'expired', i: task.index, a: task.attempt, why }
  const type = taskEventType(task.name, 'finished')
  return row(run, run.version + 1, type, data, meta, nowMs, task.event.id)
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

/** An approval that nobody decided triggers nothing; a missed deadline is shown as timed out. */
function causeOf(run: OpenRun): EndCause {
  const last = run.done.at(-1)
  if (last?.status === 'aborted' && last.result === 'fail') return 'superseded'
  if (!last?.expired) return 'completed'
  return last.name === APPROVAL ? 'approval-unanswered' : 'timed-out'
}

function end(
  run: OpenRun,
  cause: EndCause,
  status: Status,
  result: Result,
  message: string,
  nowMs: number,
  by?: string,
): NewRunRow {
  const { stage, sequence } = run.plan
  const data: JsonObject = { ...base(run), status, result, message }
  const meta: RunMeta = { k: 'end', cause, status, result, ...(by === undefined ? {} : { by }) }
  return row(
    run,
    run.version + 1,
    sequenceEventType(stage, sequence, 'finished'),
    data,
    meta,
    nowMs,
    run.runId,
  )
}

/** The data that every Keptn event of a run shares. */
function base(run: OpenRun): Record<string, Json> {
  const { project, stage, service } = run.plan
  const labels = run.payload['labels']
  return { project, stage, service, ...(labels === undefined ? {} : { labels }) }
}

function fact(
  run: OpenRun,
  type: string,
  meta: RunMeta,
  nowMs: number,
  data: JsonObject = {},
): NewRunRow {
  return row(run, run.version + 1, `dev.tiphys.${type}`, { ...base(run), ...data }, meta, nowMs)
}

function row(
  run: OpenRun,
  version: number,
  type: string,
  data: JsonObject,
  meta: RunMeta,
  nowMs: number,
  triggeredId?: string,
): NewRunRow {
  const event: KeptnEvent = {
    id: eventId(run.stream, version, nowMs),
    type,
    source: type.startsWith('dev.tiphys.') ? 'tiphys' : 'shipyard-controller',
    specversion: SPEC_VERSION,
    time: formatTimestamp(nowMs),
    contenttype: CONTENT_TYPE,
    shkeptncontext: run.context,
    shkeptnspecversion: KEPTN_SPEC_VERSION,
    ...(triggeredId === undefined ? {} : { triggeredid: triggeredId }),
    gitcommitid: run.plan.commitId,
    data,
  }
  return { event, meta }
}
