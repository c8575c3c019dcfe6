import { existsSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'
import type { CopyOptions, LogCopier, LogCopy } from '../../ports/backup.ts'

/**
 * Pages of one step: 4 MB. SQLite copies them on a thread of its own. Larger steps are not faster, and hold the disk for longer than a
 * commit likes to wait.
 */
const PAGES_PER_STEP = 1_024

/**
 * Copies a database from a connection of its own that holds one reading transaction open: in WAL mode it sees one moment and stops
 * nobody. The WAL grows by what is written meanwhile. Page by page instead of VACUUM INTO, because that would rebuild every index (ten
 * times the time) on the thread of the event loop.
 */
export function createLogCopier(path: string): LogCopier {
  return {
    async copyTo(file, options = {}) {
      const source = new DatabaseSync(path)
      try {
        source.exec('PRAGMA query_only = 1; BEGIN')
        const copy = describe(source)
        await copyPages(source, file, options)
        return copy
      } finally {
        source.close()
      }
    },
  }
}

/** The first statement fixes the moment. */
function describe(source: DatabaseSync): LogCopy {
  const one = (sql: string) => Number(Object.values(source.prepare(sql).get() ?? {})[0] ?? 0)
  const texts = (sql: string) =>
    source
      .prepare(sql)
      .all()
      .map((row) => Object.values(row).map(String))
  const headPosition = one(
    'SELECT max((SELECT coalesce(max(position), 0) FROM events), (SELECT position FROM log_floor))',
  )
  const projects = texts(
    `SELECT substr(name, 9) FROM streams WHERE name >= 'project/' AND name < 'project0'`,
  )
  const secrets = texts(
    `SELECT body ->> '$.name', body ->> '$.scope' FROM documents WHERE kind = 'secret' ORDER BY key`,
  )
  return {
    form: one('PRAGMA user_version'),
    headPosition,
    projectIds: projects.map(([id = '']) => id),
    secrets: secrets.map(([name = '', scope = '']) => ({ name, scope })),
  }
}

async function copyPages(source: DatabaseSync, file: string, options: CopyOptions): Promise<void> {
  const { signal, onProgress } = options
  signal?.throwIfAborted()
  await backup(source, file, {
    rate: PAGES_PER_STEP,
    progress({ totalPages, remainingPages }) {
      // Thrown inside, it ends the copying and comes out of the call.
      signal?.throwIfAborted()
      onProgress?.(totalPages === 0 ? 1 : (totalPages - remainingPages) / totalPages)
    },
  })
  if (!existsSync(file)) throw new Error(`the copy of the log at ${file} is gone`)
}
