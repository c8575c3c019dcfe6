import { type KeptnEvent, parseEventType } from '@tiphys/contract/event.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { newId } from '@tiphys/server/adapters/system/new-id.ts'
import type { Engine } from '@tiphys/server/engine/engine.ts'
import type { Actor } from '@tiphys/server/intake/actor.ts'
import type { NewEvent, StoredEvent } from '@tiphys/server/ports/store.ts'
import { PROJECT, SEQUENCE, STAGE } from './bench-engine.ts'

/**
 * Plays sequences against an engine in this process: triggers them, and answers each task as soon as its `.triggered` is
 * committed, with a `started` and a `finished` that are handed in together.
 */
export class SequenceDriver {
  /** From handing in the answer of a task to seeing the next `<task>.triggered` committed. */
  readonly nextTaskMs: number[] = []
  /** Rows as they were written, in the order of the log. */
  readonly sample: NewEvent[] = []
  rows = 0
  readonly #projectId: string
  readonly #ends = new Map<string, () => void>()
  readonly #answeredAt = new Map<string, number>()
  #engine: Engine | undefined

  constructor(projectId: string = PROJECT) {
    this.#projectId = projectId
  }

  drive(engine: Engine): void {
    this.#engine = engine
  }

  /** One sequence, from its trigger to its end. */
  async play(service: string): Promise<void> {
    const context = newId(Date.now())
    const ended = new Promise<void>((resolve) => this.#ends.set(context, resolve))
    await this.trigger(service, context)
    await ended
    this.#ends.delete(context)
    this.#answeredAt.delete(context)
  }

  async trigger(service: string, context: string): Promise<void> {
    await this.#engine?.submit({
      event: {
        ...newEvent(`sh.keptn.event.${STAGE}.${SEQUENCE}.triggered`, triggerData(service)),
        shkeptncontext: context,
      },
      projectId: this.#projectId,
      actor: ACTOR,
    })
  }

  /** Where the engine tells of what it committed. */
  readonly see = (rows: readonly StoredEvent[]): void => {
    this.rows += rows.length
    for (const row of rows) {
      if (this.sample.length < SAMPLE_ROWS) this.sample.push(row)
      const type = parseEventType(row.event.type)
      const context = row.event.shkeptncontext ?? ''
      if (!this.#ends.has(context)) continue
      if (type.kind === 'task' && type.action === 'triggered') {
        const sinceMs = this.#answeredAt.get(context)
        if (sinceMs !== undefined) this.nextTaskMs.push(performance.now() - sinceMs)
        this.#answer(row.event, type.task)
      }
      if (type.kind === 'sequence' && type.action === 'finished') this.#ends.get(context)?.()
    }
  }

  #answer(triggered: KeptnEvent, task: string): void {
    const { project, stage, service } = triggered.data
    const data = { project: project ?? '', stage: stage ?? '', service: service ?? '' }
    const context = triggered.shkeptncontext ?? ''
    this.#answeredAt.set(context, performance.now())
    const answer = (action: string, more: object) =>
      this.#engine?.submit({
        event: {
          ...newEvent(`sh.keptn.event.${task}.${action}`, { ...data, ...more }),
          shkeptncontext: context,
          triggeredid: triggered.id,
        },
        projectId: this.#projectId,
        actor: ACTOR,
      })
    Promise.all([answer('started', {}), answer('finished', finishedData(task))]).catch(
      (error: unknown) => console.error(error),
    )
  }
}

const ACTOR: Actor = { name: 'bench', scopes: ['trigger', 'answer'], projects: ['*'] }
/** Enough sequences that their rows differ as those of a real log do. */
const SAMPLE_ROWS = 5_000

/** The same data in process and over HTTP. */
export function triggerData(service: string) {
  return {
    project: PROJECT,
    stage: STAGE,
    service,
    labels: { build: '42' },
    configurationChange: { values: { image: 'ghcr.io/acme/carts:1.2.3' } },
  }
}

export function finishedData(task: string) {
  return { status: 'succeeded', result: 'pass', message: 'done', [task]: { took: '3s' } }
}

function newEvent(type: string, data: KeptnEvent['data']): KeptnEvent {
  const nowMs = Date.now()
  const time = formatTimestamp(nowMs)
  // As the intake makes them: ids in the order of time are neighbours in the indexes of the log.
  return { id: newId(nowMs), type, source: 'bench', specversion: '1.0', time, data }
}
