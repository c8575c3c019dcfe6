import { type EngineRate, measureEngine } from './engine-rate.ts'
import { line, median, ms, ratio, whole } from './figures.ts'
import { meanOf, measureRawSequences, RAW_EXPLAINED, type RawSequences } from './raw-share.ts'

const IN_FLIGHT = [1, 64]
const ROUNDS = 5
const ENGINE_MS = 2_000
const RAW_MS = 800
/** Before anything is measured: code is compiled while it runs. */
const WARM_UP_MS = 1_500

/** Engine and raw appends take turns, so that a busy neighbour slows both. */
export async function benchEngine(): Promise<void> {
  console.log(
    'engine: durable three-task sequences in one process, each step on disk before the next',
  )
  const { sample } = await measureEngine(Math.max(...IN_FLIGHT), WARM_UP_MS)
  for (const inFlight of IN_FLIGHT) {
    const rounds: { engine: EngineRate; raw: RawSequences; share: number }[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const before = measureRawSequences(sample, inFlight, RAW_MS)
      const engine = await measureEngine(inFlight, ENGINE_MS)
      const raw = meanOf(before, measureRawSequences(sample, inFlight, RAW_MS))
      rounds.push({ engine, raw, share: engine.sequencesPerSecond / raw.sequencesPerSecond })
    }
    const middle = (of: (round: (typeof rounds)[number]) => number) => median(rounds.map(of))
    line(
      `${inFlight} in flight`,
      `${ratio(middle(({ share }) => share))} of the raw rate (rounds ${rounds.map(({ share }) => ratio(share)).join(', ')})`,
      `${whole(middle(({ engine }) => engine.sequencesPerSecond))} sequences/s`,
      `raw ${whole(middle(({ raw }) => raw.sequencesPerSecond))} (${whole(middle(({ raw }) => raw.rowsPerSecond))} rows/s)`,
    )
    line(
      '',
      `answer to next task p50 ${ms(middle(({ engine }) => engine.nextTaskP50Ms))}, p99 ${ms(middle(({ engine }) => engine.nextTaskP99Ms))}`,
      `${middle(({ engine }) => engine.cpuMsPerSequence).toFixed(2)} ms of processor time each`,
    )
  }
  console.log(RAW_EXPLAINED)
}
