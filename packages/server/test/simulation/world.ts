import type { KeptnEvent } from '@tiphys/contract/event.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { startEngine } from '../../src/engine/engine-loop.ts'
import { createApprovalExecutor } from '../../src/executors/approval/approval-executor.ts'
import type { TaskExecutor } from '../../src/executors/executor.ts'
import type { Actor } from '../../src/intake/actor.ts'
import type { StoredEvent } from '../../src/ports/store.ts'
import { type Life, liveStore, type StoreFaults } from './faulty-store.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { PROJECT_ID, SERVICES, SIMULATED_SNAPSHOT, simulatedProjects } from './simulated-project.ts'
import { virtualClock } from './virtual-clock.ts'

const START_MS = Date.UTC(2026, 0, 1)
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const FAULTS: StoreFaults = { dieBefore: 0.01, dieAfter: 0.01, refuse: 0.005 }
const NO_FAULTS: StoreFaults = { dieBefore: 0, dieAfter: 0, refuse: 0 }
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const REMOTE: Actor = { name: 'remote', scopes: ['answer', 'trigger', 'approve'], projects: ['*'] }

/** What a story leaves behind, for the checkers. */
export type Story = {
  readonly rows: readonly StoredEvent[]
  readonly engine: Engine
  readonly nowMs: number
  /** Ids of events that were answered as accepted. */
  readonly accepted: ReadonlySet<string>
  /** Ids of the events that were sent with a key, by key. */
  readonly keyed: ReadonlyMap<string, readonly string[]>
  /** How often an executor really began its work, by triggered id. */
  readonly effects: ReadonlyMap<string, number>
  readonly crashes: number
}

/**
 * The real engine on a virtual clock, with a store that dies between any two writes, built-in executors that are started again, and
 * remote services that answer late, twice, out of order or never. Everything follows from the seed.
 */
export async function playStory(seed: number): Promise<Story> {
  const world = new World(seed)
  await world.play()
  return await world.end()
}

class World {
  readonly #random: SeededRandom
  readonly #clock = virtualClock(START_MS)
  readonly #disk = createMemoryStore()
  readonly #accepted = new Set<string>()
  readonly #effects = new Map<string, number>()
  readonly #keyed = new Map<string, string[]>()
  #life: Life | undefined
  #engine: Engine | undefined
  #isDying = false
  #crashes = 0
  #nextId = 0
  #faults = FAULTS

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  async play(): Promise<void> {
    await this.#boot()
    const steps = 20 + this.#random.below(40)
    for (let step = 0; step < steps; step++) {
      this.#act()
      await this.#rest()
      this.#clock.step(this.#clock.nowMs() + this.#random.below(20) * MINUTE_MS)
      await this.#rest()
      if (this.#random.chance(0.01)) this.#clock.jump(HOUR_MS)
    }
  }

  /** The faults stop and time goes on: everything that is left must come to its end or to a person. */
  async end(): Promise<Story> {
    this.#faults = NO_FAULTS
    this.#life?.kill()
    await this.#rest()
    const endMs = this.#clock.nowMs() + 3 * DAY_MS
    while (this.#clock.step(endMs)) await this.#rest()
    await this.#rest()
    const engine = this.#engine
    if (engine === undefined) throw new Error('the engine is up when nothing kills it')
    const rows = await this.#disk.readLog(0, Number.MAX_SAFE_INTEGER)
    return {
      rows,
      engine,
      nowMs: this.#clock.nowMs(),
      accepted: this.#accepted,
      keyed: this.#keyed,
      effects: this.#effects,
      crashes: this.#crashes,
    }
  }

  async #boot(): Promise<void> {
    this.#isDying = false
    this.#life = liveStore(this.#disk, this.#random, this.#faults, () => {
      this.#isDying = true
    })
    this.#engine = await startEngine({
      store: this.#life.store,
      clock: this.#clock,
      log: QUIET,
      projects: simulatedProjects,
      loadedSnapshot: () => SIMULATED_SNAPSHOT,
      executors: [
        createApprovalExecutor(),
        this.#executor('deployment'),
        this.#executor('evaluation'),
      ],
      isSubscribed: () => true,
    })
  }

  /** Lets everything run that needs no time, and brings the process up again when it died. */
  async #rest(): Promise<void> {
    for (let round = 0; round < 40; round++) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      if (!this.#isDying) continue
      this.#crashes++
      await this.#boot()
      round = 0
    }
  }

  #act(): void {
    const random = this.#random
    const roll = random.next()
    if (roll < 0.25) this.#trigger()
    else if (roll < 0.8) this.#answerSomething()
    else if (roll < 0.86) this.#control(random.pick(['pause', 'resume', 'resume', 'abort']))
    else if (roll < 0.9) this.#life?.kill()
  }

  #trigger(): void {
    const service = this.#random.pick(SERVICES)
    const event = this.#event('sh.keptn.event.dev.delivery.triggered', { service, stage: 'dev' })
    this.#submit(event, this.#random.chance(0.2) ? `key-${this.#random.below(5)}` : undefined)
  }

  #submit(event: KeptnEvent, key?: string): void {
    const nowMs = this.#clock.nowMs()
    if (key !== undefined) this.#keyed.set(key, [...(this.#keyed.get(key) ?? []), event.id])
    const dedupe =
      key === undefined
        ? {}
        : { dedupeKeys: [{ key, value: event.shkeptncontext ?? '', untilMs: nowMs + DAY_MS }] }
    this.#engine?.submit({ event, projectId: PROJECT_ID, actor: REMOTE, ...dedupe }).then(
      (answer) => {
        if (answer.code === 'accepted') this.#accepted.add(event.id)
      },
      () => {},
    )
  }

  /** A remote service that picks up any open task: in time, late, twice, or only half. */
  #answerSomething(): void {
    const open = this.#engine?.openTriggered({}) ?? []
    if (open.length === 0) return
    const random = this.#random
    const triggered = random.pick(open)
    const task = triggered.type.split('.')[3] ?? ''
    if (random.chance(0.5)) this.#answer(triggered, task, 'started', {})
    if (random.chance(0.15))
      this.#answer(triggered, task, 'status.changed', { message: 'half way' })
    if (random.chance(0.2)) return
    const result = random.pick(['pass', 'pass', 'warning', 'fail'])
    const times = random.chance(0.2) ? 2 : 1
    for (let time = 0; time < times; time++) {
      this.#answer(triggered, task, 'finished', {
        status: 'succeeded',
        result,
        [task]: { n: random.below(9) },
      })
    }
  }

  #answer(triggered: KeptnEvent, task: string, action: string, data: KeptnEvent['data']): void {
    const { service, stage } = triggered.data
    const event = this.#event(`sh.keptn.event.${task}.${action}`, {
      ...data,
      service: service ?? '',
      stage: stage ?? '',
    })
    const answer = {
      ...event,
      triggeredid: triggered.id,
      shkeptncontext: triggered.shkeptncontext ?? '',
    }
    const delayMs = this.#random.chance(0.3) ? this.#random.below(30) * MINUTE_MS : 0
    if (delayMs === 0) this.#submit(answer)
    else this.#clock.at(this.#clock.nowMs() + delayMs, () => this.#submit(answer))
  }

  #control(action: 'pause' | 'resume' | 'abort'): void {
    const runs = this.#engine?.openRunsOf(PROJECT_ID) ?? []
    if (runs.length === 0) return
    const run = this.#random.pick(runs)
    const stage = this.#random.chance(0.5) ? { stage: run.plan.stage } : {}
    this.#engine
      ?.control({ projectId: PROJECT_ID, context: run.context, action, actor: REMOTE, ...stage })
      .catch(() => {})
  }

  #event(type: string, data: KeptnEvent['data']): KeptnEvent {
    const id = `ext-${this.#nextId++}`
    return {
      id,
      type,
      source: 'remote',
      specversion: '1.0',
      time: formatTimestamp(this.#clock.nowMs()),
      shkeptncontext: `ctx-${id}`,
      data: { project: 'shop', ...data },
    }
  }

  /** A built-in executor that notes its effect before it reports, and finds the note after a restart. */
  #executor(task: string): TaskExecutor {
    return {
      task,
      source: 'tiphys',
      takes: () => (task === 'deployment' && this.#random.chance(0.4) ? 'configured' : 'no'),
      execute: async (job) => {
        await this.#clock.sleep(this.#random.below(10) * MINUTE_MS, job.signal)
        if (job.notes('effect.done').length === 0) {
          const { triggeredId } = job.task
          this.#effects.set(triggeredId, (this.#effects.get(triggeredId) ?? 0) + 1)
          await job.note('effect.done', {})
        }
        await this.#clock.sleep(this.#random.below(10) * MINUTE_MS, job.signal)
        const result = this.#random.pick(['pass', 'pass', 'warning', 'fail'] as const)
        return {
          code: 'finished',
          status: 'succeeded',
          result,
          message: '',
          data: { [task]: { ok: true } },
        }
      },
    }
  }
}
