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
  let current = -1
  let noted = new Map<number, Set<number>>()

  function find(filter: ZoneFilter): Zone[] {
    const conditions: string[] = []
    const values: SqlValue[] = []
    const add = (condition: string, ...bound: SqlValue[]) => {
      conditions.push(condition)
      values.push(...bound)
    }
    const { projectId, type, typeSuffix } = filter
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
