import {
  CONTENT_TYPE,
  KEPTN_SPEC_VERSION,
  type KeptnEvent,
  SPEC_VERSION,
  sequenceEventType,
} from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { formatTimestamp } from '../evaluation/timestamp.ts'
import { eventId } from '../event-id.ts'
import { fires } from '../trigger/selector.ts'
import { withoutMessage } from './decide-run.ts'
import type { DownstreamRule, JoinRule, RunPlan } from './plan.ts'
import type { NewRunRow, Rerun } from './run-row.ts'
import type { EndCause, EndedRun, Soak } from './run-state.ts'

/** The stream of a run follows from its first event: a second start of the same run is a version conflict. */
export function runStream(projectId: string, runId: string): string {
  return `run/${projectId}/${runId}`
}

export type StartRun = {
  /** `<stage>.<sequence>.triggered`, complete. */
  readonly event: KeptnEvent
  readonly plan: RunPlan
  readonly by: string
  readonly senderMayAnswer?: false | undefined
  readonly origin?: JsonObject
  readonly parent?: string
  readonly front?: boolean
  readonly soak?: Soak
  readonly rerun?: Rerun
}

/** The first row of a run. */
export function startRow(start: StartRun): NewRunRow {
  const { event, plan, by, senderMayAnswer, origin, parent, front, soak, rerun } = start
  return {
    event: event.gitcommitid === plan.commitId ? event : { ...event, gitcommitid: plan.commitId },
    meta: {
      k: 'start',
      stream: runStream(plan.projectId, event.id),
      plan,
      by,
      ...(senderMayAnswer === undefined ? {} : { senderMayAnswer }),
      ...(origin === undefined ? {} : { origin }),
      ...(parent === undefined ? {} : { parent }),
      ...(front ? { front } : {}),
      ...(soak === undefined ? {} : { soak }),
      ...(rerun === undefined ? {} : { rerun }),
    },
  }
}

export type Refusal = {
  readonly event: KeptnEvent
  readonly by: string
  /** What is known of the run that could not be planned. */
  readonly plan: Omit<RunPlan, 'tasks' | 'downstream'>
  readonly message: string
}

/**
 * A run that cannot begin (unknown stage, sequence or service, no tasks) is accepted and ends at once, errored, as in Keptn: whoever
 * waits for its end gets one, with the reason.
 */
export function refusedRows(refusal: Refusal, nowMs: number): NewRunRow[] {
  const { event, message } = refusal
  const plan: RunPlan = { ...refusal.plan, tasks: [], downstream: [] }
  const first = startRow({ event, plan, by: refusal.by })
  const { project, stage, service, sequence } = plan
  const labels = event.data['labels']
  const ended: KeptnEvent = {
    id: eventId(runStream(plan.projectId, event.id), 2, nowMs),
    type: sequenceEventType(stage, sequence, 'finished'),
    source: 'shipyard-controller',
    specversion: SPEC_VERSION,
    time: formatTimestamp(nowMs),
    contenttype: CONTENT_TYPE,
    shkeptncontext: event.shkeptncontext ?? event.id,
    shkeptnspecversion: KEPTN_SPEC_VERSION,
    triggeredid: event.id,
    data: {
      project,
      stage,
      service,
      ...(labels === undefined ? {} : { labels }),
      status: 'errored',
      result: 'fail',
      message,
    },
  }
  return [
    first,
    { event: ended, meta: { k: 'end', cause: 'not-started', status: 'errored', result: 'fail' } },
  ]
}

/** A run that the end of another one triggers. */
export type ChildWish = {
  readonly stage: string
  readonly sequence: string
  readonly event: KeptnEvent
  readonly soak?: Soak
}

/** The part of a join that the end of a run is. */
export type JoinArrival = {
  readonly stage: string
  readonly sequence: string
  readonly join: JoinRule
  readonly soakMs?: number
  /** Which of the join's events it is. */
  readonly event: string
  /** Whether the selector holds; where it does not, a later run of the same sequence may still bring what is missing. */
  readonly fulfilled: boolean
}

/** Only these ends evaluate triggeredOn (behaviour.md 3). */
const TRIGGERING: readonly EndCause[] = ['completed', 'timed-out']

/**
 * The runs that `triggeredOn` starts after the end of a run (behaviour.md 3: after every end of a run that triggered at least one task,
 * except abort, supersede and an approval that nobody answered). Ids follow from (parent run, trigger index).
 */
export function childrenOf(run: EndedRun): ChildWish[] {
  if (!TRIGGERING.includes(run.end)) return []
  const end = endOf(run)
  return run.plan.downstream.flatMap((rule, index) => {
    if (rule.join !== undefined || !fires(rule, end)) return []
    return [childOf(run, rule, index)]
  })
}

/** What the end of a run means to the joins that wait for its sequence. */
export function arrivalsOf(run: EndedRun): JoinArrival[] {
  if (!TRIGGERING.includes(run.end)) return []
  const end = endOf(run)
  const event = `${run.plan.stage}.${run.plan.sequence}.finished`
  return run.plan.downstream.flatMap((rule) => {
    const { stage, sequence, join, soakMs } = rule
    if (join === undefined) return []
    const soak = soakMs === undefined ? {} : { soakMs }
    return [{ stage, sequence, join, event, fulfilled: fires(rule, end), ...soak }]
  })
}

function endOf(run: EndedRun) {
  return {
    result: run.result,
    taskResults: new Map(run.done.map((task) => [task.name, task.result])),
  }
}

function childOf(run: EndedRun, rule: DownstreamRule, index: number): ChildWish {
  const { stage, sequence, soakMs } = rule
  const data = { ...withoutMessage(run.payload), stage }
  const id = eventId(`${run.stream}>${index}`, 1, run.endedMs)
  const event = triggeredEvent({ id, stage, sequence, context: run.context, data }, run.endedMs)
  if (soakMs === undefined) return { stage, sequence, event }
  const soak = { untilMs: run.endedMs + soakMs, stages: [run.plan.stage], runIds: [run.runId] }
  return { stage, sequence, event, soak }
}

export type TriggeredEvent = {
  readonly id: string
  readonly stage: string
  readonly sequence: string
  readonly context: string
  readonly data: JsonObject
}

/** `<stage>.<sequence>.triggered` as the engine writes it. */
export function triggeredEvent(wish: TriggeredEvent, nowMs: number): KeptnEvent {
  const { id, stage, sequence, context, data } = wish
  return {
    id,
    type: sequenceEventType(stage, sequence, 'triggered'),
    source: 'shipyard-controller',
    specversion: SPEC_VERSION,
    time: formatTimestamp(nowMs),
    contenttype: CONTENT_TYPE,
    shkeptncontext: context,
    shkeptnspecversion: KEPTN_SPEC_VERSION,
    data,
  }
}
