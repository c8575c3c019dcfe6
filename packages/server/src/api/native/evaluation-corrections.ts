import { randomUUID } from 'node:crypto'
import {
  Correcting,
  EvaluationQuery,
  type EvaluationReference,
  EvaluationReferencePage,
  ListedEvaluation,
} from '@tiphys/contract/http/native-evaluation.ts'
import { unfitText } from '@tiphys/core/evaluation/baseline-selection.ts'
import { eventId } from '@tiphys/core/event-id.ts'
import {
  type CorrectionAnswer,
  type CorrectionParts,
  type CorrectionWish,
  invalidateEvaluation,
  pinEvaluation,
  restoreEvaluation,
  unpinEvaluation,
} from '../../evaluations/corrections.ts'
import type { Actor } from '../../intake/actor.ts'
import type { Store } from '../../ports/store.ts'
import { unfitness } from '../../projections/evaluation-history.ts'
import { EVALUATIONS, evaluationKey } from '../../projections/evaluations.ts'
import { findReference, REFERENCES, type ReferenceDocument } from '../../projections/references.ts'
import type { Projects } from '../../projects/projects.ts'
import { type Answer, ok, refuse } from '../answer.ts'
import { asEvaluation, findEvaluation } from '../evaluation-lookup.ts'
import { numberKey } from '../keptn-v1/pages.ts'
import { findProject } from '../keptn-v1/project-lookup.ts'
import type { AddRoute } from '../route.ts'
import { correctionView, viewOf } from './evaluation-view.ts'

type Parts = Omit<CorrectionParts, 'newId'> & { readonly store: Store; readonly projects: Projects }

const INVALIDATION = '/api/tiphys/v1/evaluations/:triggeredId/invalidation'
const PIN = '/api/tiphys/v1/evaluations/:triggeredId/pin'

/** What people say about evaluations after they were made. What is so already is answered all the same, as a repeat. */
export function addEvaluationCorrectionRoutes(add: AddRoute, parts: Parts): void {
  add({
    method: 'POST',
    path: INVALIDATION,
    summary: 'Takes an evaluation back: no later one is compared with it',
    body: Correcting,
    success: ListedEvaluation,
    handle: ({ params, body, actor }) =>
      correct(parts, params.triggeredId, actor, body, invalidateEvaluation),
  })
  add({
    method: 'DELETE',
    path: INVALIDATION,
    summary: 'Lets an evaluation that was taken back count again',
    query: Correcting,
    success: ListedEvaluation,
    handle: ({ params, query, actor }) =>
      correct(parts, params.triggeredId, actor, query, restoreEvaluation),
  })
  add({
    method: 'POST',
    path: PIN,
    summary: 'Makes an evaluation the reference of its project, stage and service',
    body: Correcting,
    success: ListedEvaluation,
    handle: ({ params, body, actor }) =>
      correct(parts, params.triggeredId, actor, body, pinEvaluation),
  })
  add({
    method: 'DELETE',
    path: PIN,
    summary: 'Compares with the newest evaluations again',
    query: Correcting,
    success: ListedEvaluation,
    handle: ({ params, query, actor }) =>
      correct(parts, params.triggeredId, actor, query, unpinEvaluation),
  })
  addReferenceRoute(add, parts)
}

function addReferenceRoute(add: AddRoute, parts: Parts): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/references',
    summary: 'Pinned evaluations of a project, the newest pin first',
    query: EvaluationQuery,
    success: EvaluationReferencePage,
    async handle({ query }) {
      const found = findProject(parts.projects, query.project)
      if (!found.ok) return found
      await parts.projections.catchUp()
      const { documents, totalCount } = await parts.projections.list(REFERENCES, {
        projectId: found.record.projectId,
        ...(query.stage ? { stage: query.stage } : {}),
        ...(query.service ? { service: query.service } : {}),
        offset: query.nextPageKey,
        limit: query.pageSize,
      })
      // Documents of this projection were made by its fold.
      const references = documents as unknown as ReferenceDocument[]
      return ok({
        references: await Promise.all(references.map((one) => referenceView(parts, one))),
        ...numberKey(query, totalCount),
        pageSize: query.pageSize,
        totalCount,
      })
    },
  })
}

async function correct(
  parts: Parts,
  triggeredId: string,
  actor: Actor,
  { reason, person }: Correcting,
  make: (parts: CorrectionParts, wish: CorrectionWish) => Promise<CorrectionAnswer>,
): Promise<Answer<ListedEvaluation>> {
  const found = await findEvaluation(parts, triggeredId, actor)
  if (!found.ok) return found
  const newId = () => eventId(randomUUID(), 1, parts.clock.nowMs())
  const wish = { evaluation: found.evaluation, actor, reason, person }
  const answer = await make({ ...parts, newId }, wish)
  if (answer.code === 'conflict') return refuse('conflict', answer.message)
  const after = await findEvaluation(parts, triggeredId, actor)
  if (!after.ok) return after
  const reference = await findReference(parts.projections, after.evaluation)
  const repeat = answer.code === 'unchanged' ? { 'tiphys-duplicate': 'true' } : undefined
  return ok(viewOf(after.evaluation, reference), repeat)
}

async function referenceView(
  { projections }: Parts,
  reference: ReferenceDocument,
): Promise<EvaluationReference> {
  const { projectId, project, stage, service, triggeredId, eventId } = reference
  const document = await projections.get(EVALUATIONS, evaluationKey(projectId, triggeredId))
  const pinned = correctionView(reference)
  const common = { project, stage, service, triggeredId, eventId, pinned }
  if (document === undefined) return { ...common, problem: unfitText({ code: 'deleted' }) }
  const evaluation = asEvaluation(document)
  const unfit = await unfitness(projections, evaluation)
  return {
    ...common,
    evaluation: viewOf(evaluation, reference),
    ...(unfit === undefined ? {} : { problem: unfitText(unfit) }),
  }
}
