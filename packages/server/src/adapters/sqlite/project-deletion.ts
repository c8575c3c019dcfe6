import { createDeletedRows, EVERY_VERSION } from './deleted-rows.ts'
import type { SqliteFile } from './sqlite-file.ts'
import type { Words } from './words.ts'

/** Rows deleted in one transaction: each leaves its indexes too. */
const ROWS_PER_STEP = 300
const STREAMS_PER_STEP = 50

export type ProjectDeletion = {
  /** Deletes some streams of a project inside the current transaction; false when none was left. */
  deleteSome(projectId: string): boolean
}

export function createProjectDeletion(
  file: SqliteFile,
  words: Words,
  headPosition: () => number,
): ProjectDeletion {
  const raiseFloor = file.statement('UPDATE log_floor SET position = max(position, ?)')
  const streamsOf = file.statement<{ id: number; rows: number }>(
    `SELECT streams.id, (SELECT count(*) FROM events WHERE events.stream = streams.id) AS rows
     FROM streams WHERE project = ? LIMIT ${STREAMS_PER_STEP}`,
  )
  const deletedRows = createDeletedRows(file)
  const deleteBase = file.statement('DELETE FROM stream_bases WHERE stream = ?')
  const deleteEvents = file.statement('DELETE FROM events WHERE stream = ?')
  const deleteStream = file.statement('DELETE FROM streams WHERE id = ?')
  const deleteOrphans = file.statement(
    `DELETE FROM large_data WHERE NOT EXISTS
       (SELECT 1 FROM events INDEXED BY events_with_large_data WHERE events.data_hash = large_data.hash)`,
  )

  return {
    deleteSome(projectId) {
      const project = words.find(projectId)
      if (project === undefined) return false
      raiseFloor.run(headPosition())
      const streams = streamsOf.all(project)
      let deleted = 0
      for (const { id, rows } of streams) {
        if (deleted >= ROWS_PER_STEP) return true
        deletedRows.note(id, EVERY_VERSION)
        deleteEvents.run(id)
        deleteStream.run(id)
        deleteBase.run(id)
        deleted += rows
      }
      deleteOrphans.run()
      return streams.length === STREAMS_PER_STEP
    },
  }
}
