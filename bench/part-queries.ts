import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createSqliteStore } from '@tiphys/server/adapters/sqlite/open-sqlite.ts'
import type { EventQuery, Store } from '@tiphys/server/ports/store.ts'
import { line, megabytes, ms, quantile, whole } from './figures.ts'
import { growLog } from './grow-log.ts'
import { serverFolder } from './server-process.ts'

const LOG_ROWS = 10_000_000
const OPEN_RUNS = 1_000
const SERVICES = 64
const ASKED = 20
const PROJECT_ID = 'p-large'
const DAY_MS = 24 * 60 * 60 * 1_000

/** Queries of the event log on ten million rows, straight on the store. By hand: the log takes ten gigabytes and some minutes. */
export async function benchQueries(): Promise<void> {
  console.log(`queries: of a log of ${whole(LOG_ROWS)} rows`)
  using folder = serverFolder()
  const file = join(folder.dataDir, 'tiphys.db')
  const startMs = performance.now()
  const growth = { file, projectId: PROJECT_ID, rows: LOG_ROWS, openRuns: OPEN_RUNS }
  await growLog({ ...growth, services: SERVICES })
  const madeMs = performance.now() - startMs
  line(
    'the log',
    megabytes(statSync(file).size),
    `${whole((LOG_ROWS * 1_000) / madeMs)} rows/s made`,
  )
  const openedMs = performance.now()
  const store = createSqliteStore({ file })
  try {
    const open = await store.openStreams()
    for (const stream of open) await store.read(stream)
    line(`opened, ${whole(open.length)} open runs read`, ms(performance.now() - openedMs))
    for (const [name, query] of Object.entries(await queriesOn(store))) {
      const tookMs: number[] = []
      for (let count = 0; count < ASKED; count++) {
        const askedMs = performance.now()
        await store.query(query)
        tookMs.push(performance.now() - askedMs)
      }
      line(name, `p50 ${ms(quantile(tookMs, 0.5))}, most ${ms(quantile(tookMs, 1))}`)
    }
  } finally {
    await store.close()
  }
}

async function queriesOn(store: Store): Promise<Readonly<Record<string, EventQuery>>> {
  const head = await store.headPosition()
  const [row] = await store.readLog(Math.floor(head / 2), 1)
  if (row === undefined) throw new Error('the log is empty')
  const { event, timeMs } = row
  const page = { projectId: PROJECT_ID, offset: 0, limit: 20 }
  return {
    'by id': { ...page, eventId: event.id },
    'of a context': { ...page, context: event.shkeptncontext ?? '' },
    'answers to a task': { ...page, triggeredId: event.triggeredid ?? event.id },
    'newest of a project': page,
    'newest of a type': { ...page, type: 'sh.keptn.event.check.finished' },
    'newest roots': { ...page, root: true },
    'newest of a service': { ...page, service: 'service-7' },
    'a day in the middle': { ...page, fromTimeMs: timeMs - DAY_MS, beforeTimeMs: timeMs },
    'a type that never occurs': { ...page, type: 'sh.keptn.event.nothing.finished' },
    'a result that never occurs': { ...page, result: 'nothing' },
  }
}
