import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Documents } from '../../ports/documents.ts'
import type { Store } from '../../ports/store.ts'
import { createGroupWriter } from './group-writer.ts'
import { migrate } from './migrate.ts'
import { holdOwnerLock } from './owner-lock.ts'
import { createSqliteDocuments } from './sqlite-documents.ts'
import { openSqliteFile } from './sqlite-file.ts'
import { createSqliteStoreOn } from './sqlite-store.ts'

export type SqliteOptions = {
  /** The database; beside it lie `<file>-wal`, `<file>-shm` and `<file>.lock`. */
  readonly file: string
  /** A `tail` that has not taken this many rows goes back to reading from disk. */
  readonly maxBehind?: number
}

export type SqliteData = {
  readonly store: Store
  readonly documents: Documents
  /** Closes both. */
  close(): Promise<void>
}

export const MIGRATIONS = new URL('./migrations/', import.meta.url)
/** Pages of the log kept in memory; a run's rows are written and read within moments. */
const CACHE_BYTES = 8 * 1024 * 1024
const LOCK_WAIT_MS = 2_000
const OWNER_ONLY = 0o700

/**
 * Opens (and creates) the embedded store and makes this process its owner. Throws `DataFolderInUseError` when another process
 * is, `NewerDataError` when the file is ahead of this version.
 */
export function openSqlite({ file: path, maxBehind }: SqliteOptions): SqliteData {
  mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY })
  const lock = holdOwnerLock(`${path}.lock`)
  try {
    const file = openSqliteFile(path, {
      synchronous: 'FULL',
      cacheBytes: CACHE_BYTES,
      shrinks: true,
      lockWaitMs: LOCK_WAIT_MS,
    })
    try {
      migrate(file, MIGRATIONS)
    } catch (error) {
      file.close()
      throw error
    }
    const writer = createGroupWriter(file)
    const store = createSqliteStoreOn({
      file,
      writer,
      ...(maxBehind === undefined ? {} : { maxBehind }),
      release: () => {
        file.close()
        lock.release()
      },
    })
    return { store, documents: createSqliteDocuments(file, writer), close: store.close }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** The store alone. */
export function createSqliteStore(options: SqliteOptions): Store {
  return openSqlite(options).store
}
