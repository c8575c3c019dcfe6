import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryProjectionStorage } from '../../src/adapters/memory/memory-projection-storage.ts'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { openSqlite } from '../../src/adapters/sqlite/open-sqlite.ts'
import type { Configuration } from '../../src/ports/configuration.ts'
import type { Store } from '../../src/ports/store.ts'
import { createMemoryConfiguration } from '../api/memory-configuration.ts'

/** What outlives a process: the log, the configuration repositories, the folded lists. */
export type Disk = AsyncDisposable & {
  readonly configuration: Configuration
  readonly projectionStorage: ReturnType<typeof createMemoryProjectionStorage>
  /** The log as the next process finds it. On SQLite the file is closed and opened again. */
  reopen(): Promise<Store>
  /** The log as it is now, past all faults. */
  store(): Store
}

export function createDisk(kind: 'memory' | 'sqlite'): Disk {
  const configuration = createMemoryConfiguration()
  const storage = createMemoryProjectionStorage()
  // A process that died does not close what the next one reads.
  const projectionStorage = { ...storage, close: () => undefined }
  const common = { configuration, projectionStorage }
  if (kind === 'memory') {
    const store = createMemoryStore()
    return {
      ...common,
      reopen: () => Promise.resolve(store),
      store: () => store,
      [Symbol.asyncDispose]: () => store.close(),
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-sim-'))
  let open: Store | undefined
  return {
    ...common,
    async reopen() {
      await open?.close()
      open = openSqlite({ file: join(folder, 'tiphys.db') }).store
      return open
    },
    store() {
      if (open === undefined) throw new Error('the file was never opened')
      return open
    },
    async [Symbol.asyncDispose]() {
      await open?.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
