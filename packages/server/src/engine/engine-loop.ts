import type { KeptnEvent } from '@tiphys/contract/event.ts'
import { nextDueMs, type RunInput } from '@tiphys/core/sequence/decide-run.ts'
import type { OpenRun } from '@tiphys/core/sequence/run-state.ts'
import { type SubscribersOf, whyWaiting } from '@tiphys/core/sequence/why.ts'
import type { TaskExecutor } from '../executors/executor.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { CommitUnit, Store, StoredEvent } from '../ports/store.ts'
import type { Projects } from '../projects/projects.ts'
import { createAlarm } from './alarm.ts'
import { createDispatcher } from './dispatcher.ts'
import type { ControlRequest, Engine, EngineAnswer, EngineInput, RunNews } from './engine.ts'
import { createPlanner, type IsSubscribed } from './planner.ts'
import type { ProjectSnapshot } from './project-snapshot.ts'
import { type JobPlan, route } from './route.ts'
import { foldRun, openRunBook, type RunBook } from './run-book.ts'
import { lanePlace, openTriggered } from './run-queries.ts'
import { type Step, StepBuilder } from './step.ts'

export type EngineParts = {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly projects: Projects
  /** The newest configuration that is loaded, at once: `projects.snapshot` has been awaited before. */
  readonly loadedSnapshot: (projectId: string) => ProjectSnapshot | undefined
  readonly executors: readonly TaskExecutor[]
  readonly isSubscribed: IsSubscribed
  /** Who is subscribed now, for the waiting list; left out: nobody. */
  readonly subscribersOf?: SubscribersOf
  /** Sees every committed row, in order; must not throw. */
  readonly onCommitted?: (rows: readonly StoredEvent[]) => void
  /** Called when the outbox may have something new. */
  readonly onEffects?: () => void
}

/** What waits in the queue of the loop. */
type Job = {
  readonly decide: (builder: StepBuilder, nowMs: number) => JobPlan
  readonly resolve: (answer: EngineAnswer) => void
  readonly reject: (error: unknown) => void
}

/** One turn decides at most this many inputs, so that a flood cannot starve the clock or the network. */
const MAX_INPUTS_PER_TURN = 512
/** A conflict means somebody was faster; on one owner it means a bug or a full disk, so this is never reached in peace. */
const MAX_TRIES = 5
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
  readonly #dispatcher
  #book: RunBook = openRunBook([])
  #queue: Job[] = []
  #turn: Promise<void> | undefined
  #isClosed = false
  /** Keys accepted but not yet on disk, so that two repeats in one turn meet. */
  readonly #keysInFlight = new Map<string, Promise<EngineAnswer>>()

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.#planner = createPlanner(parts)
    this.#alarm = createAlarm(parts.clock, (due) => {
      for (const runId of due) this.#tick(runId)
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
    const names = await this.#parts.store.openStreams()
    const runs = names.filter((name) => name.startsWith('run/'))
    const streams = await Promise.all(runs.map((name) => this.#parts.store.read(name)))
    this.#book = openRunBook(streams)
    const projectIds = new Set([...this.#book.runs.values()].map((run) => run.plan.projectId))
    for (const projectId of projectIds) await this.#parts.projects.snapshot(projectId)
    const nowMs = this.#parts.clock.nowMs()
    for (const run of this.#book.runs.values()) {
      this.#alarm.set(run.runId, nextDueMs(run, nowMs))
      this.#dispatcher.reconcile(run.runId, run)
      // What became due while nobody looked is decided now.
      if (run.next !== undefined && run.next.dueMs <= nowMs) this.#tick(run.runId)
    }
    this.#alarm.arm()
  }

  async submit(input: EngineInput): Promise<EngineAnswer> {
    const keys = input.dedupeKeys ?? []
    for (const { key } of keys) {
      const first = this.#keysInFlight.get(key)
      if (first !== undefined) return { code: 'repeat', context: (await first).context }
      const of = await this.#parts.store.dedupeValue(key, this.#parts.clock.nowMs())
      if (of !== undefined) return { code: 'repeat', context: of }
    }
    const snapshot = await this.#snapshotFor(input)
    // Looked at again without a pause in between: another submit may have come while this one waited.
    const taken = keys
      .map(({ key }) => this.#keysInFlight.get(key))
      .find((first) => first !== undefined)
    if (taken !== undefined) return { code: 'repeat', context: (await taken).context }
    const answer = this.#enqueue((builder) => route(this.#book, builder, input, snapshot))
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
    return commitId === undefined
      ? undefined
      : await this.#parts.projects.snapshotOfCommit(projectId, commitId)
  }

  async control(request: ControlRequest): Promise<{ readonly runs: number }> {
    const { projectId, context, stage, action, actor } = request
    let runs = 0
    await this.#enqueue((builder) => {
      runs = 0
      for (const run of this.#book.runsOf(projectId, context)) {
        if (stage !== undefined && run.plan.stage !== stage) continue
        if (builder.drive(run, controlInput(action, actor.name, stage))) runs++
      }
      return { answer: { code: 'accepted', context, eventId: '', routed: 'run' } }
    })
    return { runs }
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
    const { clock, subscribersOf } = this.#parts
    return this.#book
      .runsOf(projectId, context)
      .flatMap((run) => whyWaiting(run, lanePlace(this.#book, run), clock.nowMs(), subscribersOf))
  }

  async tell(news: RunNews): Promise<'told' | 'ended' | 'repeat'> {
    const { key, runId, outcome, message } = news
    const nowMs = this.#parts.clock.nowMs()
    if ((await this.#parts.store.dedupeValue(key, nowMs)) !== undefined) return 'repeat'
    let told = false
    const answer = await this.#enqueue((builder) => {
      const run = this.#book.run(runId)
      told = run !== undefined && builder.drive(run, { type: 'news', outcome, message })
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

  async forgetProject(projectId: string): Promise<void> {
    await this.#enqueue(() => {
      for (const run of this.openRunsOf(projectId)) {
        this.#book.forget(run.runId)
        this.#alarm.set(run.runId, undefined)
        this.#dispatcher.reconcile(run.runId, undefined)
      }
      return { answer: { code: 'accepted', context: '', eventId: '', routed: 'run' } }
    })
  }

  async settled(): Promise<void> {
    while (this.#turn !== undefined) await this.#turn
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#alarm.stop()
    await this.#dispatcher.close()
    await this.settled()
  }

  #input(runId: string, input: RunInput): Promise<void> {
    const decided = this.#enqueue((builder) => {
      const run = this.#book.run(runId)
      if (run !== undefined) builder.drive(run, input)
      return {
        answer: { code: 'accepted', context: run?.context ?? '', eventId: '', routed: 'run' },
      }
    })
    return decided.then(() => undefined)
  }

  #enqueue(decide: Job['decide']): Promise<EngineAnswer> {
    if (this.#isClosed) return Promise.reject(new EngineClosedError())
    return new Promise((resolve, reject) => {
      this.#queue.push({ decide, resolve, reject })
      this.#turn ??= this.#turns()
    })
  }

  /** Takes turns until the queue is empty. Everything that waits is decided in one turn and written in one group. */
  async #turns(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (this.#queue.length > 0)
      await this.#takeTurn(this.#queue.splice(0, MAX_INPUTS_PER_TURN), 1)
    this.#turn = undefined
  }

  async #takeTurn(jobs: readonly Job[], attempt: number): Promise<void> {
    const decided = jobs.map((job) => ({ job, ...this.#decide(job) }))
    const written = await Promise.allSettled(
      decided.map(({ step }) =>
        step === undefined || isEmpty(step.unit) ? undefined : this.#parts.store.commit(step.unit),
      ),
    )
    const again: Job[] = []
    const rows: StoredEvent[] = []
    let failure: unknown
    for (const [index, { job, step, answer, error }] of decided.entries()) {
      const outcome = written[index]
      if (error !== undefined) {
        failure = error
        job.reject(error)
      } else if (outcome?.status === 'rejected') {
        failure = outcome.reason
        job.reject(outcome.reason)
      } else if (outcome?.value === undefined || outcome.value.code === 'committed') {
        rows.push(...(outcome?.value?.rows ?? []))
        if (answer !== undefined) job.resolve(answer)
        if (step?.unit.effects?.length) this.#parts.onEffects?.()
      } else if (outcome.value.code === 'repeat') {
        failure = outcome.value
        job.resolve({ code: 'repeat', context: outcome.value.of })
      } else {
        failure = outcome.value
        again.push(job)
      }
    }
    if (rows.length > 0) this.#parts.onCommitted?.(rows)
    // What was decided and not written is in the book: forget the book and fold the log again.
    if (failure !== undefined) await this.#reload(failure)
    else for (const { step } of decided) this.#afterCommit(step)
    this.#alarm.arm()
    if (again.length === 0) return
    if (attempt < MAX_TRIES) return this.#takeTurn(again, attempt + 1)
    for (const job of again) job.reject(new Error('the log kept changing under this input'))
  }

  #decide(job: Job): { step?: Step; answer?: EngineAnswer; error?: unknown } {
    const nowMs = this.#parts.clock.nowMs()
    const { projects, loadedSnapshot } = this.#parts
    const builder = new StepBuilder(
      {
        book: this.#book,
        planner: this.#planner,
        snapshotOf: loadedSnapshot,
        hasService: (projectId, service) =>
          projects.byId(projectId)?.services.some((one) => one.name === service) ?? false,
      },
      nowMs,
    )
    try {
      const { answer, extra } = job.decide(builder, nowMs)
      return { step: builder.finish(extra ?? {}), answer }
    } catch (error) {
      return { error }
    }
  }

  #afterCommit(step: Step | undefined): void {
    for (const runId of step?.touched ?? []) {
      const run = this.#book.run(runId)
      this.#alarm.set(
        runId,
        run === undefined ? undefined : nextDueMs(run, this.#parts.clock.nowMs()),
      )
      this.#dispatcher.reconcile(runId, run)
    }
  }

  async #reload(reason: unknown): Promise<void> {
    this.#parts.log.warn(
      { reason },
      'a decision was not written; folding the open runs from the log again',
    )
    const before = [...this.#book.runs.keys()]
    await this.load()
    for (const runId of before) this.#dispatcher.reconcile(runId, this.#book.run(runId))
  }

  #tick(runId: string): void {
    this.#input(runId, { type: 'tick' }).then(
      () => {
        const run = this.#book.run(runId)
        if (run !== undefined) this.#alarm.set(runId, nextDueMs(run, this.#parts.clock.nowMs()))
        this.#alarm.arm()
      },
      (error: unknown) =>
        this.#parts.log.error({ error, runId }, 'a due time could not be handled'),
    )
  }
}

export class EngineClosedError extends Error {
  override name = 'EngineClosedError'
  constructor() {
    super('the server is stopping and takes no more events')
  }
}

function isEmpty(unit: CommitUnit): boolean {
  return unit.writes.length === 0 && !unit.effects?.length && !unit.dedupeKeys?.length
}

function controlInput(
  action: ControlRequest['action'],
  by: string,
  stage: string | undefined,
): RunInput {
  switch (action) {
    case 'pause':
      return { type: 'pause', by, scope: stage === undefined ? 'context' : 'stage' }
    case 'resume':
      return { type: 'resume', by }
    case 'abort':
      return { type: 'abort', by, message: `aborted by ${by}` }
  }
}
