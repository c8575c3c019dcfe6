import { auditProjection } from '../audit/audit-projection.ts'
import { withoutForgotten } from '../operations/forgotten.ts'
import { deploymentsProjection } from './deployments.ts'
import { evaluationsProjection } from './evaluations.ts'
import { referencesProjection } from './references.ts'
import { runsProjection } from './runs.ts'
import { contextsProjection } from './runs-by-context.ts'
import { servicesProjection } from './services.ts'

/** Every list that is folded from the log. */
export const PROJECTIONS = [
  withoutForgotten(runsProjection),
  withoutForgotten(contextsProjection),
  // What happened last to a service outlives the context that it happened in.
  servicesProjection,
  withoutForgotten(evaluationsProjection),
  referencesProjection,
  withoutForgotten(deploymentsProjection),
  auditProjection,
] as const
