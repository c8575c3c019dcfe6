import type { NewEvent } from '@tiphys/server/ports/store.ts'
import { BatchedDriver } from './batched-driver.ts'
import { measureEngine } from './engine-rate.ts'
import { line, median, megabytes, ms, percent, quantile, ratio, whole } from './figures.ts'
import { HttpDriver } from './http-driver.ts'
import { meanOf, measureRawSequences, RAW_EXPLAINED, type RawSequences } from './raw-share.ts'
import { type ServerProcess, serverFolder, startServer } from './server-process.ts'

const IN_FLIGHT = 64
const ROUNDS = 5
const SERVER_MS = 2_000
const RAW_MS = 600
const WARM_UP_MS = 2_000

/** How tasks are answered. */
type Form = 'events' | 'result' | 'batched'
type Driver = HttpDriver | BatchedDriver

const FORMS: Readonly<Record<Form, string>> = {
  events: 'started and finished as events',
  result: 'one call for both (…/result)',
  batched: 'batches (events, results, open)',
}

type Round = {
  readonly driver: Driver
  readonly sequencesPerSecond: number
  readonly requestsPerSequence: number
  readonly serverCores: number | undefined
  readonly driverCores: number
  readonly raw: RawSequences
}

/** The same sequences over HTTP: a server process as users run it, and this process as the services around it. */
export async function benchHttp(): Promise<void> {
  console.log(`http: durable three-task sequences over HTTP, ${IN_FLIGHT} in flight`)
  const { sample } = await measureEngine(IN_FLIGHT, WARM_UP_MS)
  using folder = serverFolder()
  const server = await startServer(folder)
  try {
    await new HttpDriver(server.pool, 'events').createProject(IN_FLIGHT)
    const idle = server.usage()
    await playClosed(server, 'events', WARM_UP_MS)
    for (const form of ['events', 'result', 'batched'] as const) {
      const rounds: Round[] = []
      for (let round = 0; round < ROUNDS; round++) rounds.push(await play(server, form, sample))
      print(form, rounds)
    }
    const loaded = server.usage()
    if (idle !== undefined && loaded !== undefined) {
      line(
        'memory of the server',
        `${megabytes(loaded.peakBytes)} at most under this load`,
        `${megabytes(idle.residentBytes)} before it`,
      )
    }
  } finally {
    await server.stop()
  }
  console.log(RAW_EXPLAINED)
  console.log(DRIVER_EXPLAINED)
}

async function play(
  server: ServerProcess,
  form: Form,
  sample: readonly NewEvent[],
): Promise<Round> {
  const before = measureRawSequences(sample, IN_FLIGHT, RAW_MS)
  const played = await playClosed(server, form, SERVER_MS)
  const raw = meanOf(before, measureRawSequences(sample, IN_FLIGHT, RAW_MS))
  return { ...played, raw }
}

async function playClosed(server: ServerProcess, form: Form, durationMs: number) {
  const driver: Driver =
    form === 'batched' ? new BatchedDriver(server.pool) : new HttpDriver(server.pool, form)
  const [serverBefore, driverBefore] = [server.usage(), process.cpuUsage()]
  const startMs = performance.now()
  let sequences = 0
  const slot = async (_: unknown, index: number) => {
    while (performance.now() - startMs < durationMs) {
      await driver.play(`service-${index}`)
      sequences += 1
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, slot))
  const tookMs = performance.now() - startMs
  const serverAfter = server.usage()
  const { user, system } = process.cpuUsage(driverBefore)
  return {
    driver,
    sequencesPerSecond: (sequences * 1_000) / tookMs,
    requestsPerSequence: driver.requests / sequences,
    serverCores: serverBefore && serverAfter && (serverAfter.cpuMs - serverBefore.cpuMs) / tookMs,
    driverCores: (user + system) / 1_000 / tookMs,
  }
}

function print(form: Form, rounds: readonly Round[]): void {
  const middle = (of: (round: Round) => number) => median(rounds.map(of))
  const shares = rounds.map(
    ({ sequencesPerSecond, raw }) => sequencesPerSecond / raw.sequencesPerSecond,
  )
  line(
    FORMS[form],
    `${ratio(median(shares))} of the raw rate (rounds ${shares.map(ratio).join(', ')})`,
    `${whole(middle(({ sequencesPerSecond }) => sequencesPerSecond))} sequences/s`,
    `raw ${whole(middle(({ raw }) => raw.sequencesPerSecond))}`,
  )
  const cpuMs = (cores: (round: Round) => number) =>
    middle((round) => (cores(round) * 1_000) / round.sequencesPerSecond).toFixed(1)
  const answers = rounds.flatMap(({ driver }) => driver.nextTaskMs)
  line(
    '',
    `answer to next task p50 ${ms(quantile(answers, 0.5))}, p99 ${ms(quantile(answers, 0.99))}`,
    `${middle(({ requestsPerSequence }) => requestsPerSequence).toFixed(1)} requests each`,
    `processor time each: server ${cpuMs(({ serverCores }) => serverCores ?? Number.NaN)} ms (${percent(middle(({ serverCores }) => serverCores ?? Number.NaN))} of a core), driver ${cpuMs(({ driverCores }) => driverCores)} ms`,
  )
}

const DRIVER_EXPLAINED = `  driver: keep-alive connections, one request at a time on each; it learns of open tasks from the list of open
  events (GET …/event/triggered/<type>), at most one such request at a time for each task, never on a timer`
