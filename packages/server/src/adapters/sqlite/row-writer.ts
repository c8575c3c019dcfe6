import { assert } from '@tiphys/core/assert.ts'
import type { NewEvent, StoredEvent } from '../../ports/store.ts'
import { type IndexColumns, indexColumnsOf } from '../event-log/index-columns.ts'
import { placed, serialise } from '../event-log/serialise.ts'
import { ROW_FORM } from './event-rows.ts'
import { nextHash } from './hash-chain.ts'
import { idKey, optionalIdKey } from './id-key.ts'
import { type LargeData, type SplitBody, splitLargeData } from './large-data.ts'
import type { SqliteFile } from './sqlite-file.ts'
import type { StreamHead } from './stream-heads.ts'
import type { Words } from './words.ts'
import type { Zones } from './zones.ts'

/** A row whose texts are made: later changes of the objects do not reach the log. */
export type PreparedEvent = {
  readonly entry: NewEvent
  readonly split: SplitBody
  readonly meta: string | undefined
  readonly columns: IndexColumns
}

export function prepareEvent(entry: NewEvent): PreparedEvent {
  const text = serialise(entry)
  const split = splitLargeData(entry.event, text)
  return { entry, split, meta: text.meta, columns: indexColumnsOf(entry.event) }
}

export type RowWriterParts = {
  readonly file: SqliteFile
  readonly words: Words
  readonly zones: Zones
  readonly largeData: LargeData
}

export type RowPlace = {
  readonly position: number
  readonly stream: string
  /** Moved on by the row. */
  readonly head: StreamHead
  readonly timeMs: number
}

/** Writes one row inside the current transaction. */
export type RowWriter = (event: PreparedEvent, place: RowPlace) => StoredEvent

const INSERT = `INSERT INTO events (position, stream, version, time_ms, v, project, id_key, context_key, triggered_key,
  type, stage, service, source, result, body, data_hash, meta, hash) VALUES (${Array(18).fill('?').join(', ')})`

export function createRowWriter({ file, words, zones, largeData }: RowWriterParts): RowWriter {
  const insert = file.statement(INSERT)

  return ({ entry, split, meta, columns }, { position, stream, head, timeMs }) => {
    const { projectId } = entry
    const project = words.idOfOptional(projectId)
    assert(
      project === null || project === head.project,
      `the events of stream ${stream} belong to one project`,
    )
    const { body, data } = split
    const dataHash = data === undefined ? null : Buffer.from(data.hash, 'hex')
    if (data !== undefined && dataHash !== null) largeData.write(dataHash, data.text)
    const facts = { v: ROW_FORM, timeMs, projectId, body, dataHash: data?.hash, meta }
    const hash = nextHash(head.hash, facts)
    const version = head.version + 1
    const type = words.idOf(columns.type)
    insert.run(
      position,
      head.id,
      version,
      timeMs,
      ROW_FORM,
      project,
      idKey(columns.id),
      optionalIdKey(columns.context),
      optionalIdKey(columns.triggeredId),
      type,
      words.idOfOptional(columns.stage),
      words.idOfOptional(columns.service),
      words.idOf(columns.source),
      words.idOfOptional(columns.result),
      body,
      dataHash,
      meta ?? null,
      Buffer.from(hash, 'hex'),
    )
    zones.note(position, project, type)
    head.version = version
    head.hash = hash
    return placed(entry, { position, stream, version, timeMs, projectId })
  }
}
