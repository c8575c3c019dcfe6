import type { Engine } from '../../src/engine/engine.ts'
import { builtInExecutors, type Effect, type Execution } from './built-in-executors.ts'
import { createClients } from './clients.ts'
import { createCritics } from './critics.ts'
import type { Disk } from './disk.ts'
import { createDisk } from './disk.ts'
import { type Life, liveStore } from './faulty-store.ts'
import { createIntegrations } from './integrations.ts'
import { createPeople } from './people.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { type ServerProcess, startProcess } from './server-process.ts'
import type { FileFreeze } from './shop-files.ts'
import type { Commit, KnownFreezes } from './story.ts'
import { clockOfProcess, type StoryClock, storyClock } from './story-clock.ts'
import { drawSwarm, type Fault, type Swarm } from './swarm.ts'

const START_MS = Date.UTC(2026, 0, 1)
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
/** After so many turns of the event loop without a read or a write nothing more happens that needs no time. */
const QUIET_TURNS = 5
/** So many timers at one moment are no work but a loop that would burn a core. */
const MOST_TIMERS_AT_ONCE = 400
const ID_DIGITS = 12
const SEEN_WITHIN_MS = MINUTE_MS + 2 * SECOND_MS
/** What the engine waits for a disk that refused, and a second for what waits behind it. */
const TRIES_AGAIN_MS = 2 * SECOND_MS

type Living = { readonly life: Life; readonly endTimers: () => void; process?: ServerProcess }

/** Everything around the servers of one story: the disk, the clock, who is alive, and what went wrong. */
export class World {
  readonly random: SeededRandom
  readonly swarm: Swarm
  readonly clock: StoryClock = storyClock(START_MS)
  readonly disk: Disk
  readonly trace: string[] = []
  readonly complaints: string[] = []
  readonly commits: Commit[] = []
  readonly freezes: KnownFreezes[] = []
  readonly effects: Effect[] = []
  readonly atWork = new Set<Execution>()
  readonly hints = new Map<string, number>()
  readonly deleted = new Set<string>()
  readonly clients
  readonly integrations
  readonly people
  readonly critics
  crashes = 0
  excusedMs = 0
  setBackMs = 0
  readonly #living: Living[] = []
  readonly #randomOf: Readonly<Record<'disk' | 'executors' | 'effects' | 'server', SeededRandom>>
  readonly #silentSinceMs = new Map<string, number>()
  #faultsAreOver = false
  #diskFullUntilMs = 0
  #lastRefusedMs = Number.NEGATIVE_INFINITY
  #startsAtMs = 0
  #lives = 0
  #diskUses = 0
  #nextId = 0

  constructor(seed: number, without: readonly Fault[]) {
    this.random = seededRandom(seed)
    this.swarm = drawSwarm(this.random.fork('swarm'), without)
    this.disk = createDisk(this.swarm.store)
    const fork = (name: string) => this.random.fork(name)
    this.#randomOf = {
      disk: fork('disk'),
      executors: fork('executors'),
      effects: fork('effects'),
      server: fork('server'),
    }
    const { clock } = this
    const has = (fault: Fault) => this.has(fault)
    const tell = (what: string) => this.tell(what)
    const server = () => this.anyServer()
    const nextId = () => `ext-${++this.#nextId}`
    this.clients = createClients({ random: fork('clients'), clock, has, server, tell })
    const { send } = this.clients
    const openTriggered = () => this.anyServer()?.engine.openTriggered({}) ?? []
    const random = fork('integrations')
    this.integrations = createIntegrations({
      random,
      clock,
      has,
      openTriggered,
      send,
      nextId,
      tell,
    })
    const onDelete = (projectId: string) => void this.deleted.add(projectId)
    const { swarm } = this
    this.critics = createCritics({ random: fork('critics'), clock, swarm, server, nextId, tell })
    const freeze = () => this.#freeze()
    const onSettings = (freezes: readonly FileFreeze[] | undefined) =>
      void this.freezes.push({ fromMs: clock.nowMs(), freezes })
    this.people = createPeople({
      freeze,
      onSettings,
      random: fork('people'),
      swarm,
      server,
      send,
      nextId,
      tell,
      onDelete,
    })
  }

  has(fault: Fault): boolean {
    return !this.#faultsAreOver && this.swarm.faults.has(fault)
  }

  tell(what: string): void {
    const atS = (this.clock.elapsedMs() / SECOND_MS).toFixed(1)
    this.trace.push(`${atS}s ${what}`)
  }

  complain(what: string): void {
    this.complaints.push(what)
    this.tell(`NOT ALLOWED: ${what}`)
  }

  /** The newest process, or undefined while none is up. */
  server(): ServerProcess | undefined {
    return this.#living.at(-1)?.process
  }

  /** Somebody who listens: during an overlap the old process as well as the new one. */
  anyServer(): ServerProcess | undefined {
    const up = this.#living.flatMap(({ process }) => process ?? [])
    return up.length > 1 ? this.#randomOf.server.pick(up) : up[0]
  }

  engine(): Engine | undefined {
    return this.server()?.engine
  }

  /** Somebody listens, and the disk has worked for as long as it takes to try again. */
  isUp(): boolean {
    const refusedAgoMs = this.clock.elapsedMs() - this.#lastRefusedMs
    return this.server() !== undefined && refusedAgoMs > TRIES_AGAIN_MS && !this.#isDiskFull()
  }

  areTwo(): boolean {
    return this.#living.length > 1
  }

  kill(): void {
    for (const { life } of this.#living.slice()) life.kill()
  }

  fillDisk(durationMs: number): void {
    this.tell(`the disk is full for ${durationMs / SECOND_MS}s`)
    this.#diskFullUntilMs = this.clock.elapsedMs() + durationMs
    this.excusedMs += durationMs
  }

  setClock(byMs: number): void {
    this.tell(`the wall clock is set by ${byMs / SECOND_MS}s`)
    if (byMs > 0) this.excusedMs += byMs
    else this.setBackMs -= byMs
    this.clock.set(byMs)
  }

  /** A run that may go on and does not: when a freeze was taken back, that is seen within a minute of the wall clock. */
  isSilentForLong(runId: string): boolean {
    if (!this.freezes.some(({ freezes = [] }) => freezes.length > 0)) return true
    const sinceMs = this.#silentSinceMs.get(runId) ?? this.clock.elapsedMs()
    this.#silentSinceMs.set(runId, sinceMs)
    return this.clock.elapsedMs() - sinceMs > SEEN_WITHIN_MS + this.setBackMs
  }

  onlyTheseAreSilent(runIds: readonly string[]): void {
    for (const runId of this.#silentSinceMs.keys()) {
      if (!runIds.includes(runId)) this.#silentSinceMs.delete(runId)
    }
  }

  /** From now on nothing goes wrong any more. */
  endFaults(): void {
    this.tell('the faults are over')
    this.#faultsAreOver = true
    this.#diskFullUntilMs = 0
    this.#startsAtMs = 0
    this.kill()
  }

  /** A second process beside the first, which ends when `retire` is called. */
  async startSecond(): Promise<void> {
    if (this.#living.length !== 1 || this.server() === undefined) return
    this.tell('a second process starts beside the first')
    await this.#boot()
  }

  async retireFirst(): Promise<void> {
    if (this.#living.length < 2) return
    const [first] = this.#living.splice(0, 1)
    this.tell('the first process is gone')
    first?.life.kill()
    await Promise.resolve()
  }

  /** Lets everything run that needs no time, and brings a process up again when none is there. */
  async rest(): Promise<void> {
    let quiet = 0
    while (quiet < QUIET_TURNS) {
      const before = this.#diskUses
      await new Promise<void>((resolve) => setImmediate(resolve))
      quiet = this.#diskUses === before ? quiet + 1 : 0
      if (this.#living.length > 0 || this.clock.elapsedMs() < this.#startsAtMs) continue
      await this.#boot()
      quiet = 0
    }
  }

  /** Fires every timer within that time, and rests after each. */
  async pass(durationMs: number): Promise<void> {
    const untilMs = this.clock.elapsedMs() + durationMs
    let atOnce = 0
    let lastMs = -1
    for (;;) {
      const isOver = !this.clock.step(untilMs - this.clock.elapsedMs())
      await this.rest()
      // A process that came up just now has timers that are due at once.
      if (isOver && !this.clock.hasDue()) return
      atOnce = this.clock.elapsedMs() === lastMs ? atOnce + 1 : 0
      lastMs = this.clock.elapsedMs()
      if (atOnce > MOST_TIMERS_AT_ONCE)
        throw new Error('timers fire without a pause: a core would burn')
    }
  }

  async #boot(): Promise<void> {
    const number = ++this.#lives
    const own = clockOfProcess(this.clock)
    const living: Living = {
      life: this.#life(await this.disk.reopen(), () => died()),
      endTimers: own.end,
    }
    const died = () => {
      this.crashes++
      this.#forget(living)
      if (this.has('downtime')) this.#stayAway()
    }
    this.#living.push(living)
    const { effects, atWork } = this
    const has = (fault: Fault) => this.has(fault)
    const { executors: random } = this.#randomOf
    const process = { random, clock: own.clock, has, process: number, effects, atWork }
    const started = startProcess({
      number,
      life: living.life,
      clock: own.clock,
      disk: this.disk,
      newId: () => this.#newId(),
      executors: builtInExecutors(process),
      isSubscribed: this.swarm.isSubscribed,
      effectHandler: (effect) => this.#carryOutHint(effect.key),
      onError: (data, message) => this.tell(`process ${number} logs: ${message} ${reasonOf(data)}`),
    })
    started.then(
      (up) => {
        if (!up.isDead()) living.process = up
      },
      (error: unknown) => {
        this.tell(`process ${number} cannot start: ${String(error)}`)
        living.life.kill()
      },
    )
    await this.#untilUp(living)
  }

  /** It comes up, or dies on the way. */
  async #untilUp(living: Living): Promise<void> {
    for (let turn = 0; turn < MOST_TIMERS_AT_ONCE; turn++) {
      if (living.process !== undefined || !this.#living.includes(living)) return
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    throw new Error('a process does not come up')
  }

  #forget(living: Living): void {
    const index = this.#living.indexOf(living)
    if (index !== -1) this.#living.splice(index, 1)
    living.endTimers()
    for (const execution of this.atWork) {
      if (execution.process === living.process?.number) this.atWork.delete(execution)
    }
  }

  #isDiskFull(): boolean {
    return this.clock.elapsedMs() < this.#diskFullUntilMs
  }

  #stayAway(): void {
    const awayMs = this.random.fork(`away ${this.#lives}`).below(15) * MINUTE_MS
    this.#startsAtMs = this.clock.elapsedMs() + awayMs
    this.excusedMs += awayMs
    // Time stops there, and finds that somebody has to be started.
    void this.clock.sleep(awayMs)
  }

  #life(store: Awaited<ReturnType<Disk['reopen']>>, onDeath: () => void): Life {
    return liveStore({
      disk: store,
      random: this.#randomOf.disk,
      has: (fault) => this.has(fault),
      isDiskFull: () => this.#isDiskFull(),
      onDeath,
      onUse: () => {
        this.#diskUses++
      },
      onRefused: () => {
        this.excusedMs += TRIES_AGAIN_MS
        this.#lastRefusedMs = this.clock.elapsedMs()
      },
      onWritten: (result) => {
        if (result.code !== 'committed' || result.rows.length === 0) return
        const from = result.rows[0]?.position ?? 0
        this.commits.push({ from, to: result.rows.at(-1)?.position ?? from })
      },
      tell: (what) => this.tell(`process ${this.#lives}: ${what}`),
    })
  }

  /** Production takes no deployments for an hour. */
  #freeze(): FileFreeze {
    const fromMs =
      this.clock.nowMs() + this.random.fork(`freeze ${this.#nextId}`).below(30) * MINUTE_MS
    const [from, to] = [fromMs, fromMs + 60 * MINUTE_MS].map((ms) => new Date(ms).toISOString())
    return { name: 'an hour of peace', stages: ['production'], from: from ?? '', to: to ?? '' }
  }

  /** In the order of time, as the server's own ids are. */
  #newId(): string {
    const count = (++this.#nextId).toString(16).padStart(ID_DIGITS, '0')
    const time = this.clock.nowMs().toString(16).padStart(ID_DIGITS, '0')
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${count}`
  }

  async #carryOutHint(key: string): Promise<{ code: 'done' } | { code: 'again'; reason: string }> {
    const random = this.#randomOf.effects
    if (this.has('effect-fails') && random.chance(1 / 3)) throw new Error('not now (simulated)')
    if (this.has('effect-fails') && random.chance(1 / 3))
      return { code: 'again', reason: 'not yet' }
    const id = key.replace('hint:', '')
    this.hints.set(id, (this.hints.get(id) ?? 0) + 1)
    await Promise.resolve()
    return { code: 'done' }
  }
}

function reasonOf(data: object): string {
  const error = 'error' in data ? data.error : undefined
  return error instanceof Error ? error.message : ''
}
