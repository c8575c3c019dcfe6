import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROJECT } from './bench-engine.ts'
import { type EngineRate, measureEngine } from './engine-rate.ts'
import { line, median, megabytes, ms, ratio, whole } from './figures.ts'
import { growLog } from './grow-log.ts'
import { measureLists, printLists } from './list-times.ts'
import { benchOpenRuns } from './open-runs.ts'
import { prepareProject, projectIdIn } from './server-log.ts'
import { type ServerFolder, serverFolder, startServer } from './server-process.ts'

const ROUNDS = 5
const IN_FLIGHT = 64
const ENGINE_MS = 2_000
const WARM_UP_MS = 1_500
const LOG_ROWS = 1_000_000
const OPEN_RUNS = 1_000
const SERVICES = 64
const STARTS = 5
/** What stays after this is what idling costs: the thread that folds is let go after ten seconds. */
const IDLE_MS = 15_000

/** One process with much behind it and much in flight. By hand: the log takes a gigabyte and a minute or two. */
export async function benchScale(): Promise<void> {
  console.log(`scale: a log of ${whole(LOG_ROWS)} rows, ${whole(OPEN_RUNS)} open runs`)
  await benchOpenRuns()
  using folder = serverFolder()
  await prepareProject(folder, SERVICES)
  const file = join(folder.dataDir, 'tiphys.db')
  const startMs = performance.now()
  const projectId = await projectIdIn(file)
  await growLog({ file, projectId, rows: LOG_ROWS, openRuns: OPEN_RUNS, services: SERVICES })
  const tookMs = performance.now() - startMs
  line(
    'the log',
    `${megabytes(statSync(file).size)}, ${whole((LOG_ROWS * 1_000) / tookMs)} rows/s made`,
  )
  await rateOnLog(file, projectId)
  await starts(folder)
}

/** The same engine on a copy of the log and on an empty one, in turns. */
async function rateOnLog(file: string, projectId: string): Promise<void> {
  await measureEngine(IN_FLIGHT, WARM_UP_MS)
  const rounds: { empty: EngineRate; large: EngineRate }[] = []
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-bench-'))
  const copy = join(folder, 'tiphys.db')
  try {
    copyFileSync(file, copy)
    for (let round = 0; round < ROUNDS; round++) {
      const empty = await measureEngine(IN_FLIGHT, ENGINE_MS)
      const large = await measureEngine(IN_FLIGHT, ENGINE_MS, { file: copy, projectId })
      rounds.push({ empty, large })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const middle = (of: (round: (typeof rounds)[number]) => number) => median(rounds.map(of))
  const shares = rounds.map(
    ({ empty, large }) => large.sequencesPerSecond / empty.sequencesPerSecond,
  )
  line(
    `rate on it, ${IN_FLIGHT} in flight`,
    `${ratio(median(shares))} of an empty log's (rounds ${shares.map(ratio).join(', ')})`,
    `${whole(middle(({ large }) => large.sequencesPerSecond))} and ${whole(middle(({ empty }) => empty.sequencesPerSecond))} sequences/s`,
    `processor time each ${middle(({ large }) => large.cpuMsPerSequence).toFixed(2)} and ${middle(({ empty }) => empty.cpuMsPerSequence).toFixed(2)} ms`,
  )
}

async function starts(folder: ServerFolder): Promise<void> {
  const first = await startServer(folder)
  // Not part of any figure below: it is ready when everything is folded once.
  const foldMs = first.readyMs
  await first.stop()
  const readyMs: number[] = []
  for (let count = 0; count < STARTS - 1; count++) {
    const server = await startServer(folder)
    readyMs.push(server.readyMs)
    await server.stop()
  }
  const server = await startServer(folder)
  try {
    readyMs.push(server.readyMs)
    line('ready after', ms(median(readyMs)), `starts ${readyMs.map(ms).join(', ')}`)
    line('folding all of it once', ms(foldMs), `${whole((LOG_ROWS * 1_000) / foldMs)} rows/s`)
    printLists(await measureLists(server, PROJECT))
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
    const usage = server.usage()
    if (usage !== undefined) {
      line('memory, idle', megabytes(usage.residentBytes), `${megabytes(usage.peakBytes)} at most`)
    }
  } finally {
    await server.stop()
  }
}
