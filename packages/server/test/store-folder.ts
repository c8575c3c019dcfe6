import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openSqlite, type SqliteData } from '../src/adapters/sqlite/open-sqlite.ts'
import type { StoreOptions } from './store-contract.ts'

/** A folder that is gone after the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-store-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The embedded store in a new folder; closed and gone after the test. */
export function temporarySqlite(t: TestContext, options: StoreOptions = {}): SqliteData {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-store-'))
  const data = openSqlite({ file: join(folder, 'tiphys.db'), ...options })
  t.after(async () => {
    await data.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return data
}
