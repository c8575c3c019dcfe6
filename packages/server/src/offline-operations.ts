import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { leaveGap } from './adapters/sqlite/leave-gap.ts'
import { createLogCopier } from './adapters/sqlite/log-copier.ts'
import { newestForm } from './adapters/sqlite/migrate.ts'
import { MIGRATIONS, openSqlite } from './adapters/sqlite/open-sqlite.ts'
import { holdOwnerLock } from './adapters/sqlite/owner-lock.ts'
import { newId } from './adapters/system/new-id.ts'
import { createSystemClock } from './adapters/system/system-clock.ts'
import { repositoriesIn } from './compose-operations.ts'
import { type WrittenBackup, writeBackupFile } from './operations/backup-file.ts'
import { type BackupWish, stageBackup } from './operations/create-backup.ts'
import { type Restored, type RestoreWish, restoreBackup } from './operations/restore-backup.ts'
import { DATABASE_FILE, NoDataError } from './rebuild-projections.ts'
import { VERSION } from './version.ts'

/**
 * `tiphys backup` without a server, on the data folder itself. Throws `DataFolderInUseError` while a server runs on it (that one is asked
 * instead), `NoDataError` when there is none, and errors of the system when the file cannot be written.
 */
export async function backupDataFolder(
  wish: BackupWish & {
    readonly dataDir: string
    readonly file: string
    readonly hasKeyInSettings: boolean
  },
): Promise<WrittenBackup> {
  const { dataDir, file, hasKeyInSettings } = wish
  const database = join(dataDir, DATABASE_FILE)
  if (!existsSync(database)) throw new NoDataError(`${dataDir} holds no data of Tiphys`)
  const lock = holdOwnerLock(`${database}.lock`)
  try {
    await using staged = await stageBackup(
      {
        dataDir,
        log: createLogCopier(database),
        repositories: await repositoriesIn(dataDir),
        clock: createSystemClock(),
        version: VERSION,
        hasKeyInSettings,
      },
      wish,
    )
    return await writeBackupFile(file, () => staged.content())
  } finally {
    lock.release()
  }
}

/**
 * `tiphys restore`. Throws `BackupFileError` when the file is no whole backup, `RestoreRefusedError` when the folder is not empty,
 * `DataFolderInUseError` when a server runs on it; nothing is left behind then.
 */
export async function restoreDataFolder(wish: RestoreWish): Promise<Restored> {
  const clock = createSystemClock()
  return await restoreBackup(
    {
      clock,
      newId: () => newId(clock.nowMs()),
      newestForm: newestForm(MIGRATIONS),
      holdOwner: (dataDir) => holdOwnerLock(`${join(dataDir, DATABASE_FILE)}.lock`),
      openLog: (file) => openSqlite({ file }),
      leaveGap,
      repositories: repositoriesIn,
    },
    wish,
  )
}
