import {
  CONTENT_TYPE,
  KEPTN_SPEC_VERSION,
  type KeptnEvent,
  type Result,
  SPEC_VERSION,
  type Status,
  sequenceEventType,
} from '@tiphys/contract/event.ts'
import type { Json, JsonObject } from '@tiphys/contract/json.ts'
import { formatTimestamp } from '../evaluation/timestamp.ts'
import { eventId } from '../event-id.ts'
import type { NewRunRow, RunMeta } from './run-row.ts'
import type { EndCause, OpenRun, Outcome } from './run-state.ts'

/** The rows a run writes: always the next one of its stream, with an id that follows from its place and the time. */
export function nextRow(
  run: OpenRun,
  type: string,
  data: JsonObject,
  meta: RunMeta,
  nowMs: number,
  triggeredId?: string,
): NewRunRow {
  const event: KeptnEvent = {
    id: eventId(run.stream, run.version + 1, nowMs),
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

/** A fact of ours that Keptn's clients do not see. */
export function factRow(
  run: OpenRun,
  type: string,
  meta: RunMeta,
  nowMs: number,
  data: JsonObject = {},
): NewRunRow {
  return nextRow(run, `dev.tiphys.${type}`, { ...baseData(run), ...data }, meta, nowMs)
}

/** `<stage>.<sequence>.finished`, the last row of a run. */
export function endRow(
  run: OpenRun,
  cause: EndCause,
  { status, result, message }: Outcome,
  nowMs: number,
  by?: string,
): NewRunRow {
  const { stage, sequence } = run.plan
  const data: JsonObject = { ...baseData(run), status, result, message }
  const meta: RunMeta = { k: 'end', cause, status, result, ...(by === undefined ? {} : { by }) }
  const type = sequenceEventType(stage, sequence, 'finished')
  return nextRow(run, type, data, meta, nowMs, run.runId)
}

/** The data that every Keptn event of a run shares. */
export function baseData(run: OpenRun): Record<string, Json> {
  const { project, stage, service } = run.plan
  const labels = run.payload['labels']
  return { project, stage, service, ...(labels === undefined ? {} : { labels }) }
}

export function aborted(message: string): { status: Status; result: Result; message: string } {
  return { status: 'aborted', result: 'fail', message }
}
