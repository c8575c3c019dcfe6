import { newId } from '@tiphys/server/adapters/system/new-id.ts'
import { withEngine } from './engine-rate.ts'
import { line, median, ratio } from './figures.ts'
import type { SequenceDriver } from './sequence-driver.ts'

const ROUNDS = 5
const MEASURE_MS = 1_500
const WARM_UP_MS = 1_000
const IN_FLIGHT = 64
const OPEN_RUNS = 2_000
const LANES = 10_000

/** What a sequence costs while many others are open, and when every sequence runs in another lane: it must not grow with either. */
export async function benchOpenRuns(): Promise<void> {
  const rounds: { few: number; open: number; lanes: number }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({
      few: await measure(0, IN_FLIGHT),
      open: await measure(OPEN_RUNS, IN_FLIGHT),
      lanes: await measure(OPEN_RUNS, LANES),
    })
  }
  const middle = (of: (round: (typeof rounds)[number]) => number) => median(rounds.map(of))
  const few = middle((round) => round.few)
  const told = (label: string, cpuMs: number) =>
    line(
      label,
      `${ratio(cpuMs / few)} of the processor time with none`,
      `${cpuMs.toFixed(2)} ms a sequence`,
    )
  line(
    `${IN_FLIGHT} in flight, nothing else open`,
    `${few.toFixed(2)} ms of processor time a sequence`,
  )
  told(
    `  beside ${OPEN_RUNS} open runs`,
    middle((round) => round.open),
  )
  told(
    `  and over ${LANES} lanes`,
    middle((round) => round.lanes),
  )
}

/** Milliseconds of processor time for a sequence, the driver's part included. */
async function measure(openRuns: number, lanes: number): Promise<number> {
  return await withEngine(lanes + openRuns, async (driver) => {
    for (let index = 0; index < openRuns; index++) {
      await driver.trigger(`service-${lanes + index}`, newId(Date.now()))
    }
    await play(driver, lanes, WARM_UP_MS)
    const before = process.cpuUsage()
    const sequences = await play(driver, lanes, MEASURE_MS)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000 / sequences
  })
}

async function play(driver: SequenceDriver, lanes: number, durationMs: number): Promise<number> {
  const startMs = performance.now()
  let sequences = 0
  const slot = async (_: unknown, slotIndex: number) => {
    for (let turn = 0; performance.now() - startMs < durationMs; turn++) {
      await driver.play(`service-${(slotIndex + turn * IN_FLIGHT) % lanes}`)
      sequences += 1
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, slot))
  return sequences
}
