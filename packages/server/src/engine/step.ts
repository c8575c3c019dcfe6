import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { assert } from '@tiphys/core/assert.ts'
import { type LaneRun, nextMove } from '@tiphys/core/queue/lane.ts'
import {
  arrivalsOf,
  type ChildWish,
  childrenOf,
  refusedRows,
  runStream,
  startRow,
} from '@tiphys/core/sequence/begin-run.ts'
import {
  canProceed,
  decideRun,
  type FreezeLookup,
  freezeFor,
  isAwaitingApproval,
  type RunInput,
} from '@tiphys/core/sequence/decide-run.ts'
import type { NewRunRow, PauseScope, Rerun } from '@tiphys/core/sequence/run-row.ts'
import type { EndedRun, OpenRun, RunState, Soak } from '@tiphys/core/sequence/run-state.ts'
import {
  decideJoin,
  type JoinInput,
  type JoinScope,
  type JoinState,
} from '@tiphys/core/trigger/join.ts'
import type { CommitUnit, NewEvent, StreamWrite } from '../ports/store.ts'
import type { Planner } from './planner.ts'
import { type ProjectSnapshot, pinOfStage } from './project-snapshot.ts'
import { laneKey, type RunBook } from './run-book.ts'

/**
 * One input and everything that follows from it, decided against the book and gathered into one commit: the run itself, the runs that
 * its end triggers, and whoever the lane is handed to (behaviour.md 2). Nothing leaves before the commit.
 */
export type Step = {
  readonly unit: CommitUnit
  /** Runs that changed, for due times and executors. */
  readonly touched: ReadonlySet<string>
  /** Streams of joins that changed, for due times. */
  readonly touchedJoins: ReadonlySet<string>
}

export type StepParts = {
  readonly book: RunBook
  readonly planner: Planner
  /** The newest configuration of a project that has been loaded; runs of unloaded projects cannot exist. */
  readonly snapshotOf: (projectId: string) => ProjectSnapshot | undefined
  readonly hasService: (projectId: string, service: string) => boolean
  /** What may not be triggered now; undefined where nothing is frozen. */
  readonly freezeOf: (run: OpenRun, nowMs: number) => FreezeLookup | undefined
}

export type StartWish = {
  readonly projectId: string
  readonly project: string
  readonly stage: string
  readonly service: string
  readonly sequence: string
  readonly event: KeptnEvent
  readonly by: string
  /** Of the token that `by` names. */
  readonly senderMayAnswer?: false
  readonly origin?: JsonObject
  /** Instead of the newest configuration. */
  readonly snapshot?: ProjectSnapshot
  readonly rerun?: Rerun
}

type ChildStart = StartWish & { readonly parent?: string; readonly soak?: Soak }

/** More moves than this in one step would be a loop in the rules, not work. */
const MAX_MOVES = 10_000

/** Rows that make nobody in the lane ready, or less so. */
const LEAVES_LANE_ALONE: ReadonlySet<NewRunRow['meta']['k']> = new Set([
  'started',
  'changed',
  'note',
  'asked',
  'told',
  'unanswered',
])

/** What replaces a version, so that it no longer soaks. */
const REPLACES_VERSION: ReadonlySet<string> = new Set(['deployment', 'rollback'])

type GatheredWrite = { expectedVersion: number; events: NewEvent[]; open: boolean }

export class StepBuilder {
  readonly #parts: StepParts
  readonly #nowMs: number
  readonly #writes = new Map<string, GatheredWrite>()
  readonly #touched = new Set<string>()
  readonly #touchedJoins = new Set<string>()
  readonly #lanes = new Set<string>()

  constructor(parts: StepParts, nowMs: number) {
    this.#parts = parts
    this.#nowMs = nowMs
  }

  /** Decides one input of one run and everything its end triggers. False when the input changed nothing. */
  drive(run: OpenRun, input: RunInput): boolean {
    const rows = decideRun(run, input, this.#nowMs, this.#parts.freezeOf(run, this.#nowMs))
    for (const row of rows) {
      const before = this.#parts.book.run(run.runId)
      const after = this.#append(run.runId, run.plan, row)
      if (after.phase === 'ended' && before !== undefined) this.#follow(before, after)
      if (row.meta.k === 'task') this.#endSoaking(run, row)
    }
    // Without rows time has passed, which may make somebody ready.
    if (rows.length === 0 || rows.some((row) => !LEAVES_LANE_ALONE.has(row.meta.k))) {
      this.#lanes.add(laneKey(run.plan))
    }
    return rows.length > 0
  }

  /** Begins a run from outside; it is paused when its context is. */
  start(wish: StartWish): void {
    this.#begin(wish, false, this.#pauseOf(wish))
  }

  /** A context, or its part in a stage, that is paused now. */
  #pauseOf({ projectId, stage, event }: StartWish): OpenRun['paused'] {
    const context = event.shkeptncontext ?? event.id
    return this.#parts.book
      .runsOf(projectId, context)
      .find((run) => run.paused?.scope === 'context' || (run.paused && run.plan.stage === stage))
      ?.paused
  }

  /** Decides one input of a join, and starts what it starts. */
  driveJoin(state: JoinState, input: JoinInput, paused?: OpenRun['paused']): boolean {
    const scope = input.type === 'arrive' ? input.scope : scopeOf(state)
    const { rows, child } = decideJoin(state, input, this.#nowMs)
    let current = state
    for (const row of rows) {
      const version = current.phase === 'absent' ? 0 : current.version
      current = this.#parts.book.joins.apply(current, { ...row, timeMs: this.#nowMs })
      if (current.phase === 'absent') continue
      this.#touchedJoins.add(current.stream)
      const isOpen = current.phase === 'waiting'
      this.#write(current.stream, version, scope?.projectId ?? '', row, isOpen)
    }
    if (child !== undefined && scope !== undefined) {
      const { projectId, project, service } = scope
      const from = input.type === 'arrive' ? { parent: input.arrived.runId } : {}
      const wish = { projectId, project, service, ...child, by: 'tiphys', ...from }
      this.#begin(wish, false, paused ?? this.#pauseOf(wish))
    }
    return rows.length > 0
  }

  /** Hands over lanes and closes the step. Nothing may be driven after it. */
  finish(extra: Omit<CommitUnit, 'writes' | 'nowMs'> & { writes?: readonly StreamWrite[] }): Step {
    this.#settleLanes()
    const runs = [...this.#writes].map(([stream, write]) => ({ stream, ...write }))
    return {
      unit: { ...extra, writes: [...runs, ...(extra.writes ?? [])], nowMs: this.#nowMs },
      touched: this.#touched,
      touchedJoins: this.#touchedJoins,
    }
  }

  #append(runId: string, plan: { readonly projectId: string }, row: NewRunRow): RunState {
    const before = this.#parts.book.run(runId)
    const after = this.#parts.book.apply(runId, { ...row, timeMs: this.#nowMs })
    this.#touched.add(runId)
    const stream = runStream(plan.projectId, runId)
    this.#write(stream, before?.version ?? 0, plan.projectId, row, after.phase === 'open')
    return after
  }

  #write(
    stream: string,
    expectedVersion: number,
    projectId: string,
    row: { readonly event: KeptnEvent; readonly meta: object },
    open: boolean,
  ): void {
    const write = this.#writes.get(stream) ?? { expectedVersion, events: [], open }
    // Meta is data of ours without undefined in it: JSON by construction.
    write.events.push({ event: row.event, meta: row.meta as JsonObject, projectId })
    write.open = open
    this.#writes.set(stream, write)
  }

  /** What the end of a run starts, alone or together with other ends. */
  #follow(before: OpenRun, ended: EndedRun): void {
    this.#startChildren(before, childrenOf(ended))
    const { projectId, project, service, stage } = ended.plan
    const { runId, context, status, result, payload } = ended
    for (const arrival of arrivalsOf(ended)) {
      const { sequence } = arrival
      const target = { stage: arrival.stage, sequence, entry: arrival.join.entry }
      const scope: JoinScope = { projectId, project, service, context, ...target }
      const arrived = { runId, stage, status, result, payload }
      const join = this.#parts.book.joins.find(scope)
      const input = { type: 'arrive', arrival, scope, arrived } as const
      this.driveJoin(join, input, inherited(before, arrival.stage))
    }
  }

  /** Another version is being deployed where something soaked: what was to be promoted is no longer there. */
  #endSoaking(run: OpenRun, row: NewRunRow): void {
    const name = row.meta.k === 'task' ? run.plan.tasks[row.meta.i]?.name : undefined
    if (name === undefined || !REPLACES_VERSION.has(name)) return
    for (const soaking of this.#parts.book.soakingOn(laneKey(run.plan))) {
      const { stage, service } = run.plan
      const message = `superseded: ${name} of context ${run.context} began in ${stage}/${service} before what was there had soaked`
      this.drive(soaking, { type: 'supersede', message })
    }
  }

  #startChildren(parent: OpenRun, wishes: readonly ChildWish[]): void {
    const here = wishes.filter((wish) => wish.stage === parent.plan.stage)
    const elsewhere = wishes.filter((wish) => wish.stage !== parent.plan.stage)
    // Those of the same lane in reverse, each before the others, so that the first trigger of the file comes first in it.
    for (const wish of [...elsewhere, ...here.reverse()]) {
      const isSameStage = wish.stage === parent.plan.stage
      const { projectId, project, service } = parent.plan
      const child = { projectId, project, service, ...wish, by: 'tiphys', parent: parent.runId }
      this.#begin(child, isSameStage, inherited(parent, wish.stage))
    }
  }

  #begin(
    wish: ChildStart,
    front: boolean,
    paused: { readonly by: string; readonly scope: PauseScope } | undefined,
  ): void {
    const { projectId, stage, service, sequence, event, by } = wish
    const snapshot = wish.snapshot ?? this.#parts.snapshotOf(projectId)
    assert(
      snapshot !== undefined,
      `the configuration of project ${projectId} is loaded before its runs`,
    )
    const planned = this.#parts.planner.plan(snapshot, { stage, service, sequence })
    const isKnown = this.#parts.hasService(projectId, service)
    if (planned.code !== 'planned' || !isKnown) {
      const unknown = `service ${service} is not in project ${wish.project}`
      this.#refuse(wish, snapshot, planned.code === 'planned' ? unknown : planned.message)
      return
    }
    const { plan } = planned
    const origin = wish.origin === undefined ? {} : { origin: wish.origin }
    const parent = wish.parent === undefined ? {} : { parent: wish.parent }
    const soak = wish.soak === undefined ? {} : { soak: wish.soak }
    const rerun = wish.rerun === undefined ? {} : { rerun: wish.rerun }
    const { senderMayAnswer } = wish
    const more = {
      ...{ ...origin, ...parent, ...soak, ...rerun },
      ...{ senderMayAnswer, ...(front ? { front } : {}) },
    }
    this.#append(event.id, plan, startRow({ event, plan, by, ...more }))
    this.#lanes.add(laneKey(plan))
    const started = this.#parts.book.run(event.id)
    const hasCondition = started?.next.some((next) => plan.tasks[next.index]?.condition)
    if (started !== undefined && hasCondition) this.drive(started, { type: 'begin' })
    const run = this.#parts.book.run(event.id)
    if (run !== undefined && paused !== undefined) {
      this.drive(run, { type: 'pause', by: paused.by, scope: paused.scope })
    }
  }

  #refuse(wish: StartWish, snapshot: ProjectSnapshot, message: string): void {
    const { projectId, project, stage, service, sequence, event, by } = wish
    const { pin, commitId } = pinOfStage(snapshot, stage)
    const plan = {
      projectId,
      project,
      stage,
      service,
      sequence,
      pin,
      commitId,
      queue: 'supersede' as const,
    }
    for (const row of refusedRows({ event, by, plan, message }, this.#nowMs)) {
      this.#append(event.id, plan, row)
    }
  }

  /** Hands the lanes that were touched to whoever may go on now. */
  #settleLanes(): void {
    const { book } = this.#parts
    let moves = 0
    for (const key of this.#lanes) {
      for (;;) {
        const move = nextMove(book.lane(key), (runId) => this.#laneRun(runId))
        if (move === undefined) break
        assert(moves++ < MAX_MOVES, 'a lane comes to rest')
        const run = this.#openRun(move.runId)
        const input: RunInput =
          move.code === 'grant'
            ? { type: 'proceed' }
            : { type: 'supersede', message: supersededBy(move.by) }
        assert(this.drive(run, input), 'a move changes its run')
      }
    }
  }

  #openRun(runId: string): OpenRun {
    const run = this.#parts.book.run(runId)
    assert(run !== undefined, 'a run in a lane is open')
    return run
  }

  #laneRun(runId: string): LaneRun {
    const run = this.#openRun(runId)
    const freezeOf = this.#parts.freezeOf(run, this.#nowMs)
    // The clock was set back behind a time that had come, or a freeze has begun meanwhile: it has to be waited for by time.
    const isHeld = run.next.some(
      (next) =>
        next.dueMs > this.#nowMs ||
        (freezeOf !== undefined && freezeFor(run, next, freezeOf) !== undefined),
    )
    if (isHeld) this.#touched.add(runId)
    return {
      sequence: run.plan.sequence,
      queue: run.plan.queue,
      ready: canProceed(run, this.#nowMs, freezeOf),
      awaitingApproval: isAwaitingApproval(run),
    }
  }
}

/** What follows a run that is paused is paused too, where the pause reaches. */
function inherited({ paused, plan }: OpenRun, stage: string): OpenRun['paused'] {
  return paused?.scope === 'context' || plan.stage === stage ? paused : undefined
}

function supersededBy(runId: string): string {
  return `superseded by the newer run ${runId} while its approval was open`
}

function scopeOf(state: JoinState): JoinScope | undefined {
  return state.phase === 'waiting' ? state.scope : undefined
}
