import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { newId } from '@tiphys/server/adapters/system/new-id.ts'
import { openBenchEngine } from './bench-engine.ts'
import { line, median, megabytes, ms, times, whole } from './figures.ts'
import type { ProcessUsage } from './process-usage.ts'
import { ROWS_PER_SEQUENCE } from './raw-share.ts'
import { SequenceDriver } from './sequence-driver.ts'
import { prepareProject, projectIdIn } from './server-log.ts'
import { type ServerFolder, serverFolder, startServer } from './server-process.ts'

const STARTS = 5
const LOG_ROWS = 100_000
const OPEN_RUNS = 100
const IN_FLIGHT = 64
/** A server that just started has garbage, and a thread that folds is let go after ten seconds; what stays is what idling costs. */
const IDLE_MS = 12_000
const OK = 200

/** How long the process takes to be ready, and what it takes in memory, with nothing in its log and with much. */
export async function benchStart(): Promise<void> {
  console.log('start: from the start of the process to its first 200 on /readyz')
  const bareMs = median(Array.from({ length: STARTS }, startBareNode))
  {
    using folder = serverFolder()
    const first = await start(folder)
    line('for the first time ever', `${times(first.readyMs / bareMs)} bare node`, ms(first.readyMs))
    report('empty data folder', await starts(folder), bareMs)
  }
  {
    using folder = serverFolder()
    await start(folder)
    await fillLog(folder)
    const filled = await starts(folder)
    report(`${whole(LOG_ROWS)} rows, ${OPEN_RUNS} open runs`, filled, bareMs)
    // The first start is ready when everything is folded.
    const foldMs = filled[0]?.readyMs ?? Number.NaN
    const laterMs = filled.slice(1).map(({ firstListMs }) => firstListMs)
    line(
      '',
      `everything folded at the first start after ${ms(foldMs)} (${whole((LOG_ROWS * 1_000) / foldMs)} rows/s folded), later starts ${ms(median(laterMs))}`,
    )
  }
  console.log(`  bare node: node -e 0, ${ms(bareMs)}; promised: idle under 150 MB`)
}

type Start = {
  readonly readyMs: number
  readonly firstListMs: number
  readonly usage: ProcessUsage | undefined
}

async function starts(folder: ServerFolder): Promise<Start[]> {
  const all: Start[] = []
  for (let count = 0; count < STARTS; count++) all.push(await start(folder, count === STARTS - 1))
  return all
}

async function start(folder: ServerFolder, isIdling = false): Promise<Start> {
  const server = await startServer(folder)
  try {
    const askedMs = performance.now()
    const { status } = await server.pool.request('GET', '/api/tiphys/v1/runs?pageSize=20')
    if (status !== OK) throw new Error(`GET /api/tiphys/v1/runs: ${status}`)
    const firstListMs = performance.now() - askedMs
    if (isIdling) await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
    return { readyMs: server.readyMs, firstListMs, usage: server.usage() }
  } finally {
    await server.stop()
  }
}

function report(label: string, all: readonly Start[], bareMs: number): void {
  const readyMs = median(all.map((one) => one.readyMs))
  const usage = all.at(-1)?.usage
  line(
    label,
    `${times(readyMs / bareMs)} bare node`,
    ms(readyMs),
    ...(usage === undefined ? [] : [`idle ${megabytes(usage.residentBytes)}`]),
  )
}

/** A project made through the API, then runs by the engine itself on the same log, most of them over. */
async function fillLog(folder: ServerFolder): Promise<void> {
  await prepareProject(folder, IN_FLIGHT)
  const file = join(folder.dataDir, 'tiphys.db')
  const projectId = await projectIdIn(file)
  const driver = new SequenceDriver(projectId)
  const options = { file, services: IN_FLIGHT, projectId, onCommitted: driver.see }
  const { engine, close } = await openBenchEngine(options)
  driver.drive(engine)
  let left = Math.ceil(LOG_ROWS / ROWS_PER_SEQUENCE)
  const slot = async (_: unknown, index: number) => {
    while (left-- > 0) await driver.play(`service-${index}`)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, slot))
  for (let index = 0; index < OPEN_RUNS; index++) {
    await driver.trigger(`service-${index % IN_FLIGHT}`, newId(Date.now()))
  }
  await close()
}

function startBareNode(): number {
  const startMs = performance.now()
  spawnSync(process.execPath, ['-e', '0'])
  return performance.now() - startMs
}
