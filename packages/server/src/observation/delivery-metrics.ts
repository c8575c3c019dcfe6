import type { Meter } from '../ports/meter.ts'
import { DEPLOYMENT, isGood, type RunFacts, type TaskEnd } from './run-facts.ts'

/**
 * The four figures of DORA as counters that PromQL can divide (docs/observing.md). What they refer back to (when a context began, since when a
 * lane is broken) is kept in memory; what happened before this process is asked of the lists, once.
 */
export type DeliveryMetrics = {
  begun(run: RunFacts, isRoot: boolean): void
  taskEnded(run: RunFacts, task: TaskEnd, nowMs: number): void
  ended(run: RunFacts, result: string, nowMs: number): void
  /** Resolves when what is still being asked for is counted. */
  settled(): Promise<void>
}

export type History = {
  /** When the first run of a context was triggered, if that is known. */
  contextBeganMs(projectId: string, context: string): Promise<number | undefined>
  /** Since when the newest change of a lane that is over stands as failed and not repaired, before the run named. */
  brokenSinceMs(run: RunFacts): Promise<number | undefined>
}

export type DeliveryParts = {
  readonly meter: Meter
  readonly history: History
  readonly onProblem: (error: unknown) => void
}

/** Contexts begun and not yet forgotten; a hundred bytes each. */
const MOST_CONTEXTS = 10_000
/** Lanes whose standing is known. */
const MOST_LANES = 20_000
const MS_PER_SECOND = 1_000

export function createDeliveryMetrics({
  meter,
  history,
  onProblem,
}: DeliveryParts): DeliveryMetrics {
  const contexts = new Map<string, number>()
  /** undefined: known to stand well. */
  const broken = new Map<string, number | undefined>()
  let asking: Promise<void> = Promise.resolve()

  const contextKey = (run: RunFacts) => `${run.projectId}/${run.context}`
  const laneOf = (run: RunFacts) => `${run.projectId}/${run.stage}/${run.service}`
  const place = ({ project, stage }: RunFacts) => ({ project, stage })

  /** One question at a time: they are rare, and the log comes first. */
  function later(work: () => Promise<void>): void {
    asking = asking.then(work).catch(onProblem)
  }

  function deployed(run: RunFacts, nowMs: number): void {
    const observe = (beganMs: number | undefined) => {
      if (beganMs === undefined) return
      const seconds = Math.max(0, nowMs - beganMs) / MS_PER_SECOND
      meter.observe('tiphys_lead_time_seconds', seconds, place(run))
    }
    const known = contexts.get(contextKey(run))
    if (known !== undefined) observe(known)
    else later(async () => observe(await history.contextBeganMs(run.projectId, run.context)))
  }

  function stands(run: RunFacts, isWell: boolean, nowMs: number): void {
    const lane = laneOf(run)
    if (!broken.has(lane)) {
      later(async () => {
        if (!broken.has(lane)) keep(broken, lane, await history.brokenSinceMs(run), MOST_LANES)
        stands(run, isWell, nowMs)
      })
      return
    }
    const sinceMs = broken.get(lane)
    if (isWell && sinceMs !== undefined) {
      const seconds = Math.max(0, nowMs - sinceMs) / MS_PER_SECOND
      meter.observe('tiphys_time_to_restore_seconds', seconds, place(run))
      broken.set(lane, undefined)
    }
    if (!isWell && sinceMs === undefined) broken.set(lane, nowMs)
  }

  return {
    begun(run, isRoot) {
      const key = contextKey(run)
      if (isRoot && !contexts.has(key)) keep(contexts, key, run.triggeredMs, MOST_CONTEXTS)
    },
    taskEnded(run, task, nowMs) {
      if (task.name !== DEPLOYMENT) return
      const { result } = task
      meter.count('tiphys_deployments_total', { ...place(run), way: 'controlled', result })
      if (isGood(result)) deployed(run, nowMs)
    },
    ended(run, result, nowMs) {
      if (run.isObserved) {
        meter.count('tiphys_deployments_total', { ...place(run), way: 'observed', result })
      }
      if (run.hasDeployed) {
        meter.count('tiphys_changes_total', { ...place(run), result })
        // What was aborted or errored says nothing about the software.
        if (isGood(result)) stands(run, true, nowMs)
        else if (result === 'fail') stands(run, false, nowMs)
      } else if (run.hasRolledBack || (run.isRerun && isGood(result))) stands(run, true, nowMs)
    },
    settled: async () => await asking,
  }
}

/** The oldest goes when it is full. */
function keep<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  const oldest = map.size >= most ? map.keys().next().value : undefined
  if (oldest !== undefined) map.delete(oldest)
  map.set(key, value)
}
