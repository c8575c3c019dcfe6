import { Evaluation } from '@tiphys/contract/evaluation.ts'
import {
  EvaluationPage,
  EvaluationQuery,
  StoredEvaluation,
} from '@tiphys/contract/http/native-evaluation.ts'
import { isJsonObject } from '@tiphys/contract/json.ts'
import type { Projections } from '../../ports/projections.ts'
import type { Store } from '../../ports/store.ts'
import { EVALUATIONS, type EvaluationDocument } from '../../projections/evaluations.ts'
import { findReference } from '../../projections/references.ts'
import type { Projects } from '../../projects/projects.ts'
import { ok } from '../answer.ts'
import { asEvaluation, findEvaluation } from '../evaluation-lookup.ts'
import { numberKey } from '../keptn-v1/pages.ts'
import { findProject } from '../keptn-v1/project-lookup.ts'
import type { AddRoute } from '../route.ts'
import { viewOf, viewsOf } from './evaluation-view.ts'

type Parts = {
  readonly projections: Projections
  readonly projects: Projects
  readonly store: Store
}

export function addEvaluationRoutes(add: AddRoute, parts: Parts): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/evaluations',
    summary: 'Evaluations of a project, newest first',
    query: EvaluationQuery,
    success: EvaluationPage,
    async handle({ query }) {
      const found = findProject(parts.projects, query.project)
      if (!found.ok) return found
      await parts.projections.catchUp()
      const { documents, totalCount } = await parts.projections.list(EVALUATIONS, {
        projectId: found.record.projectId,
        ...(query.stage ? { stage: query.stage } : {}),
        ...(query.service ? { service: query.service } : {}),
        offset: query.nextPageKey,
        limit: query.pageSize,
      })
      return ok({
        evaluations: await viewsOf(parts.projections, documents.map(asEvaluation)),
        ...numberKey(query, totalCount),
        pageSize: query.pageSize,
        totalCount,
      })
    },
  })
  add({
    method: 'GET',
    path: '/api/tiphys/v1/evaluations/:triggeredId',
    summary: 'One evaluation with every number, and its explanation when one was stored',
    success: StoredEvaluation,
    async handle({ params, actor }) {
      const found = await findEvaluation(parts, params.triggeredId, actor)
      if (!found.ok) return found
      const { evaluation } = found
      const reference = await findReference(parts.projections, evaluation)
      return ok({ ...viewOf(evaluation, reference), ...(await toldBy(parts.store, evaluation)) })
    },
  })
}

/** The whole evaluation, from the event that told it. */
export async function toldBy(
  store: Pick<Store, 'query'>,
  { projectId, eventId }: EvaluationDocument,
): Promise<Pick<StoredEvaluation, 'evaluation' | 'explanation'>> {
  const found = await store.query({ projectId, eventId, offset: 0, limit: 1 })
  const data = found.events[0]?.event.data
  const evaluation = Evaluation.safeParse(data?.['evaluation'])
  const explanation = data?.['explanation']
  return {
    ...(evaluation.success ? { evaluation: evaluation.data } : {}),
    ...(explanation !== undefined && isJsonObject(explanation) ? { explanation } : {}),
  }
}
