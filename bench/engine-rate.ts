import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NewEvent } from '@tiphys/server/ports/store.ts'
import { openBenchEngine, PROJECT } from './bench-engine.ts'
import { quantile } from './figures.ts'
import { SequenceDriver } from './sequence-driver.ts'

/**
 * Durable three-task sequences through the real engine and the real store, in this process: triggered, three times
 * (triggered, started, finished), finished: eleven rows, each on disk before the next step.
 */
export type EngineRate = {
  readonly inFlight: number
  readonly sequencesPerSecond: number
  readonly rowsPerSequence: number
  /** Processor time of this process for one, the driver's part included: it hardly changes when neighbours are busy. */
  readonly cpuMsPerSequence: number
  /** From the acceptance of an answer to the next committed `<task>.triggered`. */
  readonly nextTaskP50Ms: number
  readonly nextTaskP99Ms: number
  /** Rows as they were written, to measure the raw rate with. */
  readonly sample: readonly NewEvent[]
}

/** An existing log, and the project in it. */
export type BenchLog = { readonly file: string; readonly projectId: string }

/**
 * So many sequences at a time, each in a lane of its own, the next one as soon as the last one is over; on a new log unless one
 * is named.
 */
export async function measureEngine(
  inFlight: number,
  durationMs: number,
  log?: BenchLog,
): Promise<EngineRate> {
  const measured = log === undefined ? withEngine : withEngineOn(log)
  return await measured(inFlight, async (driver) => {
    let sequences = 0
    const [startMs, cpuBefore] = [performance.now(), process.cpuUsage()]
    const slot = async (_: unknown, index: number) => {
      while (performance.now() - startMs < durationMs) {
        await driver.play(`service-${index}`)
        sequences++
      }
    }
    await Promise.all(Array.from({ length: inFlight }, slot))
    const seconds = (performance.now() - startMs) / 1_000
    const { user, system } = process.cpuUsage(cpuBefore)
    return {
      inFlight,
      sequencesPerSecond: sequences / seconds,
      rowsPerSequence: driver.rows / sequences,
      cpuMsPerSequence: (user + system) / 1_000 / sequences,
      nextTaskP50Ms: quantile(driver.nextTaskMs, 0.5),
      nextTaskP99Ms: quantile(driver.nextTaskMs, 0.99),
      sample: driver.sample,
    }
  })
}

/** An engine on a log of its own that is thrown away afterwards. */
export async function withEngine<T>(
  services: number,
  measure: (driver: SequenceDriver) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-bench-'))
  try {
    const log = { file: join(folder, 'tiphys.db'), projectId: PROJECT }
    return await withEngineOn(log)(services, measure)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function withEngineOn({ file, projectId }: BenchLog): typeof withEngine {
  return async (services, measure) => {
    const driver = new SequenceDriver(projectId)
    const options = { file, services, projectId, onCommitted: driver.see }
    const { engine, close } = await openBenchEngine(options)
    driver.drive(engine)
    try {
      return await measure(driver)
    } finally {
      await close()
    }
  }
}
