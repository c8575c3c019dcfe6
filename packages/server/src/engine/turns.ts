import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { CommitResult, CommitUnit, Store, StoredEvent, StreamWrite } from '../ports/store.ts'
import type { EngineAnswer } from './engine.ts'
import type { JobPlan } from './route.ts'
import type { Step, StepBuilder } from './step.ts'

/**
 * Takes inputs one turn at a time: everything that waits is decided against one book, written in one group, and only then answered.
 * Nobody else decides in between, so conflicts do not arise while one process owns the log. What is decided later in a turn stands on what was
 * decided before it, also where it writes other streams (a lane that was freed, an answer that came second): it is written only if that was.
 */
export type Turns = {
  /** Resolves when what `decide` decided is on disk. */
  take(decide: Decide): Promise<EngineAnswer>
  /** Ends when nothing waits. */
  settled(): Promise<void>
  /** Refuses everything from now on. */
  close(): void
}

export type Decide = (builder: StepBuilder) => JobPlan

export type TurnParts = {
  readonly store: Store
  readonly clock: Pick<Clock, 'sleep'>
  readonly log: Log
  /** Decides one input against the book; throwing means a bug, and rejects the input. */
  readonly decide: (decide: Decide) => { readonly step: Step; readonly answer: EngineAnswer }
  /** What was decided is on disk. */
  readonly written: (steps: readonly Step[]) => void
  /** What was decided and not written is in the book: it has to be folded from the log again. */
  readonly reload: (failure: unknown) => Promise<void>
  readonly onCommitted?: (rows: readonly StoredEvent[]) => void
  readonly onEffects?: () => void
}

type Job = {
  readonly decide: Decide
  readonly resolve: (answer: EngineAnswer) => void
  readonly reject: (error: unknown) => void
}

type Decided = {
  readonly job: Job
  readonly step?: Step
  readonly answer?: EngineAnswer
  readonly error?: unknown
}

/** One turn decides at most this many inputs, so that a flood cannot starve the clock or the network. */
const MAX_INPUTS_PER_TURN = 512
/** A conflict means somebody was faster; on one owner it means a bug or a full disk, so this is never reached in peace. */
const MAX_TRIES = 5
/** A log that cannot be read is tried again this often: without it nothing can be decided. */
const RELOAD_RETRY_MS = 1_000

export class EngineClosedError extends Error {
  override name = 'EngineClosedError'
  constructor() {
    super('the server is stopping and takes no more events')
  }
}

export function createTurns(parts: TurnParts): Turns {
  const { store, clock, log } = parts
  let queue: Job[] = []
  let current: Promise<void> | undefined
  let isClosed = false

  /** Takes turns until the queue is empty. */
  async function takeTurns(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (queue.length > 0) {
      const jobs = queue.slice(0, MAX_INPUTS_PER_TURN)
      queue = queue.slice(MAX_INPUTS_PER_TURN)
      await takeTurn(jobs, 1)
    }
    current = undefined
  }

  async function takeTurn(jobs: readonly Job[], attempt: number): Promise<void> {
    const decided = decideAll(parts, jobs)
    const written = await Promise.allSettled(decided.map(write))
    const { rows, failure, refusal, again } = answerAll(parts, decided, written)
    again.push(...jobs.slice(decided.length))
    if (rows.length > 0) parts.onCommitted?.(rows)
    await follow(decided, failure)
    if (again.length === 0) return
    if (refusal === undefined && attempt < MAX_TRIES) return takeTurn(again, attempt + 1)
    const reason = refusal?.reason ?? new Error('the log kept changing under this input')
    for (const job of again) job.reject(reason)
  }

  async function write({ step }: Decided) {
    return step === undefined || isEmpty(step.unit) ? undefined : await store.commit(step.unit)
  }

  async function follow(decided: readonly Decided[], failure: unknown): Promise<void> {
    if (failure === undefined) {
      parts.written(decided.flatMap(({ step }) => step ?? []))
      return
    }
    const reason = 'a decision was not written; folding the open runs from the log again'
    log.warn({ reason: failure }, reason)
    for (;;) {
      try {
        await parts.reload(failure)
        return
      } catch (error) {
        log.error({ error }, 'the open runs cannot be read; nothing is decided until they can')
        await clock.sleep(RELOAD_RETRY_MS)
      }
    }
  }

  return {
    take(decide) {
      if (isClosed) return Promise.reject(new EngineClosedError())
      return new Promise((resolve, reject) => {
        queue.push({ decide, resolve, reject })
        current ??= takeTurns()
      })
    },
    async settled() {
      while (current !== undefined) await current
    },
    close() {
      isClosed = true
    },
  }
}

/** In order, up to the first that throws: it may have left half of what it decided in the book. */
function decideAll(parts: TurnParts, jobs: readonly Job[]): Decided[] {
  const decided: Decided[] = []
  let before: StreamWrite | undefined
  for (const job of jobs) {
    try {
      const { step, answer } = parts.decide(job.decide)
      const unit = standingOn(before, step.unit)
      decided.push({ job, step: { ...step, unit }, answer })
      before = lastVersionOf(step.unit) ?? before
    } catch (error) {
      decided.push({ job, error })
      break
    }
  }
  return decided
}

type Outcome = PromiseSettledResult<CommitResult | undefined>

/** Answers what is settled; what has to be decided again is handed back. */
function answerAll(parts: TurnParts, decided: readonly Decided[], outcomes: readonly Outcome[]) {
  const again: Job[] = []
  const rows: StoredEvent[] = []
  let failure: unknown
  let refusal: PromiseRejectedResult | undefined
  for (const [index, { job, step, answer, error }] of decided.entries()) {
    const outcome = outcomes[index]
    if (error !== undefined) {
      failure = error
      job.reject(error)
    } else if (outcome?.status === 'rejected') {
      refusal ??= outcome
      failure = outcome.reason
      job.reject(outcome.reason)
    } else if (outcome?.value === undefined) {
      // Nothing to write, but what it saw may not be so.
      if (failure === undefined && answer !== undefined) job.resolve(answer)
      else again.push(job)
    } else if (outcome.value.code === 'committed') {
      rows.push(...outcome.value.rows)
      if (answer !== undefined) job.resolve(answer)
      if (step?.unit.effects?.length) parts.onEffects?.()
    } else if (outcome.value.code === 'repeat') {
      failure = outcome.value
      job.resolve({ code: 'repeat', context: outcome.value.of })
    } else {
      failure = outcome.value
      again.push(job)
    }
  }
  return { again, rows, failure, refusal }
}

function isEmpty(unit: CommitUnit): boolean {
  return unit.writes.length === 0 && !unit.effects?.length && !unit.dedupeKeys?.length
}

/** The unit, written only if the stream is as the decision before it left it. */
function standingOn(before: StreamWrite | undefined, unit: CommitUnit): CommitUnit {
  if (before === undefined || isEmpty(unit)) return unit
  if (unit.writes.some(({ stream }) => stream === before.stream)) return unit
  return { ...unit, writes: [...unit.writes, before] }
}

/** An append of nothing at the version that a unit leaves behind. */
function lastVersionOf({ writes }: CommitUnit): StreamWrite | undefined {
  const last = writes.findLast(({ expectedVersion }) => expectedVersion !== 'any')
  if (last === undefined || last.expectedVersion === 'any') return undefined
  const { stream, expectedVersion, events } = last
  return { stream, expectedVersion: expectedVersion + events.length, events: [] }
}
