import {
  CONTENT_TYPE,
  KEPTN_SPEC_VERSION,
  type KeptnEvent,
  SPEC_VERSION,
  taskEventType,
} from '@tiphys/contract/event.ts'
import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { assert, unreachable } from '../assert.ts'
import { formatTimestamp } from '../evaluation/timestamp.ts'
import { eventId } from '../event-id.ts'
import { mergeData } from '../merge/merge.ts'
import { evaluateCondition } from './condition.ts'
import { missedDeadlines } from './deadlines.ts'
import { evolveRun } from './evolve-run.ts'
import { APPROVAL, NO_ANSWER_MS } from './plan.ts'
import { type AskInput, ask, tell } from './questions.ts'
import type { NewRunRow, PauseScope, RunMeta } from './run-row.ts'
import { aborted, baseData, endRow, factRow, nextRow } from './run-rows.ts'
import type { EndCause, NextTask, OpenRun, RunState } from './run-state.ts'

/**
 * One run of a shipyard sequence in one stage, for one service.
 *
 *   absent ──start──▶ open: waiting ──proceed──▶ open: step i ──all done──▶ open: waiting (i+1) ── … ──▶ ended
 *                      (due, lane, pause,          │  └─ deadline missed: the task ends errored/fail ─┐
 *                       freeze, retry)             └───────── fail, errored or the last step ─────────┴──▶ ended
 *   abort, supersede, paused or blocked for 30 days: ended (aborted), from any open state
 *
 * `decide` answers with the rows to append; `evolve` (evolve-run.ts) folds them. Time is an argument, ids follow from (stream, version, nowMs).
 * An input that changes nothing is answered with no rows, because every input may arrive twice.
 */
export type RunInput =
  /** It was just triggered: leave out what its conditions leave out. */
  | { readonly type: 'begin' }
  /** The lane is the run's own now: trigger what is next. */
  | { readonly type: 'proceed' }
  /** `.started`, `.status.changed` or `.finished` of an open task, or of what one asked. */
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
  /** The executor of an open task asks others for what it needs. */
  | ({ readonly type: 'ask' } & AskInput)
  | { readonly type: 'news'; readonly outcome: 'degraded'; readonly message: string }
  | { readonly type: 'tick' }
  | { readonly type: 'pause'; readonly by: string; readonly scope: PauseScope }
  | { readonly type: 'resume'; readonly by: string }
  | { readonly type: 'abort'; readonly by: string; readonly message: string }
  | { readonly type: 'supersede'; readonly message: string }
  | { readonly type: 'unfreeze'; readonly by: string; readonly reason: string }

/** A time in which a project wants no changes (A12): what it is called, and when it ends. */
export type Freeze = { readonly name: string; readonly untilMs: number; readonly reason?: string }

/** Whether a task of this name may not be triggered now. Comes from the project's newest configuration, not from the run's pin. */
export type FreezeLookup = (task: string) => Freeze | undefined

const NO_FREEZE: FreezeLookup = () => undefined

/** Rows after which a run may be at its end, or at a task with a condition; behind all others it need not be folded to know. */
const MAY_GO_ON: ReadonlySet<RunMeta['k']> = new Set(['finished', 'expired', 'news', 'skipped'])

export function decideRun(
  state: RunState,
  input: RunInput,
  nowMs: number,
  freezeOf: FreezeLookup = NO_FREEZE,
): NewRunRow[] {
  if (state.phase !== 'open') return []
  const rows = decideInput(state, input, nowMs, freezeOf)
  if (input.type !== 'begin' && !rows.some((row) => MAY_GO_ON.has(row.meta.k))) return rows
  const isKnown = (next: NextTask) => input.type !== 'begin' && state.next.includes(next)
  return withConsequences(rows, state, nowMs, isKnown)
}

/** Leaves out what conditions leave out, and ends the run when nothing follows. */
function withConsequences(
  decided: readonly NewRunRow[],
  before: OpenRun,
  nowMs: number,
  isKnown: (next: NextTask) => boolean,
): NewRunRow[] {
  const rows = [...decided]
  const checked = new Set<NextTask>()
  let run = fold(before, rows, nowMs)
  while (run.phase === 'open' && run.ending === undefined) {
    const fresh = run.next.find((next) => !isKnown(next) && !checked.has(next))
    if (fresh === undefined) return rows
    checked.add(fresh)
    const row = conditionRow(run, fresh, nowMs)
    if (row === undefined) continue
    rows.push(row)
    run = fold(run, [row], nowMs)
  }
  if (run.phase === 'open' && run.ending !== undefined) {
    rows.push(endRow(run, causeOf(run), run.ending, nowMs))
  }
  return rows
}

/** Nothing where the task is to be triggered. A repeated attempt was wanted before. */
function conditionRow(run: OpenRun, next: NextTask, nowMs: number): NewRunRow | undefined {
  const planned = run.plan.tasks[next.index]
  if (planned?.condition === undefined || next.attempt > 1) return undefined
  const answer = evaluateCondition(planned.condition, run)
  if (answer.code === 'true') return undefined
  if (answer.code === 'false') {
    const meta: RunMeta = { k: 'skipped', i: next.index, a: next.attempt }
    const data = { task: planned.name, condition: planned.condition }
    return factRow(run, 'task.skipped', meta, nowMs, data)
  }
  const message = `the condition of ${planned.name} could not be evaluated: ${answer.message} (${planned.condition})`
  const cause = run.enteredMs === undefined ? 'not-started' : 'completed'
  return endRow(run, cause, { status: 'errored', result: 'fail', message }, nowMs)
}

function fold(state: RunState, rows: readonly NewRunRow[], nowMs: number): RunState {
  return rows.reduce((run: RunState, row) => evolveRun(run, { ...row, timeMs: nowMs }), state)
}

function decideInput(
  run: OpenRun,
  input: RunInput,
  nowMs: number,
  freezeOf: FreezeLookup,
): NewRunRow[] {
  switch (input.type) {
    case 'begin':
      return []
    case 'proceed':
      return triggerAll(run, readyTasks(run, nowMs, freezeOf), nowMs)
    case 'answer':
      return answer(run, input)
    case 'report':
      if (isBegunAgain(run, input)) return []
      return answer(run, { type: 'answer', by: 'tiphys', ...reportOf(run, input, nowMs) })
    case 'note':
      return note(run, input, nowMs)
    case 'ask':
      return ask(run, input, nowMs)
    case 'news':
      return run.degraded === undefined ? [newsRow(run, input, nowMs)] : []
    case 'tick':
      return missedDeadlines(run, nowMs)
    case 'pause':
      return run.paused
        ? []
        : [factRow(run, 'run.paused', { k: 'paused', by: input.by, scope: input.scope }, nowMs)]
    case 'resume':
      return run.paused ? [factRow(run, 'run.resumed', { k: 'resumed', by: input.by }, nowMs)] : []
    case 'abort':
      return [endRow(run, 'aborted', aborted(input.message), nowMs, input.by)]
    case 'supersede':
      return [endRow(run, 'superseded', aborted(input.message), nowMs)]
    case 'unfreeze': {
      if (run.unfrozen !== undefined) return []
      const { by, reason } = input
      return [
        factRow(run, 'freeze.overridden', { k: 'unfrozen', by, reason }, nowMs, { by, reason }),
      ]
    }
    default:
      return unreachable(input)
  }
}

/** Whether everything but the lane allows a next task. */
export function canProceed(
  run: OpenRun,
  nowMs: number,
  freezeOf: FreezeLookup = NO_FREEZE,
): boolean {
  return readyTasks(run, nowMs, freezeOf).length > 0
}

const NONE: readonly NextTask[] = []

function readyTasks(run: OpenRun, nowMs: number, freezeOf: FreezeLookup): readonly NextTask[] {
  if (run.paused !== undefined || run.next.length === 0) return NONE
  return run.next.filter(
    (next) => next.dueMs <= nowMs && freezeFor(run, next, freezeOf) === undefined,
  )
}

/** What keeps a task from being triggered although its time has come. */
export function freezeFor(
  run: OpenRun,
  next: NextTask,
  freezeOf: FreezeLookup,
): Freeze | undefined {
  if (run.unfrozen !== undefined) return undefined
  return freezeOf(run.plan.tasks[next.index]?.name ?? '')
}

/** An approval is open: the lane may be lent, or the run superseded (behaviour.md 2). */
export function isAwaitingApproval(run: OpenRun): boolean {
  if (run.open.length === 0 || run.next.length > 0) return false
  return run.open.every((task) => task.name === APPROVAL)
}

function triggerAll(run: OpenRun, ready: readonly NextTask[], nowMs: number): NewRunRow[] {
  const rows: NewRunRow[] = []
  let state: RunState = run
  for (const next of ready) {
    assert(state.phase === 'open', 'triggering a task ends no run')
    const row = trigger(state, next, nowMs)
    rows.push(row)
    if (ready.length > 1) state = fold(state, [row], nowMs)
  }
  return rows
}

function trigger(run: OpenRun, next: NextTask, nowMs: number): NewRunRow {
  const planned = run.plan.tasks[next.index]
  assert(planned !== undefined, 'the next task is in the plan')
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
  return nextRow(run, taskEventType(planned.name, 'triggered'), data, meta, nowMs)
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
  if (task === undefined) return tell(run, event, input.by) ?? []
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

/** One executor starts a task once: a report that was written although the disk said no is handed in again. */
function isBegunAgain(run: OpenRun, report: Report): boolean {
  const task = run.open.find((one) => one.event.id === report.triggeredId)
  const isKnown = task?.started.some((one) => one.source === report.source) ?? false
  return report.action === 'started' && isKnown
}

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
    data: { ...baseData(run), ...input.data },
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
  return [factRow(run, input.noteType, meta, nowMs, { note: input.note })]
}

function newsRow(
  run: OpenRun,
  news: Extract<RunInput, { type: 'news' }>,
  nowMs: number,
): NewRunRow {
  const { outcome, message } = news
  return factRow(run, 'deployment.news', { k: 'news', outcome, message }, nowMs, {
    outcome,
    message,
  })
}

/** An approval that nobody decided triggers nothing; a missed deadline is shown as timed out. */
function causeOf(run: OpenRun): EndCause {
  if (run.enteredMs === undefined) return 'not-started'
  const last = run.done.at(-1)
  if (last?.status === 'aborted' && last.result === 'fail') return 'superseded'
  if (!last?.expired) return 'completed'
  return last.name === APPROVAL ? 'approval-unanswered' : 'timed-out'
}
