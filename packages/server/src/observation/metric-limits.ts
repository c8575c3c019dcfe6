/** How many names of users become series of their own; the rest shares `other`. */
export type MetricLimits = {
  readonly maxProjects: number
  /** Different names of stages, over all projects. */
  readonly maxStages: number
}

export const DEFAULT_METRIC_LIMITS: MetricLimits = { maxProjects: 50, maxStages: 20 }
