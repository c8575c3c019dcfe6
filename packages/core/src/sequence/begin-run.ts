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
import type { RunPlan } from './plan.ts'
import type { NewRunRow } from './run-row.ts'
import type { EndedRun } from './run-state.ts'

/** The stream of a run follows from its first event: a second start of the same run is a version conflict. */
export function runStream(projectId: string, runId: string): string {
  return `run/${projectId}/${runId}`
}

export type StartRun = {
  /** `<stage>.<sequence>.triggered`, complete. */
  readonly event: KeptnEvent
  readonly plan: RunPlan
  readonly by: string
  readonly origin?: JsonObject
  readonly parent?: string
  readonly front?: boolean
}

/** The first row of a run. */
export function startRow(start: StartRun): NewRunRow {
  const { event, plan, by, origin, parent, front } = start
  return {
    event: event.gitcommitid === plan.commitId ? event : { ...event, gitcommitid: plan.commitId },
    meta: {
      k: 'start',
      stream: runStream(plan.projectId, event.id),
      plan,
      by,
      ...(origin === undefined ? {} : { origin }),
      ...(parent === undefined ? {} : { parent }),
      ...(front ? { front } : {}),
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
}

/**
 * The runs that `triggeredOn` starts after the end of a run (behaviour.md 3: after every end of a run that triggered at least one task,
 * except abort, supersede and an approval that nobody answered). Ids follow from (parent run, trigger index).
 */
export function childrenOf(run: EndedRun): ChildWish[] {
  if (run.end !== 'completed' && run.end !== 'timed-out') return []
  const taskResults = new Map(run.done.map((task) => [task.name, task.result]))
  const end = { result: run.result, taskResults }
  return run.plan.downstream.flatMap((rule, index) =>
    fires(rule, end) ? [childOf(run, rule.stage, rule.sequence, index)] : [],
  )
}

function childOf(run: EndedRun, stage: string, sequence: string, index: number): ChildWish {
  const event: KeptnEvent = {
    id: eventId(`${run.stream}>${index}`, 1, run.endedMs),
    type: sequenceEventType(stage, sequence, 'triggered'),
    source: 'shipyard-controller',
    specversion: SPEC_VERSION,
    time: formatTimestamp(run.endedMs),
    contenttype: CONTENT_TYPE,
    shkeptncontext: run.context,
    shkeptnspecversion: KEPTN_SPEC_VERSION,
    data: { ...withoutMessage(run.payload), stage },
  }
  return { stage, sequence, event }
}
