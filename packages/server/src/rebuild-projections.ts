import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createProjections } from './adapters/projections/projections.ts'
import { openSqlite } from './adapters/sqlite/open-sqlite.ts'
import { openSqliteProjectionStorage } from './adapters/sqlite/sqlite-projection-storage.ts'
import type { Store } from './ports/store.ts'
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
  await withLog(dataDir, async (store) => {
    const storage = openSqliteProjectionStorage(join(dataDir, PROJECTIONS_FILE))
    const projections = createProjections({ store, storage, projections: PROJECTIONS })
    await projections.rebuild()
    await projections.close()
  })
}

/** Recomputes the hash chain of every stream and counts the rows (`tiphys doctor --verify`). Throws as `rebuildProjections` does. */
export function verifyData(dataDir: string): ReturnType<Store['verify']> {
  return withLog(dataDir, (store) => store.verify())
}

async function withLog<T>(dataDir: string, work: (store: Store) => Promise<T>): Promise<T> {
  const file = join(dataDir, DATABASE_FILE)
  if (!existsSync(file)) throw new NoDataError(`${dataDir} holds no data of Tiphys`)
  const { store, close } = openSqlite({ file })
  try {
    return await work(store)
  } finally {
    await close()
  }
}
