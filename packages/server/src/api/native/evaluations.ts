import { Evaluation } from '@tiphys/contract/evaluation.ts'
import {
  EvaluationPage,
  EvaluationQuery,
  type ListedEvaluation,
  StoredEvaluation,
} from '@tiphys/contract/http/native-evaluation.ts'
import { isJsonObject } from '@tiphys/contract/json.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import type { Projections } from '../../ports/projections.ts'
import type { Store } from '../../ports/store.ts'
import {
  EVALUATIONS,
  type EvaluationDocument,
  evaluationKey,
} from '../../projections/evaluations.ts'
import type { Projects } from '../../projects/projects.ts'
import { mayUse } from '../access.ts'
import { ok, refuse } from '../answer.ts'
import { numberKey } from '../keptn-v1/pages.ts'
import { findProject } from '../keptn-v1/project-lookup.ts'
import type { AddRoute } from '../route.ts'

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
      const listed = await parts.projections.list(EVALUATIONS, {
        projectId: found.record.projectId,
        ...(query.stage ? { stage: query.stage } : {}),
        ...(query.service ? { service: query.service } : {}),
        offset: query.nextPageKey,
        limit: query.pageSize,
      })
      const { totalCount } = listed
      return ok({
        evaluations: listed.documents.map((document) => view(asEvaluation(document))),
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
      const { triggeredId } = params
      const document = await findEvaluation(parts, triggeredId)
      if (document === undefined || !mayUse(actor, document.project)) {
        return refuse('not-found', `there is no evaluation for the triggered event ${triggeredId}`)
      }
      return ok({ ...view(document), ...(await toldBy(parts.store, document)) })
    },
  })
}

/** The triggered event says in which project it was. */
async function findEvaluation(
  parts: Parts,
  triggeredId: string,
): Promise<EvaluationDocument | undefined> {
  const found = await parts.store.query({ eventId: triggeredId, offset: 0, limit: 1 })
  const projectId = found.events[0]?.projectId
  if (projectId === undefined) return undefined
  await parts.projections.catchUp()
  const document = await parts.projections.get(EVALUATIONS, evaluationKey(projectId, triggeredId))
  return document === undefined ? undefined : asEvaluation(document)
}

/** Documents of this projection were made by its fold. */
function asEvaluation(document: object): EvaluationDocument {
  return document as EvaluationDocument
}

/** The whole evaluation, from the event that told it. */
async function toldBy(
  store: Store,
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

function view(one: EvaluationDocument): ListedEvaluation {
  const { invalidated, evaluation } = one
  return {
    triggeredId: one.triggeredId,
    eventId: one.eventId,
    context: one.context,
    project: one.project,
    stage: one.stage,
    service: one.service,
    at: formatTimestamp(one.timeMs),
    source: one.source,
    by: one.by,
    status: one.status,
    result: one.result,
    message: one.message,
    ...(evaluation === undefined
      ? {}
      : { summary: { ...evaluation, indicatorResults: [...evaluation.indicatorResults] } }),
    ...(invalidated === undefined
      ? {}
      : { invalidated: { by: invalidated.by, at: formatTimestamp(invalidated.timeMs) } }),
  }
}
