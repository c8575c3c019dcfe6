import type { Actor } from '../intake/actor.ts'
import type { Projections } from '../ports/projections.ts'
import type { Store } from '../ports/store.ts'
import { EVALUATIONS, type EvaluationDocument, evaluationKey } from '../projections/evaluations.ts'
import { mayUse } from './access.ts'
import { type Refusal, refuse } from './answer.ts'

type Parts = {
  readonly projections: Pick<Projections, 'catchUp' | 'get'>
  readonly store: Pick<Store, 'query'>
}

type Lookup = { readonly ok: true; readonly evaluation: EvaluationDocument } | Refusal

/** By the id of its triggered event, which says in which project it was. One that the actor may not see is not there. */
export async function findEvaluation(
  { projections, store }: Parts,
  triggeredId: string,
  actor: Actor,
): Promise<Lookup> {
  const found = await store.query({ eventId: triggeredId, offset: 0, limit: 1 })
  const projectId = found.events[0]?.projectId
  await projections.catchUp()
  const document =
    projectId === undefined
      ? undefined
      : await projections.get(EVALUATIONS, evaluationKey(projectId, triggeredId))
  const evaluation = document === undefined ? undefined : asEvaluation(document)
  if (evaluation === undefined || !mayUse(actor, evaluation.project)) {
    return refuse('not-found', `there is no evaluation for the triggered event ${triggeredId}`)
  }
  return { ok: true, evaluation }
}

/** Documents of this projection were made by its fold. */
export function asEvaluation(document: object): EvaluationDocument {
  return document as EvaluationDocument
}
