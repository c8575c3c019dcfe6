import { deploymentsProjection } from './deployments.ts'
import { evaluationsProjection } from './evaluations.ts'
import { runsProjection } from './runs.ts'
import { contextsProjection } from './runs-by-context.ts'
import { servicesProjection } from './services.ts'

/** Every list that is folded from the log. */
export const PROJECTIONS = [
  runsProjection,
  contextsProjection,
  servicesProjection,
  evaluationsProjection,
  deploymentsProjection,
] as const
