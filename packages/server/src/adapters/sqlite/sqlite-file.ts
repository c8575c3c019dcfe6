import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** One SQLite database with its statements kept. Everything is synchronous; who calls keeps the work of one call small. */
export type SqliteFile = {
  readonly path: string
  /** The statement of this text; prepared once. */
  statement<Row extends object = Record<string, never>>(sql: string): Statement<Row>
  exec(sql: string): void
  /** All of it or nothing; never nested. */
  transaction<T>(work: () => T): T
  close(): void
}

export type SqlValue = string | number | null | Uint8Array

export type Statement<Row extends object> = {
  get(...values: SqlValue[]): Row | undefined
  all(...values: SqlValue[]): Row[]
  run(...values: SqlValue[]): { readonly changes: number }
}

/** Queries are built from filters, so their texts are many but not without end. */
const MAX_STATEMENTS = 500

/** A WAL that grew beyond it (while a backup read the log, say) gives the rest back to the disk. */
const WAL_KEPT_BYTES = 64 * 1024 * 1024

export type SqliteFileOptions = {
  /** FULL: on disk when a transaction ends. NORMAL: whole after a power cut, but the last transactions may be missing. */
  readonly synchronous: 'FULL' | 'NORMAL'
  readonly cacheBytes: number
  /** The file can give the space of deleted rows back to the disk; counts when it is made. */
  readonly shrinks?: boolean
  /** How long somebody else's lock (a shell with an open transaction) is waited for; it stops the whole process. */
  readonly lockWaitMs: number
  /** Somebody else writes; the file must exist. */
  readonly readOnly?: boolean
}

export function openSqliteFile(path: string, options: SqliteFileOptions): SqliteFile {
  const { readOnly = false } = options
  if (!readOnly) createForOwnerOnly(path)
  const database = new DatabaseSync(path, { timeout: options.lockWaitMs, readOnly })
  const statements = new Map<string, Statement<object>>()
  try {
    database.exec(`
      ${options.shrinks === true ? 'PRAGMA auto_vacuum = INCREMENTAL;' : ''}
      ${readOnly ? '' : 'PRAGMA journal_mode = WAL;'}
      PRAGMA synchronous = ${options.synchronous};
      PRAGMA journal_size_limit = ${WAL_KEPT_BYTES};
      PRAGMA cache_size = -${Math.round(options.cacheBytes / 1024)};
    `)
  } catch (error) {
    database.close()
    throw error
  }
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')

  return {
    path,
    statement<Row extends object>(sql: string): Statement<Row> {
      const known = statements.get(sql)
      if (known !== undefined) return known as Statement<Row>
      if (statements.size >= MAX_STATEMENTS) statements.clear()
      // The rows of a statement are what its text selects; node:sqlite cannot know.
      const prepared = database.prepare(sql) as unknown as Statement<Row>
      statements.set(sql, prepared as Statement<object>)
      return prepared
    },
    exec: (sql) => database.exec(sql),
    transaction(work) {
      begin.run()
      try {
        const value = work()
        commit.run()
        return value
      } catch (error) {
        // SQLite ends the transaction by itself after some errors (disk full).
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    },
    close: () => database.close(),
  }
}

const OWNER_ONLY = 0o600

/**
 * SQLite would make the file readable for everybody on the machine, and its -wal and -shm take over its mode. A file that exists is not
 * opened here: closing it again would drop every lock that this process holds on it (POSIX).
 */
function createForOwnerOnly(path: string): void {
  try {
    closeSync(openSync(path, 'wx', OWNER_ONLY))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
