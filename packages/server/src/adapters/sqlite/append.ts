import { assert } from '@tiphys/core/assert.ts'
import type { CommitResult, CommitUnit, NewEvent, StoredEvent } from '../../ports/store.ts'
import { type IndexColumns, indexColumnsOf } from '../event-log/index-columns.ts'
import { type LogState, refusalOf } from '../event-log/refusal.ts'
import { placed, serialise } from '../event-log/serialise.ts'
import { nextHash } from './hash-chain.ts'
import { idKey, optionalIdKey } from './id-key.ts'
import { type LargeData, type SplitBody, splitLargeData } from './large-data.ts'
import type { SqliteFile } from './sqlite-file.ts'
import type { StreamHead, StreamHeads } from './stream-heads.ts'
import type { Words } from './words.ts'

/** Old forms of a row are brought up to this one when they are read; there is only one so far. */
export const ROW_FORM = 1

/** A unit as it was handed in: texts are made then, so that later changes of the objects do not reach the log. */
export type PreparedUnit = {
  readonly unit: CommitUnit
  readonly writes: readonly (readonly PreparedEvent[])[]
  readonly rows: number
}

export type PreparedEvent = {
  readonly entry: NewEvent
  readonly split: SplitBody
  readonly meta: string | undefined
  readonly columns: IndexColumns
}

export function prepareUnit(unit: CommitUnit): PreparedUnit {
  const writes = unit.writes.map(({ events }) => events.map(prepareEvent))
  return { unit, writes, rows: writes.reduce((sum, events) => sum + events.length, 1) }
}

function prepareEvent(entry: NewEvent): PreparedEvent {
  const text = serialise(entry)
  const split = splitLargeData(entry.event, text)
  return { entry, split, meta: text.meta, columns: indexColumnsOf(entry.event) }
}

export type AppenderParts = {
  readonly file: SqliteFile
  readonly words: Words
  readonly heads: StreamHeads
  readonly largeData: LargeData
  readonly liveValueOf: LogState['liveValueOf']
  readonly addSideRows: (unit: CommitUnit) => void
}

export type Appender = {
  /** Checks and writes one unit inside the current transaction. */
  append(prepared: PreparedUnit): CommitResult
  headPosition(): number
  /** After a rollback: the next position is read again. */
  forget(): void
}

const INSERT = `INSERT INTO events (position, stream, version, time_ms, v, project, id_key, context_key, triggered_key,
  type, stage, service, source, result, body, data_hash, meta, hash) VALUES (${Array(18).fill('?').join(', ')})`
const MAX_POSITION =
  'SELECT max((SELECT coalesce(max(position), 0) FROM events), (SELECT position FROM log_floor)) AS position'

export function createAppender(parts: AppenderParts): Appender {
  const { words, heads, largeData } = parts
  const insert = parts.file.statement(INSERT)
  const selectMax = parts.file.statement<{ position: number }>(MAX_POSITION)
  let head: number | undefined

  const headPosition = () => {
    head ??= selectMax.get()?.position ?? 0
    return head
  }

  function appendRow(stream: string, at: StreamHead, event: PreparedEvent, timeMs: number) {
    const { entry, split, meta, columns } = event
    const { projectId } = entry
    const project = words.idOfOptional(projectId)
    assert(
      project === null || project === at.project,
      `the events of stream ${stream} belong to one project`,
    )
    const dataHash = split.data === undefined ? null : Buffer.from(split.data.hash, 'hex')
    if (split.data !== undefined && dataHash !== null) largeData.write(dataHash, split.data.text)
    const hash = nextHash(at.hash, {
      v: ROW_FORM,
      timeMs,
      projectId,
      body: split.body,
      dataHash: split.data?.hash,
      meta,
    })
    const position = headPosition() + 1
    insert.run(
      position,
      at.id,
      at.version + 1,
      timeMs,
      ROW_FORM,
      project,
      idKey(columns.id),
      optionalIdKey(columns.context),
      optionalIdKey(columns.triggeredId),
      words.idOf(columns.type),
      words.idOfOptional(columns.stage),
      words.idOfOptional(columns.service),
      words.idOf(columns.source),
      words.idOfOptional(columns.result),
      split.body,
      dataHash,
      meta ?? null,
      Buffer.from(hash, 'hex'),
    )
    head = position
    at.version += 1
    at.hash = hash
    return placed(entry, { position, stream, version: at.version, timeMs, projectId })
  }

  return {
    append({ unit, writes }) {
      const refusal = refusalOf(unit, {
        versionOf: (stream) => heads.find(stream)?.version ?? 0,
        liveValueOf: parts.liveValueOf,
      })
      if (refusal !== undefined) return refusal
      const rows: StoredEvent[] = []
      for (const [index, { stream, open }] of unit.writes.entries()) {
        const events = writes[index] ?? []
        const known = heads.find(stream)
        if (known === undefined && events.length === 0) continue
        const project = words.idOfOptional(events[0]?.entry.projectId)
        const at = known ?? heads.create(stream, project, open ?? false)
        for (const event of events) rows.push(appendRow(stream, at, event, unit.nowMs))
        if (open !== undefined) heads.setOpen(at, open)
      }
      parts.addSideRows(unit)
      return { code: 'committed', position: headPosition(), rows }
    },
    headPosition,
    forget() {
      head = undefined
    },
  }
}
