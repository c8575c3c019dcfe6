import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KeptnEvent, parseEventType } from '@tiphys/contract/event.ts'
import { Shipyard } from '@tiphys/contract/shipyard.ts'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { openSqlite } from '@tiphys/server/adapters/sqlite/open-sqlite.ts'
import type { Engine } from '@tiphys/server/engine/engine.ts'
import { startEngine } from '@tiphys/server/engine/engine-loop.ts'
import type { ProjectSnapshot } from '@tiphys/server/engine/project-snapshot.ts'
import type { Actor } from '@tiphys/server/intake/actor.ts'
import type { Clock } from '@tiphys/server/ports/clock.ts'
import type { NewEvent, StoredEvent } from '@tiphys/server/ports/store.ts'
import type { Projects } from '@tiphys/server/projects/projects.ts'

/**
 * Durable three-task sequences through the real engine and the real store, in this process: triggered, three times
 * (triggered, started, finished), finished: eleven rows, each on disk before the next step.
 */
export type EngineRate = {
  readonly inFlight: number
  readonly sequencesPerSecond: number
  readonly rowsPerSequence: number
  /** From the acceptance of an answer to the next committed `<task>.triggered`. */
  readonly nextTaskP50Ms: number
  readonly nextTaskP99Ms: number
  /** Rows as they were written, to measure the raw rate with. */
  readonly sample: readonly NewEvent[]
}

const ACTOR: Actor = { name: 'bench', scopes: ['trigger', 'answer'], projects: ['*'] }
const PROJECT_ID = 'bench'
const SAMPLE_ROWS = 5_000
const QUIET = { debug() {}, info() {}, warn() {}, error: console.error }

const SHIPYARD = Shipyard.parse({
  apiVersion: 'spec.keptn.sh/0.2.3',
  spec: {
    stages: [
      {
        name: 'dev',
        sequences: [
          { name: 'delivery', tasks: [{ name: 'deploy' }, { name: 'check' }, { name: 'report' }] },
        ],
      },
    ],
  },
})

const SNAPSHOT: ProjectSnapshot = {
  projectId: PROJECT_ID,
  project: 'bench',
  pin: { main: 'c0ffee' },
  commitId: 'c0ffee',
  shipyard: SHIPYARD,
  settings: {},
  entries: [],
  stageSettings: () => ({}),
  find: () => undefined,
  read: () => Promise.resolve(undefined),
  peek: () => undefined,
  readAt: () => Promise.resolve(undefined),
}

export async function measureEngine(inFlight: number, durationMs: number): Promise<EngineRate> {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-bench-'))
  const data = openSqlite({ file: join(folder, 'tiphys.db') })
  const driver = new Driver()
  try {
    const engine = await startEngine({
      store: data.store,
      clock: REAL_CLOCK,
      log: QUIET,
      projects: projectsWith(inFlight),
      loadedSnapshot: () => SNAPSHOT,
      executors: [],
      isSubscribed: () => true,
      onCommitted: (rows) => driver.see(rows),
    })
    const rate = await driver.run(engine, inFlight, durationMs)
    await engine.close()
    return rate
  } finally {
    await data.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

class Driver {
  readonly #ends = new Map<string, () => void>()
  readonly #answeredAt = new Map<string, number>()
  readonly #latencies: number[] = []
  readonly #sample: NewEvent[] = []
  #engine: Engine | undefined
  #rows = 0

  async run(engine: Engine, inFlight: number, durationMs: number): Promise<EngineRate> {
    this.#engine = engine
    let sequences = 0
    const startMs = performance.now()
    const slot = async (index: number) => {
      while (performance.now() - startMs < durationMs) {
        await this.#sequence(`service-${index}`)
        sequences++
      }
    }
    await Promise.all(Array.from({ length: inFlight }, (_, index) => slot(index)))
    const seconds = (performance.now() - startMs) / 1_000
    const sorted = this.#latencies.sort((left, right) => left - right)
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return {
      inFlight,
      sequencesPerSecond: sequences / seconds,
      rowsPerSequence: this.#rows / sequences,
      nextTaskP50Ms: at(0.5),
      nextTaskP99Ms: at(0.99),
      sample: this.#sample,
    }
  }

  see(rows: readonly StoredEvent[]): void {
    this.#rows += rows.length
    for (const row of rows) {
      if (this.#sample.length < SAMPLE_ROWS) this.#sample.push(row)
      const type = parseEventType(row.event.type)
      const context = row.event.shkeptncontext ?? ''
      if (type.kind === 'task' && type.action === 'triggered') {
        const sinceMs = this.#answeredAt.get(context)
        if (sinceMs !== undefined) this.#latencies.push(performance.now() - sinceMs)
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
        projectId: PROJECT_ID,
        actor: ACTOR,
      })
    Promise.all([
      answer('started', {}),
      answer('finished', {
        status: 'succeeded',
        result: 'pass',
        message: 'done',
        [task]: { took: '3s' },
      }),
    ]).catch((error: unknown) => QUIET.error(error))
  }

  async #sequence(service: string): Promise<void> {
    const context = randomUUID()
    const ended = new Promise<void>((resolve) => this.#ends.set(context, resolve))
    const event = newEvent('sh.keptn.event.dev.delivery.triggered', {
      project: 'bench',
      stage: 'dev',
      service,
      labels: { build: '42' },
      configurationChange: { values: { image: 'ghcr.io/acme/carts:1.2.3' } },
    })
    await this.#engine?.submit({
      event: { ...event, shkeptncontext: context },
      projectId: PROJECT_ID,
      actor: ACTOR,
    })
    await ended
    this.#ends.delete(context)
    this.#answeredAt.delete(context)
  }
}

function newEvent(type: string, data: KeptnEvent['data']): KeptnEvent {
  const time = formatTimestamp(Date.now())
  return { id: randomUUID(), type, source: 'bench', specversion: '1.0', time, data }
}

const REAL_CLOCK: Clock = {
  nowMs: () => Date.now(),
  sleep: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
  at(dueMs, callback) {
    const timer = setTimeout(callback, Math.max(0, dueMs - Date.now()))
    return () => clearTimeout(timer)
  },
}

/** The engine asks a project for its configuration and its services, and for nothing else here. */
function projectsWith(services: number): Projects {
  const record = {
    projectId: PROJECT_ID,
    name: 'bench',
    createdMs: 0,
    stages: ['dev'],
    shipyard: '',
    services: Array.from({ length: services }, (_, index) => ({
      name: `service-${index}`,
      createdMs: 0,
    })),
  }
  const known = {
    byId: () => record,
    snapshot: () => Promise.resolve(SNAPSHOT),
    snapshotAt: () => Promise.resolve(SNAPSHOT),
    snapshotOfCommit: () => Promise.resolve(SNAPSHOT),
  }
  return known as unknown as Projects
}
