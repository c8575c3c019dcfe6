import type { DeploymentPowers } from '../../argocd/deployment-powers.ts'
import type { Projections } from '../../ports/projections.ts'
import type { Deployments } from '../../projections/deployments.ts'

export type RollbackPowers = DeploymentPowers & {
  readonly deployments: Deployments
  /** For the evaluations that say which state was good. */
  readonly projections: Projections
}
