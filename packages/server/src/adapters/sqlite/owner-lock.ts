import { DatabaseSync } from 'node:sqlite'
import { forgetOwner, noteOwner, ownerText } from './owner-note.ts'

/** A second process opened a data folder that has an owner. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError'
}

const SQLITE_BUSY = 5

/**
 * Makes this process the owner of a data folder, until it releases it or dies: an exclusive lock of the operating system on a file
 * beside the log, held by SQLite because Node offers none of its own. A pid file would survive a crash and lie.
 * The lock is not taken on the log itself, so that an operator can read that with the sqlite3 shell.
 */
export function holdOwnerLock(lockFile: string): { release(): void } {
  const database = new DatabaseSync(lockFile, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (errorCodeOf(error) !== SQLITE_BUSY) throw error
    throw new DataFolderInUseError(
      `another Tiphys process${ownerText(lockFile)} is using this data folder (${lockFile} is locked): stop it, or choose another folder with --data-dir`,
      { cause: error },
    )
  }
  noteOwner(lockFile, { pid: process.pid })
  return {
    release() {
      forgetOwner(lockFile)
      database.close()
    },
  }
}

/** SQLite's result code of an error thrown by node:sqlite. */
export function errorCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode : undefined
}
