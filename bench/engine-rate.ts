import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NewEvent } from '@tiphys/server/ports/store.ts'
import { openBenchEngine } from './bench-engine.ts'
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

/** So many sequences at a time, each in a lane of its own, the next one as soon as the last one is over. */
export async function measureEngine(inFlight: number, durationMs: number): Promise<EngineRate> {
  return await withEngine(inFlight, async (driver) => {
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
  const driver = new SequenceDriver()
  try {
    const file = join(folder, 'tiphys.db')
    const { engine, close } = await openBenchEngine({ file, services, onCommitted: driver.see })
    driver.drive(engine)
    try {
      return await measure(driver)
    } finally {
      await close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
