import type { Result } from '@tiphys/contract/event.ts'
import type { Projections } from '../../ports/projections.ts'
import type { DeploymentDocument } from '../../projections/deployments.ts'
import { baselineEvaluations } from '../../projections/evaluation-history.ts'
import type { EvaluationDocument } from '../../projections/evaluations.ts'

/** How far back evaluations are looked at. */
const MAX_EVALUATIONS = 500

/**
 * What we found each deployment to be: the worst of the evaluations of its context in its stage, from its own position to that of the
 * next deployment there. Undefined for one that nobody evaluated. Evaluations that were taken back do not count.
 */
export async function verdictsOf(
  projections: Projections,
  place: { readonly projectId: string; readonly stage: string; readonly service: string },
  deployments: readonly DeploymentDocument[],
): Promise<ReadonlyMap<DeploymentDocument, Result>> {
  const evaluations = await baselineEvaluations(projections, { ...place, limit: MAX_EVALUATIONS })
  const verdicts = new Map<DeploymentDocument, Result>()
  for (const deployment of deployments) {
    const verdict = worst(evaluationsOf(deployment, deployments, evaluations))
    if (verdict !== undefined) verdicts.set(deployment, verdict)
  }
  return verdicts
}

function evaluationsOf(
  deployment: DeploymentDocument,
  deployments: readonly DeploymentDocument[],
  evaluations: readonly EvaluationDocument[],
): readonly EvaluationDocument[] {
  const isSamePlace = (other: { context: string; stage: string; service: string }) =>
    other.context === deployment.context &&
    other.stage === deployment.stage &&
    other.service === deployment.service
  const nextPosition = Math.min(
    ...deployments
      .filter((other) => isSamePlace(other) && other.position > deployment.position)
      .map(({ position }) => position),
  )
  return evaluations.filter(
    (one) => isSamePlace(one) && one.position > deployment.position && one.position < nextPosition,
  )
}

function worst(evaluations: readonly EvaluationDocument[]): Result | undefined {
  const results = evaluations.map(({ result }) => result)
  return (['fail', 'warning', 'pass'] as const).find((result) => results.includes(result))
}
