import { CONTENT_TYPE, KEPTN_SPEC_VERSION, SPEC_VERSION } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { unfitText } from '@tiphys/core/evaluation/baseline-selection.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import type { Engine } from '../engine/engine.ts'
import type { Actor } from '../intake/actor.ts'
import type { Clock } from '../ports/clock.ts'
import type { Projections } from '../ports/projections.ts'
import type { Store } from '../ports/store.ts'
import { correctionsStream, PINNED, RESTORED, UNPINNED } from '../projections/corrections.ts'
import { unfitness } from '../projections/evaluation-history.ts'
import { type EvaluationDocument, INVALIDATED } from '../projections/evaluations.ts'
import { findReference } from '../projections/references.ts'
import type { Projects } from '../projects/projects.ts'

/**
 * What people correct after the verdict: an evaluation is taken back, counts again, becomes the reference of its place, or is it no longer.
 * Each is on disk when it resolves, and changes nothing where it is so already.
 */
export type CorrectionParts = {
  readonly engine: Pick<Engine, 'submit'>
  readonly store: Pick<Store, 'commit'>
  readonly projections: Projections
  readonly projects: Pick<Projects, 'find'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly newId: () => string
}

export type CorrectionWish = {
  readonly evaluation: EvaluationDocument
  readonly actor: Actor
  readonly reason: string
  readonly person?: string | undefined
}

export type CorrectionAnswer =
  | { readonly code: 'done' | 'unchanged' }
  /** `message`: one sentence. */
  | { readonly code: 'conflict'; readonly message: string }

const DONE: CorrectionAnswer = { code: 'done' }
const UNCHANGED: CorrectionAnswer = { code: 'unchanged' }

/** Keptn's own event, so that whoever follows those sees it. */
export async function invalidateEvaluation(
  { engine, clock, newId }: CorrectionParts,
  wish: CorrectionWish,
): Promise<CorrectionAnswer> {
  const { evaluation, actor } = wish
  if (evaluation.invalidated !== undefined) return UNCHANGED
  const nowMs = clock.nowMs()
  await engine.submit({
    event: {
      id: newId(),
      type: INVALIDATED,
      source: 'tiphys',
      specversion: SPEC_VERSION,
      time: formatTimestamp(nowMs),
      contenttype: CONTENT_TYPE,
      shkeptncontext: evaluation.context,
      shkeptnspecversion: KEPTN_SPEC_VERSION,
      triggeredid: evaluation.triggeredId,
      data: dataOf(wish),
    },
    projectId: evaluation.projectId,
    actor,
    inboxOnly: true,
  })
  return DONE
}

export async function restoreEvaluation(
  parts: CorrectionParts,
  wish: CorrectionWish,
): Promise<CorrectionAnswer> {
  return wish.evaluation.invalidated === undefined ? UNCHANGED : await note(parts, RESTORED, wish)
}

/** It takes the place of the one that was pinned before. */
export async function pinEvaluation(
  parts: CorrectionParts,
  wish: CorrectionWish,
): Promise<CorrectionAnswer> {
  const { evaluation } = wish
  const unfit = await unfitness(parts.projections, evaluation)
  const problem = unfit === undefined ? problemOfValues(evaluation) : unfitText(unfit)
  if (problem !== undefined) {
    const message = `evaluation ${evaluation.triggeredId} cannot be the reference: ${problem}`
    return { code: 'conflict', message }
  }
  if (await isReference(parts.projections, evaluation)) return UNCHANGED
  return await note(parts, PINNED, wish)
}

/** Every relative criterion would hold against it. */
function problemOfValues({ evaluation }: EvaluationDocument): string | undefined {
  const isMeasured = evaluation?.indicatorResults.some(({ value }) => value?.success === true)
  return isMeasured ? undefined : 'no indicator has a value in it'
}

export async function unpinEvaluation(
  parts: CorrectionParts,
  wish: CorrectionWish,
): Promise<CorrectionAnswer> {
  if (!(await isReference(parts.projections, wish.evaluation))) return UNCHANGED
  return await note(parts, UNPINNED, wish)
}

async function isReference(
  projections: Projections,
  evaluation: EvaluationDocument,
): Promise<boolean> {
  const reference = await findReference(projections, evaluation)
  return reference?.triggeredId === evaluation.triggeredId
}

async function note(
  { store, projects, clock, newId }: CorrectionParts,
  type: string,
  wish: CorrectionWish,
): Promise<CorrectionAnswer> {
  const { evaluation, actor } = wish
  const { projectId, project, triggeredId } = evaluation
  // From here to the commit nothing may be waited for: a deletion that begins now takes the row along.
  if (projects.find(project)?.projectId !== projectId) {
    return { code: 'conflict', message: `project ${project} is being deleted` }
  }
  const nowMs = clock.nowMs()
  const event = {
    id: newId(),
    type,
    source: 'tiphys',
    specversion: SPEC_VERSION,
    time: formatTimestamp(nowMs),
    triggeredid: triggeredId,
    data: dataOf(wish),
  }
  const events = [{ event, meta: { by: actor.name }, projectId }]
  const write = { stream: correctionsStream(projectId), expectedVersion: 'any' as const, events }
  await store.commit({ writes: [write], nowMs })
  return DONE
}

function dataOf({ evaluation, reason, person }: CorrectionWish): JsonObject {
  const { project, stage, service, eventId: finishedId } = evaluation
  const why = { reason, ...(person === undefined ? {} : { person }), eventId: finishedId }
  return { project, stage, service, evaluation: why }
}
