/** All waiting times of the simulator, in milliseconds. `realistic` is what a default Argo CD does. */
export type Timing = {
  /** Between two comparisons of an application (Argo CD: timeout.reconciliation, 120 s). */
  pollMs: number
  /** Random part added to each poll interval (60 s). */
  pollJitterMs: number
  /** From the request of an operation to its phase Running. */
  operationPickupMs: number
  /** From Running to the objects being applied: rendering, dry run, apply. */
  syncMs: number
  /** From the start of a comparison to its result in the status (trap `reconcileLag`). */
  reconcileLagMs: number
  /** How long a workload still reports its old health after an apply (trap `staleHealth`). */
  staleHealthMs: number
  /** From a change in the cluster to a health refresh of the application. */
  resourceEventMs: number
  /** Between two readiness probes of the sample service. */
  probeMs: number
  /** Without progress for this long a rollout is Degraded (Kubernetes: 600 s). A manifest may say its own. */
  progressDeadlineMs: number
  /** Between a crash of the sample service and its restart; doubles with each crash. */
  crashRestartMs: number
  /** How long a replaced process may finish its requests. */
  drainMs: number
  /** Between two sync waves (2 s). */
  waveDelayMs: number
  /** Between a self-heal and the operation before it (5 s). */
  selfHealMs: number
  /** From the request to terminate to phase Failed. */
  terminateMs: number
  /** From the deletion of an application to its disappearance. */
  deletionMs: number
  /** Between read and write of a PATCH, the window in which a concurrent edit is lost. */
  patchMs: number
  /** How long a broken repository leaves the old status in place on polls (180 s). */
  repositoryGraceMs: number
  /** Between two looks at the sync windows by a blocked operation. */
  windowCheckMs: number
  /** Comment line on a silent SSE stream (15 s). */
  keepAliveMs: number
  /** From a change of an application to its evaluation by the notifications controller. */
  notificationDelayMs: number
  /** Evaluation of all applications without any change (60 s). */
  notificationResyncMs: number
}

export const realisticTiming: Timing = {
  pollMs: 120_000,
  pollJitterMs: 60_000,
  operationPickupMs: 200,
  syncMs: 1_500,
  reconcileLagMs: 1_000,
  staleHealthMs: 1_000,
  resourceEventMs: 300,
  probeMs: 1_000,
  progressDeadlineMs: 600_000,
  crashRestartMs: 5_000,
  drainMs: 10_000,
  waveDelayMs: 2_000,
  selfHealMs: 5_000,
  terminateMs: 500,
  deletionMs: 1_000,
  patchMs: 5,
  repositoryGraceMs: 180_000,
  windowCheckMs: 1_000,
  keepAliveMs: 15_000,
  notificationDelayMs: 100,
  notificationResyncMs: 60_000,
}

/**
 * For tests and demos: the same order of events, compressed. Times in objects keep whole seconds, so
 * "strictly after finishedAt" still takes up to a second.
 */
export const fastTiming: Timing = {
  pollMs: 250,
  pollJitterMs: 50,
  operationPickupMs: 10,
  syncMs: 40,
  reconcileLagMs: 60,
  staleHealthMs: 60,
  resourceEventMs: 10,
  probeMs: 25,
  progressDeadlineMs: 3_000,
  crashRestartMs: 50,
  drainMs: 1_000,
  waveDelayMs: 20,
  selfHealMs: 200,
  terminateMs: 20,
  deletionMs: 20,
  patchMs: 2,
  repositoryGraceMs: 1_000,
  windowCheckMs: 50,
  keepAliveMs: 15_000,
  notificationDelayMs: 10,
  notificationResyncMs: 2_000,
}

export const timingPresets = { realistic: realisticTiming, fast: fastTiming } as const
