import type { CommitResult, CommitUnit, StoredEvent } from '../../ports/store.ts'
import { type LogState, refusalOf } from '../event-log/refusal.ts'
import {
  createRowWriter,
  type PreparedEvent,
  prepareEvent,
  type RowWriterParts,
} from './row-writer.ts'
import type { StreamHeads } from './stream-heads.ts'

/** A unit as it was handed in. */
export type PreparedUnit = {
  readonly unit: CommitUnit
  readonly writes: readonly (readonly PreparedEvent[])[]
  readonly rows: number
}

export function prepareUnit(unit: CommitUnit): PreparedUnit {
  const writes = unit.writes.map(({ events }) => events.map(prepareEvent))
  return { unit, writes, rows: writes.reduce((sum, events) => sum + events.length, 1) }
}

export type AppenderParts = RowWriterParts & {
  readonly heads: StreamHeads
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

/** The largest position ever given, also when its row was deleted. */
export const MAX_POSITION =
  'SELECT max((SELECT coalesce(max(position), 0) FROM events), (SELECT position FROM log_floor)) AS position'

export function createAppender(parts: AppenderParts): Appender {
  const { words, heads } = parts
  const writeRow = createRowWriter(parts)
  const selectMax = parts.file.statement<{ position: number }>(MAX_POSITION)
  let lastPosition: number | undefined

  const headPosition = () => {
    lastPosition ??= selectMax.get()?.position ?? 0
    return lastPosition
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
        const head = known ?? heads.create(stream, project, open ?? false)
        for (const event of events) {
          const position = headPosition() + 1
          rows.push(writeRow(event, { position, stream, head, timeMs: unit.nowMs }))
          lastPosition = position
        }
        if (open !== undefined) heads.setOpen(head, open)
      }
      parts.addSideRows(unit)
      return { code: 'committed', position: headPosition(), rows }
    },
    headPosition,
    forget() {
      lastPosition = undefined
    },
  }
}
