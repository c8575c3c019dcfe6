import { WhatIf, WhatIfBody } from '@tiphys/contract/http/native-evaluation.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { readExplanation } from '@tiphys/providers/evaluation/stored-report.ts'
import { type StoredCase, whatIfStored } from '@tiphys/providers/evaluation/what-if-stored.ts'
import type { Projections } from '../../ports/projections.ts'
import type { Store } from '../../ports/store.ts'
import { evaluationHistory } from '../../projections/evaluation-history.ts'
import type { EvaluationDocument } from '../../projections/evaluations.ts'
import { type Answer, ok, refuse } from '../answer.ts'
import { findEvaluation } from '../evaluation-lookup.ts'
import type { AddRoute } from '../route.ts'
import { toldBy } from './evaluations.ts'

type Parts = { readonly projections: Projections; readonly store: Pick<Store, 'query'> }

/** The verdict of another slo.yaml on what was measured. Reads only. */
export function addWhatIfRoute(add: AddRoute, parts: Parts): void {
  add({
    method: 'POST',
    path: '/api/tiphys/v1/evaluations/:triggeredId/what-if',
    summary: 'Judges the values of an evaluation by another slo.yaml; stores nothing',
    body: WhatIfBody,
    success: WhatIf,
    async handle({ params, body, actor }) {
      const found = await findEvaluation(parts, params.triggeredId, actor)
      return found.ok ? judge(parts, found.evaluation, body) : found
    },
  })
}

async function judge(
  parts: Parts,
  document: EvaluationDocument,
  { slo, file = 'slo.yaml', baseline = 'then' }: WhatIfBody,
): Promise<Answer<WhatIf>> {
  const answer = await whatIfStored(await storedCase(parts, document), {
    slo: { file, text: slo },
    baseline,
  })
  const { triggeredId } = document
  switch (answer.code) {
    case 'file-invalid':
      return refuse('invalid', `${file} cannot be evaluated`, answer.problems)
    case 'not-judged':
      return refuse(
        'conflict',
        `evaluation ${triggeredId} cannot be judged anew: ${answer.message}`,
      )
    case 'judged': {
      const { code: _, warnings, change, ...judged } = answer
      return ok({
        triggeredId,
        baseline,
        ...judged,
        // Plain data; the round trip drops what JSON has no word for.
        explanation: JSON.parse(JSON.stringify(judged.explanation)) as JsonObject,
        change: { ...change, objectives: [...change.objectives] },
        warnings: [...warnings],
      })
    }
  }
}

async function storedCase(
  { projections, store }: Parts,
  document: EvaluationDocument,
): Promise<StoredCase> {
  const { projectId, project, stage, service, version, labels = {}, position } = document
  const told = await toldBy(store, document)
  return {
    evaluation: told.evaluation,
    explanation: readExplanation(told.explanation),
    subject: { project, stage, service, version: version ?? null },
    labels,
    history: (comparison) =>
      evaluationHistory(projections, {
        ...{ projectId, stage, service, comparison, labels },
        beforePosition: position,
      }),
  }
}
