import { hash as digest } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { indexColumnsOf } from '../event-log/index-columns.ts'
import { createDeletedRows, type MissingRows } from './deleted-rows.ts'
import { EVENT_COLUMNS, EVENT_TABLES, type EventReader, type EventRow } from './event-rows.ts'
import { firstHash, nextHash } from './hash-chain.ts'
import { idKey, optionalIdKey } from './id-key.ts'
import type { LargeData } from './large-data.ts'
import type { SqliteFile } from './sqlite-file.ts'
import type { Words } from './words.ts'
import { type Zones, zoneOf } from './zones.ts'

export type Verification = {
  readonly rows: number
  readonly broken?: { readonly stream: string; readonly version: number }
  readonly missing?: MissingRows
}

export type VerifyParts = {
  readonly file: SqliteFile
  readonly words: Words
  readonly zones: Zones
  readonly reader: EventReader
  readonly largeData: LargeData
  readonly headPosition: () => number
}

type Row = EventRow & {
  stream_id: number
  id_key: number
  context_key: number | null
  triggered_key: number | null
  type: number
  stage: number | null
  service: number | null
  source: number
  result: number | null
  hash: Uint8Array
}

/** Rows of one statement: a few milliseconds of reading and hashing. */
const PAGE_ROWS = 250
const PAGE = `SELECT ${EVENT_COLUMNS}, events.stream AS stream_id, id_key, context_key, triggered_key, type, stage, service,
  source, result, hash FROM ${EVENT_TABLES}
  WHERE (events.stream, events.version) > (?, ?) ORDER BY events.stream, events.version LIMIT ?`

/** Walks through every stream and recomputes what its rows say of themselves. */
export async function verifyLog(parts: VerifyParts): Promise<Verification> {
  const page = parts.file.statement<Row>(PAGE)
  const selectBase = parts.file.statement<{ version: number; hash: Uint8Array }>(
    'SELECT version, hash FROM stream_bases WHERE stream = ?',
  )
  const head = parts.headPosition()
  const inZone = new Map<number, number>()
  let rows = 0
  let place = { stream: 0, version: 0, hash: '' }
  for (;;) {
    const found = page.all(place.stream, place.version, PAGE_ROWS)
    for (const row of found) {
      const isNewStream = row.stream_id !== place.stream
      const base = isNewStream ? selectBase.get(row.stream_id) : undefined
      const start = base === undefined ? firstHash(row.stream) : hex(base.hash)
      const expectedVersion = isNewStream ? (base?.version ?? 0) + 1 : place.version + 1
      const previous = isNewStream ? start : place.hash
      const hash = hex(row.hash)
      const isWhole =
        row.version === expectedVersion &&
        hash === recomputed(parts, previous, row) &&
        hasItsColumns(parts, row)
      if (!isWhole) return { rows, broken: { stream: row.stream, version: expectedVersion } }
      rows += 1
      if (row.position <= head) {
        const zone = zoneOf(row.position)
        inZone.set(zone, (inZone.get(zone) ?? 0) + 1)
      }
      place = { stream: row.stream_id, version: row.version, hash }
    }
    if (found.length < PAGE_ROWS) break
    await nextTurn()
  }
  const missing = createDeletedRows(parts.file).shortfall(inZone, head)
  return missing === undefined ? { rows } : { rows, missing }
}

function hex(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex')
}

function recomputed({ words, largeData }: VerifyParts, previous: string, row: Row): string {
  const dataHash =
    row.data_hash === null ? undefined : digest('sha256', largeData.read(row.data_hash), 'hex')
  return nextHash(previous, {
    v: row.v,
    timeMs: row.time_ms,
    projectId: row.project === null ? undefined : words.textOf(row.project),
    body: row.body,
    dataHash,
    meta: row.meta ?? undefined,
  })
}

/** The columns follow from the event: a `result` that was turned to `pass` would otherwise deceive queries. */
function hasItsColumns({ words, zones, reader }: VerifyParts, row: Row): boolean {
  const columns = indexColumnsOf(reader.toEvent(row).event)
  const textOf = (word: number | null) => (word === null ? undefined : words.textOf(word))
  return (
    zones.has(row.position, row.project, row.type) &&
    row.id_key === idKey(columns.id) &&
    row.context_key === optionalIdKey(columns.context) &&
    row.triggered_key === optionalIdKey(columns.triggeredId) &&
    textOf(row.type) === columns.type &&
    textOf(row.stage) === columns.stage &&
    textOf(row.service) === columns.service &&
    textOf(row.source) === columns.source &&
    textOf(row.result) === columns.result
  )
}
