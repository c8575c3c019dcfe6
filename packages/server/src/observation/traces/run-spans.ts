import type { JsonObject } from '@tiphys/contract/json.ts'
import type { StoredEvent } from '../../ports/store.ts'
import { runMetaOf, textAt } from '../../projections/project-of-row.ts'
import type { RunDocument, TaskDocument } from '../../projections/runs-document.ts'
import { foldRunDocument } from '../../projections/runs-fold.ts'
import {
  referenceOf,
  type Span,
  type SpanAttributes,
  type SpanEvent,
  spanIdOf,
  traceIdOf,
} from './span.ts'

/** Longer messages are cut: a collector refuses a whole batch for one that is too large. */
const LONGEST_TEXT = 1_024
/** A handler may report progress without end. */
const MOST_EVENTS = 64
const OWN_EVENTS = 'dev.tiphys.'
const KEPTN_EVENTS = 'sh.keptn.event.'

/**
 * The spans of one run from all its rows: the run, and below it one for each attempt of a task. Pure: the same rows give the same spans with the
 * same ids, so that exporting them twice is the same as once. [] for a run that is not over.
 *
 *   trace = context
 *     run (first of the context) ── task, task, …
 *       └─ run that its end triggered ── task, …
 *
 * `rootRunId` is the first run of the context: whatever else was triggered from outside in it hangs below that one. A run begins when its parent
 * ended, so only tasks lie within their run in time.
 */
export function spansOfRun(rows: readonly StoredEvent[], rootRunId: string | undefined): Span[] {
  const [first] = rows
  const run = rows.reduce<RunDocument | undefined>(foldRunDocument, undefined)
  if (first === undefined || run?.end === undefined || run.endedMs === undefined) return []
  const ended = { ...run, end: run.end, endedMs: Math.max(run.endedMs, run.triggeredMs) }
  return [
    runSpan(ended, rows, first, rootRunId),
    ...run.tasks.map((task) => taskSpan(ended, task, rows)),
  ]
}

type Ended = RunDocument & {
  readonly end: NonNullable<RunDocument['end']>
  readonly endedMs: number
}

function runSpan(
  run: Ended,
  rows: readonly StoredEvent[],
  first: StoredEvent,
  rootRunId: string | undefined,
): Span {
  const { end, runId, stage, sequence } = run
  const above = run.parent ?? (rootRunId === runId ? undefined : rootRunId)
  const link = referenceOf(first.event['traceparent'])
  return {
    traceId: traceIdOf(run.context),
    spanId: spanIdOf(runId),
    ...(above === undefined ? {} : { parentSpanId: spanIdOf(above) }),
    name: `${stage}.${sequence}`,
    startMs: run.triggeredMs,
    endMs: run.endedMs,
    isError: isBad(end),
    message: cut(end.message),
    attributes: {
      ...placeOf(run),
      'tiphys.result': end.result,
      'tiphys.status': end.status,
      'tiphys.cause': end.cause,
      'tiphys.triggered_by': run.by,
      'tiphys.source': run.source,
      'tiphys.commit': run.commitId,
      ...(run.image === undefined ? {} : { 'tiphys.image': cut(run.image) }),
    },
    events: eventsOf(rows, isOfRun),
    links: link === undefined ? [] : [link],
  }
}

function taskSpan(run: Ended, task: TaskDocument, rows: readonly StoredEvent[]): Span {
  const { name, index, attempt } = task
  // A task that was open when its run was ended ends with it.
  const { end } = run
  const outcome = task.outcome ?? { ...end, endedMs: run.endedMs, expired: false }
  const sources = [...new Set(task.answers.map((one) => one.source))]
  const startMs = Math.max(task.triggeredMs, run.triggeredMs)
  return {
    traceId: traceIdOf(run.context),
    spanId: spanIdOf(task.triggeredId),
    parentSpanId: spanIdOf(run.runId),
    name,
    startMs,
    endMs: Math.min(Math.max(outcome.endedMs, startMs), run.endedMs),
    isError: isBad(outcome),
    message: cut(outcome.message),
    attributes: {
      ...placeOf(run),
      'tiphys.task': name,
      'tiphys.attempt': attempt,
      'tiphys.result': outcome.result,
      'tiphys.status': outcome.status,
      ...(sources.length === 0 ? {} : { 'tiphys.source': cut(sources.join(', ')) }),
      ...(task.outcome?.expired ? { 'tiphys.deadline_missed': true } : {}),
      ...(task.evaluation === undefined ? {} : verdictOf(task.evaluation)),
    },
    events: eventsOf(rows, (row) => isOfTask(row, index, attempt)),
    links: [],
  }
}

function verdictOf({ result, score }: { result: string; score: number }): SpanAttributes {
  return { 'tiphys.verdict': result, 'tiphys.score': score }
}

function placeOf(run: RunDocument): SpanAttributes {
  return {
    'tiphys.project': run.project,
    'tiphys.stage': run.stage,
    'tiphys.service': run.service,
    'tiphys.sequence': run.sequence,
    'tiphys.run_id': run.runId,
    'tiphys.context': run.context,
  }
}

function isBad(outcome: { readonly status: string; readonly result: string }): boolean {
  return outcome.status !== 'succeeded' || outcome.result === 'fail'
}

/** What happens to a run between its tasks. */
const RUN_EVENTS: readonly string[] = ['paused', 'resumed', 'news', 'skipped', 'unfrozen']

function isOfRun(row: StoredEvent): boolean {
  return RUN_EVENTS.includes(runMetaOf(row)?.k ?? '')
}

/** What happens to a task, and to what it asked others. */
const OF_TASK: readonly string[] = [
  'started',
  'changed',
  'finished',
  'expired',
  'asked',
  'told',
  'unanswered',
]

function isOfTask(row: StoredEvent, index: number, attempt: number): boolean {
  const meta = runMetaOf(row)
  if (meta === undefined || !('i' in meta) || meta.i !== index || meta.a !== attempt) return false
  return OF_TASK.includes(meta.k)
}

/** The newest, when there are very many. */
function eventsOf(
  rows: readonly StoredEvent[],
  isWanted: (row: StoredEvent) => boolean,
): SpanEvent[] {
  return rows.filter(isWanted).slice(-MOST_EVENTS).map(eventOf)
}

function eventOf(row: StoredEvent): SpanEvent {
  const { event, timeMs } = row
  const by = textAt((row.meta ?? {}) as JsonObject, 'by')
  const message = textAt(event.data, 'message')
  return {
    name: event.type.replace(KEPTN_EVENTS, '').replace(OWN_EVENTS, ''),
    timeMs,
    attributes: {
      'tiphys.source': event.source,
      ...(by === undefined ? {} : { 'tiphys.by': by }),
      ...(message === undefined ? {} : { 'tiphys.message': cut(message) }),
    },
  }
}

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`
}
