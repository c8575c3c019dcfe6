import { Evaluation } from '@tiphys/contract/evaluation.ts'
import type { Result, Status } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { finishedOf } from '@tiphys/core/sequence/evolve-run.ts'
import { TIPHYS } from '../intake/actor.ts'
import { forgottenRecord, isForgetting } from '../operations/forgotten.ts'
import type { Projection, Projections } from '../ports/projections.ts'
import type { StoredEvent } from '../ports/store.ts'
import { runKeyOf, runMetaOf, textAt, whereaboutsOf } from './project-of-row.ts'
import { RUNS } from './runs.ts'
import type { RunDocument } from './runs-document.ts'

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
  /** Missing when nothing was evaluated. */
  readonly evaluation?: EvaluationSummary
  readonly invalidated?: { readonly eventId: string; readonly by: string; readonly timeMs: number }
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
  version: 1,
  keysOf(row) {
    const { event, projectId } = row
    if (isForgetting(row)) return forgottenRecord(row).invalidated.map(({ key }) => key)
    if (event.type !== FINISHED && event.type !== INVALIDATED) return []
    if (projectId === undefined || event.triggeredid === undefined) return []
    return [evaluationKey(projectId, event.triggeredid)]
  },
  fold(document, row, key) {
    // Documents of this projection were made by this fold.
    const before = document as unknown as EvaluationDocument | undefined
    if (isForgetting(row)) return takenBack(before, row, key) as unknown as JsonObject | undefined
    const after = row.event.type === FINISHED ? finished(before, row) : invalidated(before, row)
    return after as unknown as JsonObject | undefined
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
    ...(evaluation.success ? { evaluation: summaryOf(evaluation.data) } : {}),
    ...(before?.invalidated === undefined ? {} : { invalidated: before.invalidated }),
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

function invalidated(
  before: EvaluationDocument | undefined,
  row: StoredEvent,
): EvaluationDocument | undefined {
  if (before === undefined || before.invalidated !== undefined) return before
  const by = textAt(row.meta ?? {}, 'by') ?? ''
  return { ...before, invalidated: { eventId: row.event.id, by, timeMs: row.timeMs } }
}

/** The event that took it back is gone; that it was taken back stays. */
function takenBack(
  before: EvaluationDocument | undefined,
  row: StoredEvent,
  key: string,
): EvaluationDocument | undefined {
  const carried = forgottenRecord(row).invalidated.find((one) => one.key === key)
  if (before === undefined || before.invalidated !== undefined || carried === undefined)
    return before
  return { ...before, invalidated: carried.invalidated }
}

export type BaselineQuery = {
  readonly projectId: string
  readonly stage: string
  readonly service: string
  /** Absent: every result. */
  readonly results?: readonly Result[]
  readonly limit: number
}

/** How many documents of a page are looked at together. */
const PAGE = 50

/**
 * Earlier evaluations that may be compared with, newest first: made by us or by an evaluator that the task was configured for, not
 * taken back, with an evaluation in them (facts/keptn-v1.md 3.3, behaviour.md 10).
 */
export async function baselineEvaluations(
  projections: Projections,
  query: BaselineQuery,
): Promise<readonly EvaluationDocument[]> {
  const { projectId, stage, service, results, limit } = query
  await projections.catchUp()
  const found: EvaluationDocument[] = []
  for (let offset = 0; found.length < limit; offset += PAGE) {
    const page = await projections.list(EVALUATIONS, {
      projectId,
      stage,
      service,
      offset,
      limit: PAGE,
    })
    for (const document of page.documents) {
      const one = document as unknown as EvaluationDocument
      if (one.invalidated !== undefined || one.evaluation === undefined) continue
      if (results !== undefined && !results.includes(one.result)) continue
      if (one.trusted || (await isByConfiguredEvaluator(projections, one))) found.push(one)
    }
    if (page.documents.length < PAGE) break
  }
  return found.slice(0, limit)
}

/** The shipyard left the task to somebody else (`executor: external`), and this is that answer. */
async function isByConfiguredEvaluator(
  projections: Projections,
  evaluation: EvaluationDocument,
): Promise<boolean> {
  const key = `${evaluation.projectId}/${evaluation.runId}`
  const run = (await projections.get(RUNS, key)) as unknown as RunDocument | undefined
  return run?.carriers[evaluation.taskIndex] === 'external'
}
