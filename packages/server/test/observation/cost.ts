// What observation costs: `node packages/server/test/observation/cost.ts`. Rows of real runs go through the wrapped store and the bare one, by turns.
import { createLog } from '../../src/adapters/system/create-log.ts'
import { createDeliveryMetrics } from '../../src/observation/delivery-metrics.ts'
import { DEFAULT_METRIC_LIMITS } from '../../src/observation/metric-limits.ts'
import { observedLog } from '../../src/observation/observed-log.ts'
import { observedStore } from '../../src/observation/observed-store.ts'
import { createPrometheusMeter } from '../../src/observation/prometheus-meter.ts'
import { createRowCounter } from '../../src/observation/row-counter.ts'
import type { CommitResult, Store, StoredEvent } from '../../src/ports/store.ts'
import { type Move, runsOf } from './run-rows.ts'

const ROUNDS = 9
const RUNS = 20_000
const NANOSECONDS_PER_MICROSECOND = 1_000n

const proceed: Move = { afterMs: 1, action: 'proceed', result: 'pass' }
const started: Move = { afterMs: 1, action: 'started', result: 'pass' }
const finished: Move = { afterMs: 1, action: 'finished', result: 'pass' }
const steps = [proceed, started, finished]
const tasks = ['deployment', 'test', 'evaluation']
const [rows = []] = runsOf([{ tasks, moves: [...steps, ...steps, ...steps] }])

/** A store that has nothing to do: what is left is what the wrapper costs. */
const idle: Pick<Store, 'commit'> = {
  commit: (unit) =>
    Promise.resolve({
      code: 'committed',
      position: 1,
      rows: unit.writes[0]?.events as unknown as readonly StoredEvent[],
    } satisfies CommitResult),
}

const meter = createPrometheusMeter(DEFAULT_METRIC_LIMITS)
const silent = createLog({ level: 'info', write: () => undefined })
const log = observedLog(silent, meter, {
  factsOf: (runId) => counter.factsOf(runId),
  tracesOn: false,
})
const history = { contextBeganMs: async () => undefined, brokenSinceMs: async () => undefined }
const delivery = createDeliveryMetrics({ meter, history, onProblem: () => undefined })
const counter = createRowCounter({ meter, delivery, log })
// Only `commit` is called.
const observed = observedStore({
  store: idle as Store,
  meter,
  onCommitted: counter.committed,
  onProblem: (error) => {
    throw error
  },
})

/** Microseconds of processor time for one run, each of its rows a commit of its own. */
async function measure(store: Pick<Store, 'commit'>): Promise<number> {
  const before = process.cpuUsage()
  for (let run = 0; run < RUNS; run++) {
    for (const row of rows) {
      const events = [row] as unknown as Parameters<Store['commit']>[0]['writes'][0]['events']
      await store.commit({
        writes: [{ stream: row.stream, expectedVersion: 'any', events }],
        nowMs: 0,
      })
    }
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / RUNS
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[values.length >> 1] ?? Number.NaN
}

await measure(idle)
await measure(observed)
const observedCosts: number[] = []
const idleCosts: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  idleCosts.push(await measure(idle))
  observedCosts.push(await measure(observed))
}
const cost = median(observedCosts) - median(idleCosts)
const began = process.hrtime.bigint()
await meter.page()
const pageMicroseconds = (process.hrtime.bigint() - began) / NANOSECONDS_PER_MICROSECOND
process.stdout.write(
  `${cost.toFixed(1)} µs of processor time for a run of ${rows.length} rows (${(cost / rows.length).toFixed(2)} µs a row), its line in the log included\n` +
    `${pageMicroseconds} µs to write the page of metrics\n`,
)
