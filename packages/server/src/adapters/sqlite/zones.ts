import type { SqliteFile, SqlValue } from './sqlite-file.ts'
import type { Words } from './words.ts'

/**
 * Which types of which projects occur where in the log: one entry for each stretch of positions, not one per row. An index over project and
 * type has a growing point for each pair, so with twenty projects every group of rows changes hundreds of its pages, and writes twice as much
 * to the WAL; this one grows by a few entries per thousand rows, and a query reads only the stretches that have what it looks for.
 */
export type Zones = {
  /** Only within a transaction. */
  note(position: number, project: number | null, type: number): void
  has(position: number, project: number | null, type: number): boolean
  /** Stretches that may hold what is looked for, the newest first. */
  find(filter: ZoneFilter): Zone[]
  /** After a rollback. */
  forget(): void
}

export type ZoneFilter = {
  readonly projectId?: string
  readonly type?: string
  readonly typeSuffix?: string
  readonly fromTimeMs?: number
  readonly beforeTimeMs?: number
}

/** Positions from the one to the other, both included. */
export type Zone = { readonly first: number; readonly last: number }

/** Positions of one stretch: read in a millisecond or two. */
export const ZONE_POSITIONS = 2_000
/** Stands for rows of no project. */
const NO_PROJECT = 0

export function createZones(file: SqliteFile, words: Words): Zones {
  const insert = file.statement(
    'INSERT OR IGNORE INTO zones (project, type, zone) VALUES (?, ?, ?)',
  )
  const select = file.statement<{ zone: number }>(
    'SELECT zone FROM zones WHERE project = ? AND type = ? AND zone = ?',
  )
  const selectBefore = file.statement<{ position: number | null }>(
    'SELECT max(position) AS position FROM events WHERE position < ?',
  )
  const insertTimes = file.statement(
    `INSERT OR REPLACE INTO zone_times (zone, first_ms, last_ms)
       SELECT ?, min(time_ms), max(time_ms) FROM events WHERE position >= ? AND position <= ?`,
  )
  let current = -1
  let noted = new Map<number, Set<number>>()

  /** The stretch before this position is full when the position is in another one. */
  function noteTimesBefore(position: number): void {
    const before = selectBefore.get(position)?.position ?? null
    if (before === null || zoneOf(before) === zoneOf(position)) return
    const { first, last } = rangeOf(zoneOf(before))
    insertTimes.run(zoneOf(before), first, last)
  }

  function find(filter: ZoneFilter): Zone[] {
    const conditions: string[] = []
    const values: SqlValue[] = []
    const add = (condition: string, ...bound: SqlValue[]) => {
      conditions.push(condition)
      values.push(...bound)
    }
    const { projectId, type, typeSuffix, fromTimeMs, beforeTimeMs } = filter
    // A text that is no word is in no row.
    if (projectId !== undefined) add('project = ?', words.find(projectId) ?? -1)
    if (type !== undefined) add('type = ?', words.find(type) ?? -1)
    if (typeSuffix !== undefined) {
      add(
        'type IN (SELECT id FROM words WHERE substr(text, -length(?)) = ?)',
        typeSuffix,
        typeSuffix,
      )
    }
    // A stretch that is not full is in no list of times, and always read.
    if (fromTimeMs !== undefined) {
      add('zone NOT IN (SELECT zone FROM zone_times WHERE last_ms < ?)', fromTimeMs)
    }
    if (beforeTimeMs !== undefined) {
      add('zone NOT IN (SELECT zone FROM zone_times WHERE first_ms >= ?)', beforeTimeMs)
    }
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    return file
      .statement<{ zone: number }>(`SELECT DISTINCT zone FROM zones ${where} ORDER BY zone DESC`)
      .all(...values)
      .map(({ zone }) => rangeOf(zone))
  }

  return {
    note(position, project, type) {
      const zone = zoneOf(position)
      if (zone !== current) {
        noteTimesBefore(position)
        current = zone
        noted = new Map()
      }
      const types = noted.get(project ?? NO_PROJECT)
      if (types?.has(type)) return
      insert.run(project ?? NO_PROJECT, type, zone)
      if (types === undefined) noted.set(project ?? NO_PROJECT, new Set([type]))
      else types.add(type)
    },
    has: (position, project, type) =>
      select.get(project ?? NO_PROJECT, type, zoneOf(position)) !== undefined,
    find,
    forget() {
      current = -1
    },
  }
}

export function zoneOf(position: number): number {
  return Math.floor(position / ZONE_POSITIONS)
}

function rangeOf(zone: number): Zone {
  return { first: zone * ZONE_POSITIONS, last: (zone + 1) * ZONE_POSITIONS - 1 }
}
