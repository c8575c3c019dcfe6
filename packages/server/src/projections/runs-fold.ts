import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { aggregate, finishedOf } from '@tiphys/core/sequence/finished.ts'
import { APPROVAL, EVALUATION } from '@tiphys/core/sequence/plan.ts'
import type { RunMeta, TaskKey } from '@tiphys/core/sequence/run-row.ts'
import type { StoredEvent } from '../ports/store.ts'
import { runMetaOf, textAt, valueAt } from './project-of-row.ts'
import type {
  EvaluationScore,
  EventReference,
  RunDocument,
  RunStateWord,
  TaskAnswerDocument,
  TaskDocument,
} from './runs-document.ts'

/** A handler may report progress without end; the document keeps the newest. */
const MAX_PROGRESS = 50

/** The one source whose evaluations Keptn shows in its lists (facts/keptn-v1.md 1.4). */
const KEPTN_EVALUATOR = 'lighthouse-service'

/** Folds one row of a run's stream into its document. Pure; the engine's `evolveRun` decides, this only retells. */
export function foldRunDocument(
  run: RunDocument | undefined,
  row: StoredEvent,
): RunDocument | undefined {
  const meta = runMetaOf(row)
  if (meta === undefined) return run
  if (meta.k === 'start') return begin(row, meta)
  if (run === undefined) return undefined
  const told = { ...run, ...latest(run, row) }
  switch (meta.k) {
    case 'task':
      return triggered(told, row, meta)
    case 'started':
    case 'changed':
    case 'finished':
      return answered(told, row, meta)
    case 'expired':
      return completed(told, meta, outcomeOf([row], row.timeMs, true))
    case 'skipped':
      return { ...run, skipped: [...(run.skipped ?? []), meta.i] }
    case 'unfrozen':
      return { ...run, unfrozen: { by: meta.by, reason: meta.reason, atMs: row.timeMs } }
    case 'note':
      return run
    case 'asked':
      return progressed(run, row, meta, `waiting for ${meta.who} to answer ${meta.name}`)
    case 'told':
      return progressed(run, row, meta, heard(row, meta))
    case 'unanswered':
      return progressed(run, row, meta, textAt(row.event.data, 'message'))
    case 'paused': {
      const stateBeforePause = run.stateBeforePause ?? run.state
      return { ...run, state: 'paused', stateBeforePause, pausedBy: meta.by }
    }
    case 'resumed': {
      const { stateBeforePause, pausedBy: _, ...rest } = run
      return { ...rest, state: stateBeforePause ?? 'started' }
    }
    case 'news':
      return { ...run, degraded: { message: meta.message, atMs: row.timeMs } }
    case 'end':
      return ended(told, row, meta)
    default:
      return meta satisfies never
  }
}

function begin(row: StoredEvent, meta: Extract<RunMeta, { k: 'start' }>): RunDocument {
  const { event } = row
  const { plan } = meta
  const labels = valueAt(event.data, ['labels'])
  const image = textAt(event.data, 'configurationChange', 'values', 'image')
  const problemTitle =
    textAt(event.data, 'problem', 'problemTitle') ?? textAt(event.data, 'problem', 'ProblemTitle')
  return {
    runId: event.id,
    projectId: plan.projectId,
    project: plan.project,
    context: event.shkeptncontext ?? event.id,
    stage: plan.stage,
    service: plan.service,
    sequence: plan.sequence,
    commitId: plan.commitId,
    by: meta.by,
    source: event.source,
    ...(meta.parent === undefined ? {} : { parent: meta.parent }),
    ...(meta.rerun === undefined
      ? {}
      : {
          rerun: {
            of: meta.rerun.of,
            from: meta.rerun.from,
            fromTask: plan.tasks[meta.rerun.from]?.name ?? '',
          },
        }),
    ...(meta.soak === undefined ? {} : { soakUntilMs: meta.soak.untilMs }),
    ...(meta.origin === undefined ? {} : { origin: meta.origin }),
    ...(isTextMap(labels) ? { labels } : {}),
    ...(problemTitle === undefined ? {} : { problemTitle }),
    position: row.position,
    triggeredMs: row.timeMs,
    state: 'triggered',
    planned: plan.tasks.map((task) => task.name),
    carriers: plan.tasks.map((task) => task.carrier),
    tasks: [],
    ...(image === undefined ? {} : { image }),
    latestEvent: reference(row),
  }
}

function triggered(
  run: RunDocument,
  row: StoredEvent,
  meta: Extract<RunMeta, { k: 'task' }>,
): RunDocument {
  const name = run.planned[meta.i] ?? ''
  const task: TaskDocument = {
    index: meta.i,
    attempt: meta.a,
    name,
    triggeredId: row.event.id,
    triggeredMs: row.timeMs,
    answerByMs: meta.answerBy,
    finishByMs: meta.finishBy,
    answers: [],
  }
  const image = textAt(row.event.data, 'configurationChange', 'values', 'image')
  const tasks = [...run.tasks, task]
  return underWay({ ...run, tasks, ...(image === undefined ? {} : { image }) })
}

type AnswerMeta = Extract<RunMeta, { k: 'started' | 'changed' | 'finished' }>

function answered(run: RunDocument, row: StoredEvent, meta: AnswerMeta): RunDocument {
  const task = run.tasks.find((one) => isTask(one, meta))
  if (task === undefined) return run
  const answer = answerOf(row, meta)
  const answers = bounded([...task.answers, answer])
  const progress =
    meta.k === 'changed' ? { message: answer.message ?? '', atMs: row.timeMs } : task.progress
  const evaluation =
    meta.k === 'finished' && task.name === EVALUATION ? evaluationOf(row.event.data) : undefined
  const after = withTask(run, meta, (one) => ({
    ...one,
    answers,
    ...(progress === undefined ? {} : { progress }),
    ...(evaluation === undefined ? {} : { evaluation }),
  }))
  if (meta.k !== 'finished') return after
  const isShown = evaluation !== undefined && row.event.source === KEPTN_EVALUATOR
  const told = isShown ? { ...after, latestEvaluation: evaluation } : after
  const finished = answers.filter((one) => one.result !== undefined)
  const started = answers.filter((one) => one.type.endsWith('.started')).length
  // Finished implies started, as in evolveRun.
  if (finished.length < Math.max(1, started)) return told
  return completed(told, meta, { ...aggregateOf(finished), endedMs: row.timeMs, expired: false })
}

/** What a task asked others, and what came of it, is shown as how far it is. */
function progressed(
  run: RunDocument,
  row: StoredEvent,
  key: TaskKey,
  message: string | undefined,
): RunDocument {
  if (message === undefined) return run
  return withTask(run, key, (task) => ({ ...task, progress: { message, atMs: row.timeMs } }))
}

function heard({ event }: StoredEvent, { action }: Extract<RunMeta, { k: 'told' }>): string {
  const message = textAt(event.data, 'message')
  const said = message === undefined || message === '' ? '' : `: ${message}`
  const verb = action === 'finished' ? 'answered' : action === 'started' ? 'has begun' : 'says'
  return `${event.source} ${verb}${said}`
}

/** Only reports of progress are forgotten: how many started and finished decides when a task is done. */
function bounded(answers: readonly TaskAnswerDocument[]): readonly TaskAnswerDocument[] {
  const isProgress = (answer: TaskAnswerDocument) => answer.type.endsWith('.status.changed')
  const surplus = answers.filter(isProgress).length - MAX_PROGRESS
  if (surplus <= 0) return answers
  const oldest = answers.find(isProgress)
  return answers.filter((answer) => answer !== oldest)
}

function answerOf(row: StoredEvent, meta: AnswerMeta): TaskAnswerDocument {
  const { event } = row
  const message = textAt(event.data, 'message')
  const outcome = meta.k === 'finished' ? finishedOf(event) : undefined
  return {
    type: event.type,
    eventId: event.id,
    source: event.source,
    by: meta.by,
    atMs: row.timeMs,
    ...(outcome === undefined ? {} : { status: outcome.status, result: outcome.result }),
    ...(message === undefined ? {} : { message }),
  }
}

function aggregateOf(answers: readonly TaskAnswerDocument[]) {
  return aggregate(
    answers.map((answer) => ({
      source: answer.source,
      status: answer.status ?? 'unknown',
      result: answer.result ?? 'fail',
      message: answer.message ?? '',
      data: {},
    })),
  )
}

function outcomeOf(rows: readonly StoredEvent[], endedMs: number, expired: boolean) {
  return { ...aggregate(rows.map((row) => finishedOf(row.event))), endedMs, expired }
}

function completed(
  run: RunDocument,
  key: TaskKey,
  outcome: NonNullable<TaskDocument['outcome']>,
): RunDocument {
  return underWay(withTask(run, key, (task) => ({ ...task, outcome })))
}

/** An approval that was decided no longer waits, also before the next task is due; one beside other tasks waits until then. */
function underWay(run: RunDocument): RunDocument {
  const waits = run.tasks.some((task) => task.name === APPROVAL && task.outcome === undefined)
  return inState(run, waits ? 'waitingForApproval' : 'started')
}

function ended(
  run: RunDocument,
  row: StoredEvent,
  meta: Extract<RunMeta, { k: 'end' }>,
): RunDocument {
  const { stateBeforePause: _, pausedBy: __, ...rest } = run
  const { cause, status, result, by } = meta
  const message = textAt(row.event.data, 'message') ?? ''
  return {
    ...rest,
    state: stateAtEnd(cause),
    endedMs: row.timeMs,
    end: { cause, status, result, message, ...(by === undefined ? {} : { by }) },
  }
}

export function stateAtEnd(cause: Extract<RunMeta, { k: 'end' }>['cause']): RunStateWord {
  if (cause === 'aborted' || cause === 'superseded') return 'aborted'
  return cause === 'timed-out' || cause === 'approval-unanswered' ? 'timedOut' : 'finished'
}

/** While a run is paused its running task goes on; what that changes shows after the resume. */
function inState(run: RunDocument, state: RunStateWord): RunDocument {
  return run.state === 'paused' ? { ...run, stateBeforePause: state } : { ...run, state }
}

function isTask(task: TaskDocument, key: TaskKey): boolean {
  return task.index === key.i && task.attempt === key.a
}

function withTask(
  run: RunDocument,
  key: TaskKey,
  change: (task: TaskDocument) => TaskDocument,
): RunDocument {
  return { ...run, tasks: run.tasks.map((task) => (isTask(task, key) ? change(task) : task)) }
}

/** Facts of our own are no events to Keptn's clients. */
function latest(
  run: RunDocument,
  row: StoredEvent,
): Pick<RunDocument, 'latestEvent' | 'latestFailedEvent'> {
  if (!row.event.type.startsWith('sh.keptn.')) return { latestEvent: run.latestEvent }
  const { result, status } = row.event.data
  const failed = result === 'fail' || status === 'errored'
  return { latestEvent: reference(row), ...(failed ? { latestFailedEvent: reference(row) } : {}) }
}

function reference(row: StoredEvent): EventReference {
  return { type: row.event.type, id: row.event.id, timeMs: row.timeMs, position: row.position }
}

function evaluationOf(data: JsonObject): EvaluationScore | undefined {
  const result = textAt(data, 'evaluation', 'result')
  const score = valueAt(data, ['evaluation', 'score'])
  return result === undefined || typeof score !== 'number' ? undefined : { result, score }
}

function isTextMap(value: unknown): value is { readonly [key: string]: string } {
  if (typeof value !== 'object' || value === null) return false
  return (
    isJsonObject(value) &&
    Object.values(value as JsonObject).every((one) => typeof one === 'string')
  )
}
