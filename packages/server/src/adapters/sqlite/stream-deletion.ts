import type { CommitResult, ForgetRequest, ForgetResult, StoredEvent } from '../../ports/store.ts'
import type { Appender, PreparedUnit } from './append.ts'
import { type DeletedRows, EVERY_VERSION } from './deleted-rows.ts'
import type { SqliteFile } from './sqlite-file.ts'
import type { StreamHeads } from './stream-heads.ts'

export type StreamDeletion = {
  /** Inside the current transaction; a refusal leaves everything as it was. */
  forget(request: ForgetRequest, record: PreparedUnit): Forgotten
}

export type Forgotten = { readonly answer: ForgetResult; readonly rows: readonly StoredEvent[] }

export type StreamDeletionParts = {
  readonly file: SqliteFile
  readonly heads: StreamHeads
  readonly deletedRows: DeletedRows
  readonly appender: Appender
}

type Stream = { id: number; is_open: number }
type Doomed = { readonly id: number; readonly upToVersion: number }

/** Deletes whole streams, or the oldest rows of one, in the transaction that records it. */
export function createStreamDeletion(parts: StreamDeletionParts): StreamDeletion {
  const { file, heads, deletedRows, appender } = parts
  const selectStream = file.statement<Stream>('SELECT id, is_open FROM streams WHERE name = ?')
  const selectRow = file.statement<{ hash: Uint8Array }>(
    'SELECT hash FROM events WHERE stream = ? AND version = ?',
  )
  const raiseFloor = file.statement('UPDATE log_floor SET position = max(position, ?)')
  const selectLarge = file.statement<{ data_hash: Uint8Array }>(
    `SELECT DISTINCT data_hash FROM events
     WHERE stream = ? AND version <= ? AND data_hash IS NOT NULL`,
  )
  const deleteEvents = file.statement('DELETE FROM events WHERE stream = ? AND version <= ?')
  const deleteStream = file.statement('DELETE FROM streams WHERE id = ?')
  const deleteBase = file.statement('DELETE FROM stream_bases WHERE stream = ?')
  const setBase = file.statement(
    'INSERT OR REPLACE INTO stream_bases (stream, version, hash) VALUES (?, ?, ?)',
  )
  const deleteOrphan = file.statement(
    `DELETE FROM large_data WHERE hash = ? AND NOT EXISTS
       (SELECT 1 FROM events INDEXED BY events_with_large_data WHERE events.data_hash = large_data.hash)`,
  )

  function deleteRows({ id, upToVersion }: Doomed): number {
    const large = selectLarge.all(id, upToVersion)
    deletedRows.note(id, upToVersion)
    const { changes } = deleteEvents.run(id, upToVersion)
    for (const { data_hash: hash } of large) deleteOrphan.run(hash)
    return changes
  }

  return {
    forget({ streams, cuts = [] }, record) {
      const doomed: { name: string; id: number }[] = []
      for (const name of streams) {
        const stream = selectStream.get(name)
        if (stream?.is_open === 1) return { answer: { code: 'open', stream: name }, rows: [] }
        if (stream !== undefined) doomed.push({ name, id: stream.id })
      }
      const written = appender.append(record)
      if (written.code !== 'committed') return { answer: refused(written), rows: [] }
      raiseFloor.run(appender.headPosition())
      let rows = 0
      for (const { name, id } of doomed) {
        rows += deleteRows({ id, upToVersion: EVERY_VERSION })
        deleteStream.run(id)
        deleteBase.run(id)
        heads.drop(name)
      }
      for (const { stream, upToVersion } of cuts) {
        const id = selectStream.get(stream)?.id
        const last = id === undefined ? undefined : selectRow.get(id, upToVersion)
        if (id === undefined || last === undefined) continue
        rows += deleteRows({ id, upToVersion })
        setBase.run(id, upToVersion, last.hash)
      }
      return {
        answer: { code: 'forgotten', rows, position: written.position },
        rows: written.rows,
      }
    },
  }
}

function refused(result: Exclude<CommitResult, { code: 'committed' }>): ForgetResult {
  return result
}
