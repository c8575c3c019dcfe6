import type { JsonObject } from '@tiphys/contract/json.ts'
import type { RunMeta, TaskKey } from '@tiphys/core/sequence/run-row.ts'
import type { OpenRun } from '@tiphys/core/sequence/run-state.ts'
import type { StoredEvent } from '../ports/store.ts'
import { runMetaOf } from '../projections/project-of-row.ts'

/**
 * The little that counting needs of a run while it is open. Not its state: that is the engine's, and folding it a second time would
 * cost as much again.
 */
export type RunFacts = {
  readonly runId: string
  readonly context: string
  readonly projectId: string
  readonly project: string
  readonly stage: string
  readonly service: string
  readonly sequence: string
  readonly triggeredMs: number
  /** It judges what Argo CD deployed by itself. */
  readonly isObserved: boolean
  /** It takes up what another run of its context deployed or tested. */
  readonly isRerun: boolean
  /** It put something out, by itself or as what it judges. */
  hasDeployed: boolean
  hasRolledBack: boolean
  readonly names: readonly string[]
  readonly tasks: Map<string, TaskFacts>
}

export type TaskFacts = {
  readonly name: string
  readonly dueMs: number
  started: number
  readonly results: string[]
}

/** What became of a task: its result, or why it has none. */
export type TaskEnd = {
  readonly name: string
  readonly result: string
  readonly durationMs: number
}

/** A task with this name deploys, one with that name repairs. */
export const DEPLOYMENT = 'deployment'
export const ROLLBACK = 'rollback'
export const ARGOCD_ORIGIN = 'argocd-operation'
/** `source` of the notification in the form of Keptn's documentation. */
export const ARGOCD_SOURCE = 'argocd'

export function factsOfStart(row: StoredEvent, meta: Extract<RunMeta, { k: 'start' }>): RunFacts {
  const { event } = row
  const { plan } = meta
  return facts({
    ...plan,
    runId: event.id,
    context: event.shkeptncontext ?? event.id,
    triggeredMs: row.timeMs,
    isObserved: isForeign(meta.origin) || event.source === ARGOCD_SOURCE,
    isRerun: meta.rerun !== undefined,
    names: plan.tasks.map((task) => task.name),
  })
}

/** After a restart: what rows would have told that were counted before it. */
export function factsOfOpenRun(run: OpenRun): RunFacts {
  const { runId, context, plan, triggeredMs, origin, done, open } = run
  const names = plan.tasks.map((task) => task.name)
  const known = facts({
    ...plan,
    runId,
    context,
    triggeredMs,
    isObserved: isForeign(origin),
    isRerun: run.rerunOf !== undefined,
    names,
  })
  // Of a re-run some were done by the run it takes up.
  const own = done.filter((task) => task.triggeredMs >= triggeredMs)
  for (const task of own) noteOutcome(known, task.name, resultWord(task.status, task.result))
  for (const task of open) {
    known.tasks.set(keyOf({ i: task.index, a: task.attempt }), {
      name: task.name,
      dueMs: task.dueMs,
      started: task.started.length,
      results: task.finished.map((one) => resultWord(one.status, one.result)),
    })
  }
  return known
}

/**
 * Takes in a row of an open run. Answers with the end of a task when the row is one: an attempt is over when as many finished as
 * started, at least one (evolve-run.ts).
 */
export function takeRow(run: RunFacts, row: StoredEvent): TaskEnd | undefined {
  const meta = runMetaOf(row)
  if (meta === undefined) return undefined
  switch (meta.k) {
    case 'task': {
      const name = run.names[meta.i] ?? ''
      run.tasks.set(keyOf(meta), { name, dueMs: meta.due, started: 0, results: [] })
      return undefined
    }
    case 'started': {
      const task = run.tasks.get(keyOf(meta))
      if (task !== undefined) task.started++
      return undefined
    }
    case 'finished': {
      const task = run.tasks.get(keyOf(meta))
      if (task === undefined) return undefined
      task.results.push(wordOf(row.event.data))
      return task.results.length >= Math.max(1, task.started) ? end(run, meta, row) : undefined
    }
    case 'expired': {
      run.tasks.get(keyOf(meta))?.results.push('errored')
      return end(run, meta, row)
    }
    default:
      return undefined
  }
}

function end(run: RunFacts, key: TaskKey, row: StoredEvent): TaskEnd | undefined {
  const task = run.tasks.get(keyOf(key))
  if (task === undefined) return undefined
  run.tasks.delete(keyOf(key))
  const result = worst(task.results)
  noteOutcome(run, task.name, result)
  return { name: task.name, result, durationMs: Math.max(0, row.timeMs - task.dueMs) }
}

function noteOutcome(run: RunFacts, task: string, result: string): void {
  if (!isGood(result)) return
  if (task === DEPLOYMENT) run.hasDeployed = true
  if (task === ROLLBACK) run.hasRolledBack = true
}

/** In the order in which they count when several services answered one task. */
const WORST_FIRST = ['errored', 'aborted', 'unknown', 'fail', 'warning', 'pass']

function worst(results: readonly string[]): string {
  return WORST_FIRST.find((word) => results.includes(word)) ?? 'unknown'
}

export function isGood(result: string): boolean {
  return result === 'pass' || result === 'warning'
}

/** The result of what was carried out; else what stood in the way: `errored`, `aborted`, `unknown`. */
export function resultWord(status: unknown, result: unknown): string {
  const known = WORST_FIRST.find((word) => word === (status === 'succeeded' ? result : status))
  return known ?? 'unknown'
}

export function wordOf(data: JsonObject): string {
  return resultWord(data['status'], data['result'])
}

function isForeign(origin: JsonObject | undefined): boolean {
  return origin?.['kind'] === ARGOCD_ORIGIN
}

function keyOf({ i, a }: TaskKey): string {
  return `${i}/${a}`
}

function facts(known: Omit<RunFacts, 'hasDeployed' | 'hasRolledBack' | 'tasks'>): RunFacts {
  const { runId, context, projectId, project, stage, service, sequence } = known
  const { triggeredMs, isObserved, isRerun, names } = known
  return {
    runId,
    context,
    projectId,
    project,
    stage,
    service,
    sequence,
    triggeredMs,
    isObserved,
    isRerun,
    hasDeployed: isObserved,
    hasRolledBack: false,
    names,
    tasks: new Map(),
  }
}
