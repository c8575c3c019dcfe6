import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatTimestamp } from '@tiphys/core/evaluation/timestamp.ts'
import { createSqliteStore } from '@tiphys/server/adapters/sqlite/open-sqlite.ts'
import { newId } from '@tiphys/server/adapters/system/new-id.ts'
import type { CommitUnit, NewEvent, StoredEvent } from '@tiphys/server/ports/store.ts'
import { openBenchEngine } from './bench-engine.ts'
import { ROWS_PER_SEQUENCE } from './raw-share.ts'
import { SequenceDriver } from './sequence-driver.ts'

export type Growth = {
  readonly file: string
  readonly projectId: string
  /** Rows of sequences that are over. */
  readonly rows: number
  /** Sequences whose first task waits for an answer, each in a lane of its own. */
  readonly openRuns: number
  readonly services: number
}

/** Sequences handed in together: as many rows as the store puts into one transaction. */
const GROUP = 180
/** A log that grew for years has its ids spread over time; one sequence a millisecond is close enough. */
const MS_PER_SEQUENCE = 1
/** Rows of a sequence until its first task waits. */
const OPEN_ROWS = 2

/**
 * Makes a log of many rows as the engine would have written them: one sequence is played for real, and stamped out with ids, times and services of
 * its own through the real store, so that hashes, index columns and zones are true. About 50,000 rows/s on a quiet machine.
 */
export async function growLog(growth: Growth): Promise<void> {
  const { file, projectId, rows, openRuns, services } = growth
  const template = await playOne(projectId)
  const store = createSqliteStore({ file })
  const sequences = Math.ceil(rows / ROWS_PER_SEQUENCE)
  let nowMs = Date.now() - (sequences + openRuns) * MS_PER_SEQUENCE
  let waiting: Promise<unknown>[] = []
  async function write(unit: CommitUnit): Promise<void> {
    waiting.push(store.commit(unit).then(checkCommitted))
    if (waiting.length < GROUP) return
    await Promise.all(waiting)
    waiting = []
  }
  try {
    for (let index = 0; index < sequences + openRuns; index++, nowMs += MS_PER_SEQUENCE) {
      const isOpen = index >= sequences
      const service = `service-${isOpen ? services + index - sequences : index % services}`
      const copied = isOpen ? template.slice(0, OPEN_ROWS) : template
      await write(stamp(copied, { projectId, service, nowMs, isOpen }))
    }
    await Promise.all(waiting)
  } finally {
    await store.close()
  }
}

function checkCommitted({ code }: { readonly code: string }): void {
  if (code !== 'committed') throw new Error(`a row was not written: ${code}`)
}

/** The rows of one sequence, as the engine wrote them. */
async function playOne(projectId: string): Promise<readonly StoredEvent[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-bench-'))
  const rows: StoredEvent[] = []
  const driver = new SequenceDriver(projectId)
  const { engine, close } = await openBenchEngine({
    file: join(folder, 'tiphys.db'),
    services: 1,
    projectId,
    onCommitted(committed) {
      rows.push(...committed)
      driver.see(committed)
    },
  })
  try {
    driver.drive(engine)
    await driver.play('service-0')
    return rows
  } finally {
    await close()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Stamp = {
  readonly projectId: string
  readonly service: string
  readonly nowMs: number
  readonly isOpen: boolean
}

function stamp(
  rows: readonly StoredEvent[],
  { projectId, service, nowMs, isOpen }: Stamp,
): CommitUnit {
  const ids = new Map(rows.map(({ event }) => [event.id, newId(nowMs)]))
  const idOf = (id: string | undefined) => ids.get(id ?? '') ?? id ?? ''
  const context = newId(nowMs)
  const stream = `run/${projectId}/${idOf(rows[0]?.event.id)}`
  const time = formatTimestamp(nowMs)
  const events = rows.map(({ event, meta }): NewEvent => {
    const { triggeredid } = event
    const answers = triggeredid === undefined ? {} : { triggeredid: idOf(triggeredid) }
    const own = { id: idOf(event.id), shkeptncontext: context, time, ...answers }
    const facts = meta?.['k'] === 'start' ? { ...meta, ...startOf(meta, stream, service) } : meta
    const stamped = { ...event, ...own, data: { ...event.data, service } }
    return { event: stamped, projectId, ...(facts === undefined ? {} : { meta: facts }) }
  })
  return { writes: [{ stream, expectedVersion: 0, events, open: isOpen }], nowMs }
}

function startOf(meta: NonNullable<NewEvent['meta']>, stream: string, service: string) {
  return { stream, plan: { ...(meta['plan'] as object), service } }
}
