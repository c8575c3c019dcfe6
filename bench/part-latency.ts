import type { NewEvent } from '@tiphys/server/ports/store.ts'
import { playArrivals } from './arrivals.ts'
import { withEngine } from './engine-rate.ts'
import { line, ms, quantile, times } from './figures.ts'
import { HttpDriver } from './http-driver.ts'
import { meanOf, measureRawSequences, type RawSequences } from './raw-share.ts'
import { serverFolder, startServer } from './server-process.ts'

const RATES_PER_S = [50, 200]
const MEASURE_MS = 5_000
const WARM_UP_RATE_PER_S = 100
const WARM_UP_MS = 1_500
const RAW_MS = 500
/** More lanes than sequences that ever run at the same time, so that none waits for another. */
const SERVICES = 256

/** How long an answer takes to bring the next task, when sequences come at their own times. */
export async function benchLatency(): Promise<void> {
  console.log(
    'latency: from the acceptance of an answer to the next committed <task>.triggered, arrivals at random',
  )
  let sample: readonly NewEvent[] = []
  await withEngine(SERVICES, async (driver) => {
    const play = (index: number) => driver.play(serviceOf(index))
    await playArrivals(WARM_UP_RATE_PER_S, WARM_UP_MS, play)
    sample = driver.sample
    for (const rate of RATES_PER_S) {
      driver.nextTaskMs.length = 0
      const raw = await besideRaw(sample, () => playArrivals(rate, MEASURE_MS, play))
      print(`in process, ${rate} sequences/s`, driver.nextTaskMs, raw)
    }
  })
  await overHttp(sample)
  console.log(
    '  raw append: the three rows of one step, one step in a transaction, in the same minute',
  )
  console.log(
    '  over HTTP: from sending the end of a task to its 200, which is sent after the commit',
  )
}

async function overHttp(sample: readonly NewEvent[]): Promise<void> {
  using folder = serverFolder()
  const server = await startServer(folder)
  try {
    await new HttpDriver(server.pool, 'events').createProject(SERVICES)
    const warmUp = new HttpDriver(server.pool, 'events')
    await playArrivals(WARM_UP_RATE_PER_S, WARM_UP_MS, (index) => warmUp.play(serviceOf(index)))
    for (const rate of RATES_PER_S) {
      const driver = new HttpDriver(server.pool, 'events')
      const play = (index: number) => driver.play(serviceOf(index))
      const raw = await besideRaw(sample, () => playArrivals(rate, MEASURE_MS, play))
      print(`over HTTP, ${rate} sequences/s`, driver.nextTaskMs, raw)
    }
  } finally {
    await server.stop()
  }
}

async function besideRaw(
  sample: readonly NewEvent[],
  play: () => Promise<void>,
): Promise<RawSequences> {
  const before = measureRawSequences(sample, 1, RAW_MS)
  await play()
  return meanOf(before, measureRawSequences(sample, 1, RAW_MS))
}

function print(label: string, nextTaskMs: readonly number[], raw: RawSequences): void {
  const [p50, p99] = [quantile(nextTaskMs, 0.5), quantile(nextTaskMs, 0.99)]
  line(
    label,
    `p50 ${times(p50 / raw.stepP50Ms)}, p99 ${times(p99 / raw.stepP99Ms)} those of a raw append`,
    `p50 ${ms(p50)}, p99 ${ms(p99)}`,
    `raw ${ms(raw.stepP50Ms)}, ${ms(raw.stepP99Ms)}`,
    `${nextTaskMs.length} answers`,
  )
}

function serviceOf(index: number): string {
  return `service-${index % SERVICES}`
}
