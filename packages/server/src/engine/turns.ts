import type { Log } from '../ports/log.ts'
import type { CommitUnit, Store, StoredEvent } from '../ports/store.ts'
import type { EngineAnswer } from './engine.ts'
import type { JobPlan } from './route.ts'
import type { Step, StepBuilder } from './step.ts'

/**
 * Takes inputs one turn at a time: everything that waits is decided against one book, written in one group, and only then answered.
 * Nobody else decides in between, so conflicts do not arise while one process owns the log.
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
  readonly log: Log
  /** Decides one input against the book; throwing means a bug, and rejects the input. */
  readonly decide: (decide: Decide) => { readonly step: Step; readonly answer: EngineAnswer }
  /** What was decided is on disk. */
  readonly written: (steps: readonly Step[]) => void
  /** What was decided and not written is in the book: it has to be folded from the log again. */
  readonly reload: () => Promise<void>
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

export class EngineClosedError extends Error {
  override name = 'EngineClosedError'
  constructor() {
    super('the server is stopping and takes no more events')
  }
}

export function createTurns(parts: TurnParts): Turns {
  const { store, log } = parts
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
    const decided = jobs.map(decideOne)
    const written = await Promise.allSettled(decided.map(write))
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
        if (step?.unit.effects?.length) parts.onEffects?.()
      } else if (outcome.value.code === 'repeat') {
        failure = outcome.value
        job.resolve({ code: 'repeat', context: outcome.value.of })
      } else {
        failure = outcome.value
        again.push(job)
      }
    }
    if (rows.length > 0) parts.onCommitted?.(rows)
    await follow(decided, failure)
    if (again.length === 0) return
    if (attempt < MAX_TRIES) return takeTurn(again, attempt + 1)
    for (const job of again) job.reject(new Error('the log kept changing under this input'))
  }

  function decideOne(job: Job): Decided {
    try {
      return { job, ...parts.decide(job.decide) }
    } catch (error) {
      return { job, error }
    }
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
    await parts.reload()
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

function isEmpty(unit: CommitUnit): boolean {
  return unit.writes.length === 0 && !unit.effects?.length && !unit.dedupeKeys?.length
}
