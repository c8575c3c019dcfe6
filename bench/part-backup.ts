import { statSync } from 'node:fs'
import { copyFile, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { backupDataFolder, restoreDataFolder } from '@tiphys/server/offline-operations.ts'
import { writeBackupFile } from '@tiphys/server/operations/backup-file.ts'
import { playArrivals } from './arrivals.ts'
import { line, megabytes, ms, quantile, times } from './figures.ts'
import { growLog } from './grow-log.ts'
import { HttpDriver } from './http-driver.ts'
import { prepareProject, projectIdIn } from './server-log.ts'
import {
  type ServerFolder,
  type ServerProcess,
  serverFolder,
  startServer,
} from './server-process.ts'

const LOG_ROWS = [100_000, 1_000_000]
const SERVICES = 64
const RATE_PER_S = 50
const MEASURE_MS = 8_000
const WARM_UP_MS = 3_000

/** How long a backup and a restore take, and what a backup does to the answers that are given meanwhile. */
export async function benchBackup(): Promise<void> {
  console.log(`backup: of a running server at ${RATE_PER_S} sequences/s, and of a stopped one`)
  for (const rows of LOG_ROWS) {
    using folder = serverFolder()
    await prepareProject(folder, SERVICES)
    const database = join(folder.dataDir, 'tiphys.db')
    const projectId = await projectIdIn(database)
    await growLog({ file: database, projectId, rows, openRuns: 0, services: SERVICES })
    const label = `${rows.toLocaleString('en-US')} rows`
    line(label, megabytes(statSync(database).size))
    await whileRunning(folder)
    await offline(folder)
  }
  console.log(
    '  answers: from sending the end of a task to its 200, while a backup is made and before it',
  )
}

async function whileRunning(folder: ServerFolder): Promise<void> {
  const server = await startServer(folder)
  const file = join(dirname(folder.dataDir), 'running.tar')
  try {
    await answers(server, WARM_UP_MS)
    const before = await answers(server, MEASURE_MS)
    let backups = 0
    let tookMs = 0
    let isOver = false
    const backingUp = (async () => {
      while (!isOver) {
        tookMs += await timeOf(() => writeBackupFile(file, () => download(server)))
        backups++
      }
    })()
    const meanwhile = await answers(server, MEASURE_MS)
    isOver = true
    await backingUp
    const compare = (share: number) => {
      const [then, now] = [quantile(before, share), quantile(meanwhile, share)]
      return `${times(now / then)} (${ms(now)}, ${ms(then)})`
    }
    line(
      '  while it runs',
      ms(tookMs / backups),
      megabytes(statSync(file).size),
      `${backups} backups`,
    )
    line('  answers meanwhile', `p50 ${compare(0.5)}`, `p99 ${compare(0.99)}`)
  } finally {
    await server.stop()
  }
}

async function offline({ dataDir }: ServerFolder): Promise<void> {
  const copyMs = await timeOf(() => plainCopy(dataDir))
  const file = join(dirname(dataDir), 'offline.tar')
  const wish = { dataDir, file, hasKeyInSettings: false }
  const tookMs = await timeOf(() => backupDataFolder(wish))
  line('  of the stopped server', `${times(tookMs / copyMs)} a plain copy`, ms(tookMs), ms(copyMs))
  const restored = join(dirname(dataDir), 'restored')
  const restoreMs = await timeOf(() => restoreDataFolder({ file, dataDir: restored }))
  line('  restored and verified', `${times(restoreMs / copyMs)} a plain copy`, ms(restoreMs))
}

/** What the disk needs for the bytes alone. */
async function plainCopy(dataDir: string): Promise<void> {
  const copy = join(dirname(dataDir), 'copy.db')
  await copyFile(join(dataDir, 'tiphys.db'), copy)
  const handle = await open(copy)
  await handle.sync()
  await handle.close()
}

async function answers(server: ServerProcess, durationMs: number): Promise<readonly number[]> {
  const driver = new HttpDriver(server.pool, 'events')
  await playArrivals(RATE_PER_S, durationMs, (index) => driver.play(`service-${index % SERVICES}`))
  return driver.nextTaskMs
}

async function download({ port, token }: ServerProcess): Promise<AsyncIterable<Uint8Array>> {
  const url = `http://127.0.0.1:${port}/api/tiphys/v1/backup`
  const answer = await fetch(url, { method: 'POST', headers: { 'x-token': token } })
  if (!answer.ok || answer.body === null) throw new Error(`backup: ${answer.status}`)
  return answer.body
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}
