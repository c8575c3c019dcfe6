import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createProjections } from './adapters/projections/projections.ts'
import { openSqlite } from './adapters/sqlite/open-sqlite.ts'
import { openSqliteProjectionStorage } from './adapters/sqlite/sqlite-projection-storage.ts'
import { PROJECTIONS } from './projections/all-projections.ts'

/** There is no log to fold: a mistyped folder must not become an empty one. */
export class NoDataError extends Error {
  override name = 'NoDataError'
}

export const DATABASE_FILE = 'tiphys.db'
export const PROJECTIONS_FILE = 'projections.db'

/**
 * Folds every list from the log again (`tiphys doctor --rebuild`). Throws `DataFolderInUseError` while a server runs on the folder, and
 * `NoDataError` when there is none.
 */
export async function rebuildProjections(dataDir: string): Promise<void> {
  const file = join(dataDir, DATABASE_FILE)
  if (!existsSync(file)) throw new NoDataError(`${dataDir} holds no data of Tiphys`)
  const { store, close } = openSqlite({ file })
  try {
    const storage = openSqliteProjectionStorage(join(dataDir, PROJECTIONS_FILE))
    const projections = createProjections({ store, storage, projections: PROJECTIONS })
    await projections.rebuild()
    await projections.close()
  } finally {
    await close()
  }
}
