import type { CorrectionView, ListedEvaluation } from '@tiphys/contract/http/native-evaluation.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import type { Projections } from '../../ports/projections.ts'
import type { Correction, EvaluationDocument } from '../../projections/evaluations.ts'
import { findReference, type ReferenceDocument } from '../../projections/references.ts'

/** Evaluations as lists show them, each with whether it is the reference of its place. */
export function viewsOf(
  projections: Pick<Projections, 'get'>,
  evaluations: readonly EvaluationDocument[],
): Promise<ListedEvaluation[]> {
  const references = new Map<string, Promise<ReferenceDocument | undefined>>()
  const referenceOf = (one: EvaluationDocument) => {
    const key = `${one.projectId}/${one.stage}/${one.service}`
    const found = references.get(key) ?? findReference(projections, one)
    references.set(key, found)
    return found
  }
  return Promise.all(evaluations.map(async (one) => viewOf(one, await referenceOf(one))))
}

export function viewOf(
  one: EvaluationDocument,
  reference: ReferenceDocument | undefined,
): ListedEvaluation {
  const { invalidated, restored, evaluation, labels, version } = one
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
    ...(labels === undefined ? {} : { labels: { ...labels } }),
    ...(version === undefined ? {} : { version }),
    ...(evaluation === undefined
      ? {}
      : { summary: { ...evaluation, indicatorResults: [...evaluation.indicatorResults] } }),
    ...(invalidated === undefined ? {} : { invalidated: correctionView(invalidated) }),
    ...(restored === undefined || invalidated !== undefined
      ? {}
      : { restored: correctionView(restored) }),
    ...(reference?.triggeredId === one.triggeredId ? { pinned: correctionView(reference) } : {}),
  }
}

/** Facts of earlier versions carry no reason. */
export function correctionView({ by, person, timeMs, reason }: Correction): CorrectionView {
  return {
    by,
    ...(person === undefined ? {} : { person }),
    at: formatTimestamp(timeMs),
    reason: reason ?? '',
  }
}
