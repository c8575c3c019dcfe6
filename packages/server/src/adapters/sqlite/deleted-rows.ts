import type { SqliteFile } from './sqlite-file.ts'
import { ZONE_POSITIONS, zoneOf } from './zones.ts'

/**
 * How many rows of each stretch of the log were deleted on purpose. Positions have no other holes, so with it a row that is gone without
 * having been deleted is noticed, although nothing in its stream vouches for the last one (verify.ts).
 */
export type DeletedRows = {
  /** Counts the rows of a stream up to a version that are about to be deleted. Only within a transaction. */
  note(stream: number, upToVersion: number): void
  /** The first stretch of which fewer rows are there than should be. */
  shortfall(counted: ReadonlyMap<number, number>, head: number): MissingRows | undefined
}

export type MissingRows = {
  readonly count: number
  /** They stood between these positions, both included. */
  readonly first: number
  readonly last: number
}

/** Larger than any version. */
export const EVERY_VERSION = Number.MAX_SAFE_INTEGER

export function createDeletedRows(file: SqliteFile): DeletedRows {
  const add = file.statement(
    `INSERT INTO deleted_rows (zone, rows)
       SELECT position / ${ZONE_POSITIONS}, count(*) FROM events WHERE stream = ? AND version <= ? GROUP BY 1
     ON CONFLICT (zone) DO UPDATE SET rows = rows + excluded.rows`,
  )
  const selectAll = file.statement<{ zone: number; rows: number }>(
    'SELECT zone, rows FROM deleted_rows',
  )

  return {
    note(stream, upToVersion) {
      add.run(stream, upToVersion)
    },
    shortfall(counted, head) {
      const deleted = new Map(selectAll.all().map(({ zone, rows }) => [zone, rows]))
      for (let zone = 0; zone <= zoneOf(head); zone++) {
        const first = Math.max(zone * ZONE_POSITIONS, 1)
        const last = Math.min((zone + 1) * ZONE_POSITIONS - 1, head)
        const there = (counted.get(zone) ?? 0) + (deleted.get(zone) ?? 0)
        const count = last - first + 1 - there
        // More than there should be: rows that were counted and then deleted, by retention that goes on meanwhile.
        if (count > 0) return { count, first, last }
      }
      return undefined
    },
  }
}
