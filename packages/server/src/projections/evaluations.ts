import { Evaluation } from '@tiphys/contract/evaluation.ts'
import type { Result, Status } from '@tiphys/contract/event.ts'
import { isJsonObject, type JsonObject } from '@tiphys/contract/json.ts'
import { finishedOf } from '@tiphys/core/sequence/finished.ts'
import { TIPHYS } from '../intake/actor.ts'
import { forgottenRecord, isForgetting } from '../operations/forgotten.ts'
import type { Projection } from '../ports/projections.ts'
import type { StoredEvent } from '../ports/store.ts'
import { isCorrection, RESTORED } from './corrections.ts'
import { runKeyOf, runMetaOf, textAt, whereaboutsOf } from './project-of-row.ts'

/** One evaluation: what `evaluation.finished` said, who said it, and whether somebody took it back. */
export type EvaluationDocument = {
  readonly projectId: string
  readonly project: string
  readonly context: string
  readonly stage: string
  readonly service: string
  /** Id of the `evaluation.triggered` event: what an invalidation names. */
  readonly triggeredId: string
  /** Id of the `evaluation.finished` event: what `comparedEvents` names. */
  readonly eventId: string
  readonly source: string
  /** Token or part that wrote it. */
  readonly by: string
  /** We made it ourselves. */
  readonly trusted: boolean
  readonly runId: string
  readonly taskIndex: number
  readonly position: number
  readonly timeMs: number
  readonly status: Status
  /** Of the event. The evaluation inside may have come to another one (a provider that failed, say). */
  readonly result: Result
  readonly message: string
  /** Of what was evaluated, as the run carried them. */
  readonly labels?: { readonly [label: string]: string }
  /** What the report calls the version. */
  readonly version?: string
  /** Missing when nothing was evaluated. */
  readonly evaluation?: EvaluationSummary
  readonly invalidated?: Invalidation
  /** The last time that an invalidation was undone; kept when it is invalidated again. */
  readonly restored?: Correction
}

/** Who corrected it, when and why. */
export type Correction = {
  /** Token. */
  readonly by: string
  /** Whom the token's holder named. */
  readonly person?: string
  /** Empty: none was given. */
  readonly reason: string
  readonly timeMs: number
  /** Of the row that said so. Missing in what was carried on by earlier versions. */
  readonly position?: number
}

export type Invalidation = Correction & {
  /** Of the `evaluation.invalidated` event. */
  readonly eventId: string
}

/** The part of the wire's object that lists and baselines need; all of it is in the event of `eventId`. */
export type EvaluationSummary = {
  readonly timeStart: string
  readonly timeEnd: string
  readonly result: Result
  readonly score: number
  readonly indicatorResults: readonly IndicatorSummary[]
}

export type IndicatorSummary = {
  readonly displayName: string
  readonly status: string
  readonly score: number
  readonly keySli: boolean
  readonly value: {
    readonly metric: string
    readonly value: number
    readonly success: boolean
  } | null
}

export const EVALUATIONS = 'evaluations'

const FINISHED = 'sh.keptn.event.evaluation.finished'
export const INVALIDATED = 'sh.keptn.event.evaluation.invalidated'
/** In the column `state`, beside the results. */
const INVALIDATED_STATE = 'invalidated'

export const evaluationsProjection: Projection = {
  name: EVALUATIONS,
  version: 2,
  keysOf(row) {
    const { event, projectId } = row
    if (isForgetting(row)) return forgottenRecord(row).invalidated.map(({ key }) => key)
    if (event.type !== FINISHED && event.type !== INVALIDATED && !isRestoring(row)) return []
    if (projectId === undefined || event.triggeredid === undefined) return []
    return [evaluationKey(projectId, event.triggeredid)]
  },
  fold(document, row, key) {
    // Documents of this projection were made by this fold.
    const before = document as unknown as EvaluationDocument | undefined
    if (isForgetting(row)) return takenBack(before, row, key) as unknown as JsonObject | undefined
    return folded(before, row) as unknown as JsonObject | undefined
  },
  columnsOf(document) {
    const one = document as unknown as EvaluationDocument
    const { projectId, context, stage, service } = one
    const state = one.invalidated === undefined ? one.result : INVALIDATED_STATE
    return { projectId, context, stage, service, state, sort: one.position }
  },
}

export function evaluationKey(projectId: string, triggeredId: string): string {
  return `${projectId}/${triggeredId}`
}

function isRestoring(row: StoredEvent): boolean {
  return isCorrection(row) && row.event.type === RESTORED
}

function folded(
  before: EvaluationDocument | undefined,
  row: StoredEvent,
): EvaluationDocument | undefined {
  if (row.event.type === FINISHED) return finished(before, row)
  return isRestoring(row) ? restored(before, row) : invalidated(before, row)
}

function finished(
  before: EvaluationDocument | undefined,
  row: StoredEvent,
): EvaluationDocument | undefined {
  const where = whereaboutsOf(row)
  const meta = runMetaOf(row)
  const { event } = row
  // Only an answer to a task of a run counts; anybody can post an evaluation.finished for nothing.
  if (where === undefined || (meta?.k !== 'finished' && meta?.k !== 'expired')) return before
  const by = meta.k === 'finished' ? meta.by : TIPHYS.name
  const trusted = by === TIPHYS.name
  if (before?.trusted && !trusted) return before
  const evaluation = Evaluation.safeParse(event.data['evaluation'])
  const { status, result } = finishedOf(event)
  return {
    ...where,
    context: event.shkeptncontext ?? '',
    triggeredId: event.triggeredid ?? '',
    eventId: event.id,
    source: event.source,
    by,
    trusted,
    runId: runKeyOf(row).split('/')[1] ?? '',
    taskIndex: meta.i,
    position: row.position,
    timeMs: row.timeMs,
    status,
    result,
    message: textAt(event.data, 'message') ?? '',
    ...subjectOf(event.data),
    ...(evaluation.success ? { evaluation: summaryOf(evaluation.data) } : {}),
    ...(before?.invalidated === undefined ? {} : { invalidated: before.invalidated }),
    ...(before?.restored === undefined ? {} : { restored: before.restored }),
  }
}

function subjectOf(data: JsonObject): Pick<EvaluationDocument, 'labels' | 'version'> {
  const { labels } = data
  const texts =
    labels !== undefined && isJsonObject(labels)
      ? Object.entries(labels).filter((entry): entry is [string, string] => {
          return typeof entry[1] === 'string'
        })
      : []
  const version =
    textAt(data, 'explanation', 'subject', 'version') ?? textAt(data, 'labels', 'version')
  return {
    ...(texts.length === 0 ? {} : { labels: Object.fromEntries(texts) }),
    ...(version === undefined ? {} : { version }),
  }
}

function summaryOf(evaluation: Evaluation): EvaluationSummary {
  const { timeStart, timeEnd, result, score } = evaluation
  const indicatorResults = (evaluation.indicatorResults ?? []).map((indicator) => ({
    displayName: indicator.displayName,
    status: indicator.status,
    score: indicator.score,
    keySli: indicator.keySli,
    value:
      indicator.value === null
        ? null
        : {
            metric: indicator.value.metric,
            value: indicator.value.value,
            success: indicator.value.success,
          },
  }))
  return { timeStart, timeEnd, result, score, indicatorResults }
}

/** The first one counts until it is undone. */
function invalidated(
  before: EvaluationDocument | undefined,
  row: StoredEvent,
): EvaluationDocument | undefined {
  if (before === undefined || before.invalidated !== undefined) return before
  return { ...before, invalidated: { eventId: row.event.id, ...correctionOf(row) } }
}

/** Also of one that counts: what is folded anew may lack the event that had taken it back, and must come to the same. */
function restored(
  before: EvaluationDocument | undefined,
  row: StoredEvent,
): EvaluationDocument | undefined {
  if (before === undefined) return undefined
  const { invalidated: _, ...rest } = before
  return { ...rest, restored: correctionOf(row) }
}

const MAX_REASON_CHARACTERS = 500

function correctionOf(row: StoredEvent): Correction {
  const { data } = row.event
  const person = textAt(data, 'evaluation', 'person')
  return {
    by: textAt(row.meta ?? {}, 'by') ?? '',
    ...(person === undefined ? {} : { person }),
    // As Keptn's bridge sends it, at any length.
    reason: (textAt(data, 'evaluation', 'reason') ?? '').slice(0, MAX_REASON_CHARACTERS),
    timeMs: row.timeMs,
    position: row.position,
  }
}

/** The event that took it back is gone; that it was taken back stays, unless it was undone since. */
function takenBack(
  before: EvaluationDocument | undefined,
  row: StoredEvent,
  key: string,
): EvaluationDocument | undefined {
  const carried = forgottenRecord(row).invalidated.find((one) => one.key === key)?.invalidated
  if (before === undefined || carried === undefined) return before
  if (isBefore(carried, before.restored)) return before
  // Where its event is gone, a later one may have been taken for the first.
  if (before.invalidated?.eventId === carried.eventId) return before
  return { ...before, invalidated: carried }
}

function isBefore(one: Correction, other: Correction | undefined): boolean {
  return other !== undefined && (one.position ?? 0) < (other.position ?? 0)
}
