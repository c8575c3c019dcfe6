import { emptyLane, enter, join, type Lane, leave } from '@tiphys/core/queue/lane.ts'
import { absentRun, evolveRun } from '@tiphys/core/sequence/evolve-run.ts'
import type { RunPlan } from '@tiphys/core/sequence/plan.ts'
import type { RunMeta, RunRow } from '@tiphys/core/sequence/run-row.ts'
import type { OpenRun, RunState } from '@tiphys/core/sequence/run-state.ts'
import type { StoredEvent } from '../ports/store.ts'
import { createJoinBook, JOIN_PREFIX, type JoinBook, openJoinBook } from './join-book.ts'

/**
 * Every open run, and what follows from them: who stands in which lane, which task waits for which answer. Nothing here is a
 * record of its own; at start it is folded from the streams that are marked open (architecture.md, layout of the log).
 */
export type RunBook = {
  readonly runs: ReadonlyMap<string, OpenRun>
  run(runId: string): OpenRun | undefined
  /** By the id of a `.triggered` event: of a task, or of what one asked. */
  runOfTask(triggeredId: string): OpenRun | undefined
  runsOf(projectId: string, context: string): readonly OpenRun[]
  lane(key: string): Lane
  /** The runs that wait until what was deployed in this lane has proven itself. */
  soakingOn(key: string): readonly OpenRun[]
  /** The joins that wait for more ends. */
  readonly joins: JoinBook
  /** Takes in one row of a run, live or from the log, and answers with the run after it. */
  apply(runId: string, row: RunRow): RunState
  forget(runId: string): void
}

export function laneKey(plan: Pick<RunPlan, 'projectId' | 'stage' | 'service'>): string {
  return `${plan.projectId}/${plan.stage}/${plan.service}`
}

/** The lanes that a soaking run watches. */
function soakLanes(run: OpenRun): readonly string[] {
  const { projectId, service } = run.plan
  return (run.soak?.stages ?? []).map((stage) => laneKey({ projectId, stage, service }))
}

/** What the open tasks of a run asked others: an answer to it belongs to the run too. */
function askedIds(run: OpenRun): readonly string[] {
  return run.open.flatMap((task) => task.questions.map(({ event }) => event.id))
}

export function createRunBook(joins: JoinBook = createJoinBook()): RunBook {
  const runs = new Map<string, OpenRun>()
  const tasks = new Map<string, string>()
  const contexts = new Map<string, Set<string>>()
  const lanes = new Map<string, Lane>()
  const soaking = new Map<string, Set<string>>()

  const contextKey = (run: OpenRun) => `${run.plan.projectId}/${run.context}`
  const setLane = (key: string, lane: Lane) => {
    if (lane.stack.length === 0 && lane.waiting.length === 0) lanes.delete(key)
    else lanes.set(key, lane)
  }
  const laneOf = (key: string) => lanes.get(key) ?? emptyLane

  function remember(run: OpenRun, meta: RunMeta): void {
    runs.set(run.runId, run)
    if (meta.k === 'asked') {
      for (const id of askedIds(run)) tasks.set(id, run.runId)
    }
    if (meta.k !== 'start' && meta.k !== 'task') return
    const key = laneKey(run.plan)
    if (meta.k === 'start') {
      const inContext = contexts.get(contextKey(run)) ?? new Set()
      contexts.set(contextKey(run), inContext.add(run.runId))
      for (const watched of soakLanes(run)) {
        soaking.set(watched, (soaking.get(watched) ?? new Set()).add(run.runId))
      }
      if (run.plan.tasks.length > 0) {
        setLane(key, join(laneOf(key), [run.runId], meta.front ? 'front' : 'back'))
      }
      return
    }
    stopSoaking(run)
    const task = run.open.at(-1)
    if (task !== undefined) tasks.set(task.event.id, run.runId)
    setLane(key, enter(laneOf(key), run.runId))
  }

  /** Its first task is triggered, or it is over. */
  function stopSoaking(run: OpenRun): void {
    for (const watched of soakLanes(run)) {
      const here = soaking.get(watched)
      here?.delete(run.runId)
      if (here?.size === 0) soaking.delete(watched)
    }
  }

  function forget(runId: string): void {
    const run = runs.get(runId)
    if (run === undefined) return
    stopSoaking(run)
    runs.delete(runId)
    for (const task of run.open) tasks.delete(task.event.id)
    for (const id of askedIds(run)) tasks.delete(id)
    const inContext = contexts.get(contextKey(run))
    inContext?.delete(runId)
    if (inContext?.size === 0) contexts.delete(contextKey(run))
    const key = laneKey(run.plan)
    setLane(key, leave(laneOf(key), runId))
  }

  return {
    runs,
    run: (runId) => runs.get(runId),
    runOfTask: (triggeredId) => runs.get(tasks.get(triggeredId) ?? ''),
    runsOf: (projectId, context) =>
      [...(contexts.get(`${projectId}/${context}`) ?? [])].flatMap((id) => runs.get(id) ?? []),
    lane: laneOf,
    soakingOn: (key) => [...(soaking.get(key) ?? [])].flatMap((id) => runs.get(id) ?? []),
    joins,
    forget,
    apply(runId, row) {
      const before = runs.get(runId)
      const after = evolveRun(before ?? absentRun, row)
      if (after.phase !== 'open') {
        forget(runId)
        return after
      }
      for (const task of before?.open ?? []) {
        if (after.open.some((one) => one.event.id === task.event.id)) continue
        tasks.delete(task.event.id)
        for (const { event } of task.questions) tasks.delete(event.id)
      }
      remember(after, row.meta)
      return after
    },
  }
}

/** The row of a run as the log keeps it. */
export function runRowOf(stored: StoredEvent): RunRow {
  // Rows of a run's stream are written by the engine alone, with this meta.
  return { event: stored.event, meta: stored.meta as unknown as RunMeta, timeMs: stored.timeMs }
}

/** Folds a whole stream: how a run looks that may be over. */
export function foldRun(rows: readonly StoredEvent[]): RunState {
  return rows.reduce((state: RunState, stored) => evolveRun(state, runRowOf(stored)), absentRun)
}

/**
 * Folds the streams of open runs into a fresh book, in the order of the log, so that lanes come out as they were: who holds, who lent
 * to whom, who waits in which order.
 */
export function openRunBook(streams: readonly (readonly StoredEvent[])[]): RunBook {
  const isJoin = (rows: readonly StoredEvent[]) => rows[0]?.stream.startsWith(JOIN_PREFIX) ?? false
  const book = createRunBook(openJoinBook(streams.filter(isJoin)))
  const rows = streams
    .filter((stream) => !isJoin(stream))
    .flat()
    .sort((left, right) => left.position - right.position)
  for (const stored of rows) {
    const runId = stored.stream.split('/')[2] ?? ''
    book.apply(runId, runRowOf(stored))
  }
  return book
}
