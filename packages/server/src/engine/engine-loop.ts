import { type KeptnEvent, parseEventType } from '@tiphys/contract/event.ts'
import type { FreezeLookup, RunInput } from '@tiphys/core/sequence/decide-run.ts'
import type { OpenRun } from '@tiphys/core/sequence/run-state.ts'
import { whyJoinWaits, whyWaiting } from '@tiphys/core/sequence/why.ts'
import { createAlarm } from './alarm.ts'
import { controlInput } from './control-input.ts'
import { createDispatcher } from './dispatcher.ts'
import type {
  ControlRequest,
  Engine,
  EngineAnswer,
  EngineInput,
  RerunAnswer,
  RerunRequest,
  RunNews,
} from './engine.ts'
import type { EngineParts } from './engine-parts.ts'
import { createFreezes } from './freezes.ts'
import { JOIN_PREFIX } from './join-book.ts'
import { createPlanner } from './planner.ts'
import type { ProjectSnapshot } from './project-snapshot.ts'
import { prepareRerun } from './rerun.ts'
import { route } from './route.ts'
import { foldRun, openRunBook, type RunBook } from './run-book.ts'
import { dueMsOf } from './run-dues.ts'
import { lanePlace, openTriggered } from './run-queries.ts'
import { createStandstill, loadUnlisted } from './standstill.ts'
import { type Step, StepBuilder, type StepParts } from './step.ts'
import { createTurns, type Decide, type Turns } from './turns.ts'

/** After a write that failed, due times wait this long: a full disk is not asked without a pause. */
const REFUSED_RETRY_MS = 1_000
/** What is folded at start. */
const OPEN_STREAMS = ['run/', JOIN_PREFIX]
/** An application is news to a run for minutes; its key is kept much longer than that. */
const NEWS_RETENTION_MS = 30 * 24 * 60 * 60 * 1000

/** Starts the engine: folds the open runs from the log, sets their due times, starts their executors again. */
export async function startEngine(parts: EngineParts): Promise<Engine> {
  const engine = new EngineLoop(parts)
  await engine.load()
  return engine
}

class EngineLoop implements Engine {
  readonly #parts: EngineParts
  readonly #alarm
  readonly #planner
  readonly #freezes = createFreezes()
  readonly #dispatcher
  readonly #standstill
  #book: RunBook = openRunBook([])
  readonly #turns: Turns
  readonly #stepParts: Omit<StepParts, 'book'>
  /** Keys accepted but not yet on disk, so that two repeats in one turn meet. */
  readonly #keysInFlight = new Map<string, Promise<EngineAnswer>>()

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.#planner = createPlanner(parts)
    this.#alarm = createAlarm(parts.clock, (due) => {
      for (const runId of due) this.#tick(runId)
    })
    this.#stepParts = {
      planner: this.#planner,
      snapshotOf: parts.loadedSnapshot,
      hasService: (projectId, service) =>
        parts.projects.byId(projectId)?.services.some((one) => one.name === service) ?? false,
      freezeOf: (run, nowMs) => this.#freezeOf(run, nowMs),
    }
    this.#turns = createTurns({
      ...parts,
      decide: (decide) => this.#decide(decide),
      written: (steps) => {
        for (const step of steps) this.#afterCommit(step)
        this.#alarm.arm()
      },
      reload: (failure) => this.#reload(failure),
    })
    this.#standstill = createStandstill({
      ...parts,
      book: () => this.#book,
      isLoaded: (projectId) => parts.loadedSnapshot(projectId) !== undefined,
      project: (projectId) => parts.projects.byId(projectId),
      drive: (runIds, input) => this.#drive(runIds, input),
      goOn: (projectId) => this.#goOn(projectId),
    })
    this.#dispatcher = createDispatcher({
      ...parts,
      snapshotOf: (run) => parts.projects.snapshotAt(run.plan.projectId, run.plan.pin),
      report: (runId, input) => this.#input(runId, input),
      taskNow: (triggeredId) =>
        this.#book.runOfTask(triggeredId)?.open.find((task) => task.event.id === triggeredId),
    })
  }

  async load(): Promise<void> {
    // What became due while nobody looked is decided now.
    for (const runId of await this.#fold()) this.#tick(runId)
    this.#alarm.arm()
    await this.#standstill.look()
  }

  /** Makes the book anew from the log. Answers with the runs whose next task is due. */
  async #fold(): Promise<readonly string[]> {
    const names = await this.#parts.store.openStreams()
    const runs = names.filter((name) => OPEN_STREAMS.some((prefix) => name.startsWith(prefix)))
    const streams = await Promise.all(runs.map((name) => this.#parts.store.read(name)))
    this.#book = openRunBook(streams)
    await loadUnlisted(this.#parts, this.#book)
    return this.#attendAll(() => true)
  }

  /** Sets due times and starts executors of what may go on. Answers with the runs whose next task is due. */
  #attendAll(isMeant: (projectId: string) => boolean): readonly string[] {
    const isGoing = (projectId: string) => isMeant(projectId) && !this.#standstill.holds(projectId)
    const nowMs = this.#nowMs()
    const due: string[] = []
    for (const run of this.#book.runs.values()) {
      if (!isGoing(run.plan.projectId)) continue
      this.#attend(run.runId)
      if (run.next.some((next) => next.dueMs <= nowMs)) due.push(run.runId)
    }
    for (const join of this.#book.joins.all()) {
      if (isGoing(join.scope.projectId)) this.#alarm.set(join.stream, join.deadlineMs)
    }
    return due
  }

  /** What waits for its configuration is neither timed nor worked on. */
  #attend(runId: string): void {
    const run = this.#book.run(runId)
    if (run !== undefined && this.#standstill.holds(run.plan.projectId)) return
    this.#setDue(runId)
    this.#dispatcher.reconcile(runId, run)
  }

  async submit(input: EngineInput): Promise<EngineAnswer> {
    const keys = input.dedupeKeys ?? []
    for (const { key } of keys) {
      const first = this.#keysInFlight.get(key)
      if (first !== undefined) return { code: 'repeat', context: (await first).context }
      const of = await this.#parts.store.dedupeValue(key, this.#nowMs())
      if (of !== undefined) return { code: 'repeat', context: of }
    }
    const snapshot = await this.#snapshotFor(input)
    // Looked at again without a pause in between: another submit may have come while this one waited.
    const taken = keys
      .map(({ key }) => this.#keysInFlight.get(key))
      .find((first) => first !== undefined)
    if (taken !== undefined) return { code: 'repeat', context: (await taken).context }
    const answer = this.#turns.take((builder) => route(this.#book, builder, input, snapshot))
    for (const { key } of keys) this.#keysInFlight.set(key, answer)
    try {
      return await answer
    } finally {
      for (const { key } of keys) this.#keysInFlight.delete(key)
    }
  }

  /** Loads what the run is planned with; undefined means the newest, which is loaded after this. */
  async #snapshotFor(input: EngineInput): Promise<ProjectSnapshot | undefined> {
    const { projectId, commitId } = input
    if (projectId === undefined) return undefined
    await this.#parts.projects.snapshot(projectId)
    if (commitId === undefined) return undefined
    const type = parseEventType(input.event.type)
    const stage = type.kind === 'sequence' ? type.stage : undefined
    return await this.#parts.projects.snapshotOfCommit(projectId, commitId, stage)
  }

  async control(request: ControlRequest): Promise<{ readonly runs: number }> {
    const { projectId, context, stage, action } = request
    await this.#present(projectId)
    let runs = 0
    await this.#turns.take((builder) => {
      runs = 0
      for (const { runId, plan } of this.#book.runsOf(projectId, context)) {
        // What was driven before may have ended it.
        const run = this.#book.run(runId)
        if (run === undefined || (stage !== undefined && plan.stage !== stage)) continue
        if (builder.drive(run, controlInput(request))) runs++
      }
      if (action === 'abort') this.#abortJoins(builder, request)
      return { answer: { code: 'accepted', context, eventId: '', routed: 'run' } }
    })
    return { runs }
  }

  /** Whoever aborts a context does not want what it would still start either. */
  #abortJoins(builder: StepBuilder, { projectId, context, stage, actor }: ControlRequest): void {
    for (const join of this.#book.joins.ofContext(projectId, context)) {
      if (stage !== undefined && join.scope.stage !== stage) continue
      builder.driveJoin(join, { type: 'abort', by: actor.name })
    }
  }

  openTriggered(filter: Parameters<Engine['openTriggered']>[0]): readonly KeptnEvent[] {
    return openTriggered(this.#book, filter)
  }

  openRun(runId: string): OpenRun | undefined {
    return this.#book.run(runId)
  }

  openRunsOf(projectId: string, context?: string): readonly OpenRun[] {
    if (context !== undefined) return this.#book.runsOf(projectId, context)
    return [...this.#book.runs.values()].filter((run) => run.plan.projectId === projectId)
  }

  async run(projectId: string, runId: string) {
    const rows = await this.#parts.store.read(`run/${projectId}/${runId}`)
    return rows.length === 0 ? undefined : foldRun(rows)
  }

  why(projectId: string, context: string) {
    const nowMs = this.#nowMs()
    const { subscribersOf } = this.#parts
    const runs = this.#book.runsOf(projectId, context).flatMap(
      (run) =>
        this.#standstill.why(run) ??
        whyWaiting(run, {
          place: lanePlace(this.#book, run),
          nowMs,
          freezeOf: this.#freezeOf(run, nowMs),
          ...(subscribersOf === undefined ? {} : { subscribersOf }),
        }),
    )
    const joins = this.#book.joins.ofContext(projectId, context)
    return [...runs, ...joins.map((join) => whyJoinWaits(join))]
  }

  async rerun(request: RerunRequest): Promise<RerunAnswer> {
    const prepared = await prepareRerun({ ...this.#parts, planner: this.#planner }, request)
    if (prepared.code !== 'ready') return prepared
    const { context, wish } = prepared
    const runId = wish.event.id
    let underWay: OpenRun | undefined
    await this.#turns.take((builder) => {
      underWay = this.#book
        .runsOf(wish.projectId, context)
        .find((run) => run.rerunOf === request.runId)
      if (underWay === undefined) builder.start(wish)
      return { answer: { code: 'accepted', context, eventId: runId, routed: 'new-run' } }
    })
    if (underWay === undefined) return { code: 'started', context, runId }
    return { code: 'under-way', message: `it is taken up already, by run ${underWay.runId}` }
  }

  async tell(news: RunNews): Promise<'told' | 'ended' | 'repeat'> {
    const { key, runId, outcome, message } = news
    const nowMs = this.#nowMs()
    if ((await this.#parts.store.dedupeValue(key, nowMs)) !== undefined) return 'repeat'
    await this.#present(this.#book.run(runId)?.plan.projectId)
    let told = false
    const answer = await this.#turns.take((builder) => {
      const run = this.#book.run(runId)
      told = run !== undefined && builder.drive(run, { type: 'news', outcome, message })
      for (const soaking of this.#soakingAfter(runId)) {
        const lost = `superseded: what was to be promoted is ${outcome}: ${message}`
        told = builder.drive(soaking, { type: 'supersede', message: lost }) || told
      }
      const context = run?.context ?? ''
      const dedupeKeys = told ? [{ key, value: context, untilMs: nowMs + NEWS_RETENTION_MS }] : []
      return {
        answer: { code: 'accepted', context, eventId: '', routed: 'run' },
        extra: { dedupeKeys },
      }
    })
    if (answer.code === 'repeat') return 'repeat'
    return told ? 'told' : 'ended'
  }

  /** The runs that wait until what this run deployed has proven itself. */
  #soakingAfter(runId: string): readonly OpenRun[] {
    return [...this.#book.runs.values()].filter(
      (run) => run.enteredMs === undefined && run.soak?.runIds.includes(runId),
    )
  }

  async forgetProject(projectId: string): Promise<void> {
    await this.#turns.take(() => {
      for (const run of this.openRunsOf(projectId)) {
        this.#book.forget(run.runId)
        this.#alarm.set(run.runId, undefined)
        this.#dispatcher.reconcile(run.runId, undefined)
      }
      for (const join of this.#book.joins.ofProject(projectId)) {
        this.#book.joins.forget(join)
        this.#alarm.set(join.stream, undefined)
      }
      return { answer: { code: 'accepted', context: '', eventId: '', routed: 'run' } }
    })
  }

  async settled(): Promise<void> {
    await this.#turns.settled()
  }

  async close(): Promise<void> {
    this.#turns.close()
    this.#standstill.stop()
    this.#alarm.stop()
    await this.#dispatcher.close()
    await this.#turns.settled()
  }

  #input(runId: string, input: RunInput): Promise<void> {
    return this.#drive([runId], input)
  }

  /** One input for several runs, decided in one step. */
  async #drive(runIds: readonly string[], input: RunInput): Promise<void> {
    await this.#turns.take((builder) => {
      for (const runId of runIds) {
        const run = this.#book.run(runId)
        if (run !== undefined) builder.drive(run, input)
      }
      return { answer: { code: 'accepted', context: '', eventId: '', routed: 'run' } }
    })
  }

  #goOn(projectId: string): void {
    for (const runId of this.#attendAll((one) => one === projectId)) this.#tick(runId)
    this.#alarm.arm()
  }

  /** `LostCopyError` while nothing can be decided about this project. */
  async #present(projectId: string | undefined): Promise<void> {
    if (projectId === undefined || this.#parts.projects.byId(projectId) === undefined) return
    if (this.#standstill.holds(projectId)) await this.#parts.projects.snapshot(projectId)
  }

  #decide(decide: Decide): { step: Step; answer: EngineAnswer } {
    const builder = new StepBuilder({ ...this.#stepParts, book: this.#book }, this.#nowMs())
    const { answer, extra } = decide(builder)
    return { step: builder.finish(extra ?? {}), answer }
  }

  #afterCommit(step: Step): void {
    for (const runId of step.touched) this.#attend(runId)
    for (const stream of step.touchedJoins) {
      this.#alarm.set(stream, this.#book.joins.byStream(stream)?.deadlineMs)
    }
  }

  #freezeOf(run: OpenRun, nowMs: number): FreezeLookup | undefined {
    const { projectId, stage, service } = run.plan
    const snapshot = this.#parts.loadedSnapshot(projectId)
    return snapshot && this.#freezes.lookup(snapshot.settings, { stage, service }, nowMs)
  }

  #setDue(runId: string): void {
    const run = this.#book.run(runId)
    const nowMs = this.#nowMs()
    this.#alarm.set(runId, run && dueMsOf(run, this.#freezeOf(run, nowMs), nowMs))
  }

  #nowMs(): number {
    return this.#parts.clock.nowMs()
  }

  async #reload(failure: unknown): Promise<void> {
    const due = await this.#fold()
    for (const runId of due) this.#alarm.set(runId, this.#nowMs())
    // Also of what was written beside the decision that was not: a run that was aborted is in no book any more.
    this.#dispatcher.reconcileAll((runId) => this.#book.run(runId))
    // What the disk refused it would refuse again at once.
    if (failure instanceof Error) this.#alarm.hold(REFUSED_RETRY_MS)
    else this.#alarm.arm()
  }

  /** A due time of a run or of a join has come. */
  #tick(key: string): void {
    const decided = key.startsWith(JOIN_PREFIX)
      ? this.#tickJoin(key)
      : this.#input(key, { type: 'tick' })
    decided.then(
      () => {
        if (!key.startsWith(JOIN_PREFIX)) this.#setDue(key)
        this.#alarm.arm()
      },
      (error: unknown) => this.#parts.log.error({ error, key }, 'a due time could not be handled'),
    )
  }

  #tickJoin(stream: string): Promise<unknown> {
    return this.#turns.take((builder) => {
      const join = this.#book.joins.byStream(stream)
      if (join !== undefined) builder.driveJoin(join, { type: 'tick' })
      const context = join?.scope.context ?? ''
      return { answer: { code: 'accepted', context, eventId: '', routed: 'run' } }
    })
  }
}
