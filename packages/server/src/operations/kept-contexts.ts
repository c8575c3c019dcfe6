import type { Projections } from '../ports/projections.ts'
import { DEPLOYMENTS, type DeploymentDocument } from '../projections/deployments.ts'
import { baselineEvaluations } from '../projections/evaluation-history.ts'

/** Evaluations that later ones may be compared with: as many as a slo.yaml usually asks for. */
const BASELINE_KEPT = 10
/** Deployments of an application that a rollback may go back to. */
const DEPLOYMENTS_KEPT = 5
const DEPLOYMENTS_PAGE = 200

export type Lane = { readonly projectId: string; readonly stage: string; readonly service: string }

/**
 * Contexts that retention leaves, however old they are, because what happens next hangs on them: the newest evaluations of a service in
 * a stage, of any result and of those that passed, and the newest deployments of each application. Asked once per lane and pass.
 */
export function createKeptContexts(projections: Projections) {
  const known = new Map<string, Promise<ReadonlySet<string>>>()

  async function keptIn(lane: Lane): Promise<ReadonlySet<string>> {
    const wanted = { ...lane, limit: BASELINE_KEPT }
    const evaluations = [
      ...(await baselineEvaluations(projections, wanted)),
      ...(await baselineEvaluations(projections, { ...wanted, results: ['pass'] })),
    ]
    const page = { ...lane, offset: 0, limit: DEPLOYMENTS_PAGE }
    const { documents } = await projections.list(DEPLOYMENTS, page)
    const perApplication = new Map<string, number>()
    // Documents of this projection were made by its fold.
    const deployments = (documents as unknown as DeploymentDocument[]).filter((one) => {
      const key = `${one.instance}/${one.uid}`
      const count = (perApplication.get(key) ?? 0) + 1
      perApplication.set(key, count)
      return count <= DEPLOYMENTS_KEPT
    })
    return new Set([...evaluations, ...deployments].map(({ context }) => context))
  }

  return (lane: Lane): Promise<ReadonlySet<string>> => {
    const key = `${lane.projectId}/${lane.stage}/${lane.service}`
    const kept = known.get(key) ?? keptIn(lane)
    known.set(key, kept)
    return kept
  }
}
