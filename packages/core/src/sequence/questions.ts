import { formatDuration } from '@tiphys/contract/duration.ts'
import { type KeptnEvent, taskEventType } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { aggregate, finishedOf, text } from './finished.ts'
import { NO_ANSWER_MS } from './plan.ts'
import type { NewRunRow, RunMeta, RunRow } from './run-row.ts'
import { baseData, nextRow } from './run-rows.ts'
import type { OpenRun, OpenTask, Question } from './run-state.ts'

/**
 * What a task that Tiphys carries out needs from others, asked as a Keptn event that anybody may answer (`get-sli`, facts/keptn-v1.md 3.2).
 *
 *   task open ──ask──▶ asked: `<name>.triggered` is open ──started, finished──▶ answered
 *                        └── nobody in 10 min, or nobody finished before the task is given up ──▶ unanswered
 *
 * A question belongs to its task: it is asked once per key, stands still while the run is paused, and is gone with the task. Its answers are
 * the executor's to judge; they change nothing else of the run.
 */
export type AskInput = {
  readonly triggeredId: string
  /** One of the task's questions: a second time changes nothing. */
  readonly key: string
  /** Of the event: `get-sli`. */
  readonly name: string
  /** For people: `SLI provider dynatrace`. */
  readonly who: string
  /** Of the event. */
  readonly source: string
  /** Beside project, stage, service and labels. */
  readonly data: JsonObject
}

/** A question is given up this long before its task, or for a tenth of the time there is, if that is less. */
const LEAD_MS = 30_000
const LEAD_PART = 0.1

type Of<Kind extends RunMeta['k']> = Extract<RunMeta, { k: Kind }>

/** The row that asks, unless it was asked before. */
export function ask(run: OpenRun, input: AskInput, nowMs: number): NewRunRow[] {
  const task = run.open.find((one) => one.event.id === input.triggeredId)
  if (task === undefined || task.questions.some(({ key }) => key === input.key)) return []
  const { name, who, key } = input
  const lead = Math.min(LEAD_MS, Math.max(0, task.finishByMs - nowMs) * LEAD_PART)
  const meta: RunMeta = {
    k: 'asked',
    i: task.index,
    a: task.attempt,
    q: key,
    name,
    who,
    answerBy: nowMs + NO_ANSWER_MS,
    lead,
  }
  const data = { ...baseData(run), ...input.data }
  const row = nextRow(run, taskEventType(name, 'triggered'), data, meta, nowMs, task.event.id)
  return [{ ...row, event: { ...row.event, source: input.source } }]
}

/** An event that answers an open question; undefined where it answers none. */
export function tell(run: OpenRun, event: KeptnEvent, by: string): NewRunRow[] | undefined {
  const found = questionOf(run, event.triggeredid)
  if (found === undefined) return undefined
  const { task, question } = found
  if (question.reply !== undefined) return []
  const key = { i: task.index, a: task.attempt, q: question.key }
  for (const action of ['started', 'status.changed', 'finished'] as const) {
    if (event.type !== taskEventType(question.name, action)) continue
    return [{ event, meta: { k: 'told', ...key, action, by } }]
  }
  return []
}

/** The question that an event of this id asked, of a task that is still open. */
export function questionOf(
  run: OpenRun,
  askedId: string | undefined,
): { readonly task: OpenTask; readonly question: Question } | undefined {
  for (const task of run.open) {
    const question = task.questions.find((one) => one.event.id === askedId)
    if (question !== undefined) return { task, question }
  }
  return undefined
}

/** The questions of a task that nobody has answered yet. */
export function openQuestions(task: OpenTask): readonly Question[] {
  return task.questions.filter(({ reply }) => reply === undefined)
}

/** The moment at which an open question is given up. That its task is blocked says nothing about whoever was asked. */
export function questionDeadline(task: OpenTask, question: Question): number {
  const finishByMs = task.finishByMs - question.leadMs
  return question.answered ? finishByMs : Math.min(question.answerByMs, finishByMs)
}

/** The row that gives up the first question whose time is over. */
export function missedQuestion(run: OpenRun, nowMs: number): NewRunRow | undefined {
  for (const task of run.open) {
    const late = openQuestions(task).find((one) => questionDeadline(task, one) <= nowMs)
    if (late !== undefined) return giveUp(run, task, late, nowMs)
  }
  return undefined
}

function giveUp(run: OpenRun, task: OpenTask, question: Question, nowMs: number): NewRunRow {
  const why = question.answered ? 'no-finish' : 'no-answer'
  const meta: RunMeta = { k: 'unanswered', i: task.index, a: task.attempt, q: question.key, why }
  const waited = formatDuration(Math.max(0, questionDeadline(task, question) - question.askedMs))
  const message = silence(question, waited)
  const data = { ...baseData(run), status: 'errored', result: 'fail', message }
  const type = taskEventType(question.name, 'finished')
  return nextRow(run, type, data, meta, nowMs, question.event.id)
}

function silence({ who, name, answered, started, finished, progress }: Question, waited: string) {
  if (!answered) return `${who} did not answer ${name}.triggered within ${waited}`
  const open = started.slice(finished.length).map((one) => one.source)
  const of = open.length > 0 ? ` (${open.join(', ')})` : ''
  const last = progress ? `; last heard: ${progress}` : ''
  return `${who} did not finish ${name}${of} within ${waited}${last}`
}

export function foldAsked(task: OpenTask, row: RunRow, meta: Of<'asked'>): OpenTask {
  const question: Question = {
    key: meta.q,
    name: meta.name,
    who: meta.who,
    event: row.event,
    askedMs: row.timeMs,
    answerByMs: meta.answerBy,
    leadMs: meta.lead,
    started: [],
    finished: [],
    answered: false,
  }
  return { ...task, questions: [...task.questions, question] }
}

export function foldTold(task: OpenTask, row: RunRow, meta: Of<'told'>): OpenTask {
  return changeQuestion(task, meta.q, (question) => told(question, row, meta.action))
}

export function foldUnanswered(task: OpenTask, row: RunRow, meta: Of<'unanswered'>): OpenTask {
  return changeQuestion(task, meta.q, (question) => {
    const { status, result, message } = finishedOf(row.event)
    const { finished } = question
    return { ...question, reply: { code: 'unanswered', status, result, message, finished } }
  })
}

function changeQuestion(
  task: OpenTask,
  key: string,
  change: (question: Question) => Question,
): OpenTask {
  const questions = task.questions.map((one) => (one.key === key ? change(one) : one))
  return { ...task, questions }
}

function told(question: Question, row: RunRow, action: Of<'told'>['action']): Question {
  const { event, timeMs } = row
  const heard = { ...question, answered: true }
  if (action === 'started') {
    return { ...heard, started: [...question.started, { source: event.source, atMs: timeMs }] }
  }
  if (action === 'status.changed') return { ...heard, progress: text(event.data['message']) }
  const finished = [...question.finished, finishedOf(event)]
  // Finished implies started, as for tasks.
  if (finished.length < Math.max(1, question.started.length)) return { ...heard, finished }
  return { ...heard, finished, reply: { code: 'answered', ...aggregate(finished), finished } }
}

/** A question whose run stood still for that long since it was asked. */
export function shiftedQuestion(question: Question, byMs: number): Question {
  return { ...question, answerByMs: question.answerByMs + byMs }
}
