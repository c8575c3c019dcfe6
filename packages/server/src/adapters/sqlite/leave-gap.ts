import { DatabaseSync } from 'node:sqlite'
import { ZONE_POSITIONS } from './zones.ts'

/**
 * Positions that nobody will get after a restore: as many as a busy server gives in some hours, so that a reader who knows rows that were
 * lost with the old data does not take new ones for those.
 */
export const GAP_POSITIONS = 1_000_000

const HEAD =
  'SELECT max((SELECT coalesce(max(position), 0) FROM events), (SELECT position FROM log_floor)) AS position'

/** The log goes on behind a gap, which `verify` takes for rows that were deleted. The file has no other owner. */
export function leaveGap(path: string): void {
  const database = new DatabaseSync(path)
  try {
    const head = Number(database.prepare(HEAD).get()?.['position'] ?? 0)
    const last = head + GAP_POSITIONS
    database.exec('BEGIN IMMEDIATE')
    database.prepare('UPDATE log_floor SET position = ?').run(last)
    const add = database.prepare(
      `INSERT INTO deleted_rows (zone, rows) VALUES (?, ?)
       ON CONFLICT (zone) DO UPDATE SET rows = rows + excluded.rows`,
    )
    for (let first = head + 1; first <= last; ) {
      const zone = Math.floor(first / ZONE_POSITIONS)
      const next = Math.min((zone + 1) * ZONE_POSITIONS, last + 1)
      add.run(zone, next - first)
      first = next
    }
    database.exec('COMMIT')
  } finally {
    database.close()
  }
}
