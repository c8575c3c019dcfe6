import type { StoredEvent } from '../../ports/store.ts'
import { storedEvent } from '../event-log/serialise.ts'
import type { LargeData } from './large-data.ts'
import type { SqliteFile } from './sqlite-file.ts'
import type { Words } from './words.ts'

/** Old forms of a row are brought up to this one when they are read; there is only one so far. */
export const ROW_FORM = 1

/** What every read of events selects. */
export const EVENT_COLUMNS = `events.position, streams.name AS stream, events.version, events.time_ms, events.v,
  events.project, events.body, events.data_hash, events.meta`
export const EVENT_TABLES = 'events JOIN streams ON streams.id = events.stream'

export type EventRow = {
  position: number
  stream: string
  version: number
  time_ms: number
  v: number
  project: number | null
  body: string
  data_hash: Uint8Array | null
  meta: string | null
}

/** What SQLite takes for none. */
const NO_LIMIT = -1

export type EventReader = {
  readStream(stream: string, fromVersion: number, limit?: number): StoredEvent[]
  readAfter(position: number, limit: number): StoredEvent[]
  /** In the order given. */
  readPositions(positions: readonly number[]): StoredEvent[]
  toEvent(row: EventRow): StoredEvent
}

export function createEventReader(file: SqliteFile, words: Words, large: LargeData): EventReader {
  const selectStream = file.statement<EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM ${EVENT_TABLES}
     WHERE streams.name = ? AND events.version >= ? ORDER BY events.version LIMIT ?`,
  )
  const selectAfter = file.statement<EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM ${EVENT_TABLES} WHERE events.position > ? ORDER BY events.position LIMIT ?`,
  )
  const selectPositions = file.statement<EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM ${EVENT_TABLES} WHERE events.position IN (SELECT value FROM json_each(?))`,
  )

  function toEvent(row: EventRow): StoredEvent {
    if (row.v !== ROW_FORM) {
      throw new Error(`row ${row.position} has form ${row.v}, known is ${ROW_FORM}`)
    }
    const body = row.data_hash === null ? row.body : large.join(row.body, row.data_hash)
    const projectId = row.project === null ? undefined : words.textOf(row.project)
    const { position, stream, version, time_ms: timeMs } = row
    return storedEvent(
      { position, stream, version, timeMs, projectId },
      { body, meta: row.meta ?? undefined },
    )
  }

  return {
    toEvent,
    readStream: (stream, fromVersion, limit = NO_LIMIT) =>
      selectStream.all(stream, fromVersion, limit).map(toEvent),
    readAfter: (position, limit) => selectAfter.all(position, limit).map(toEvent),
    readPositions(positions) {
      const rows = selectPositions.all(JSON.stringify(positions))
      const byPosition = new Map(rows.map((row) => [row.position, row]))
      return positions.flatMap((position) => {
        const row = byPosition.get(position)
        return row === undefined ? [] : [toEvent(row)]
      })
    },
  }
}
