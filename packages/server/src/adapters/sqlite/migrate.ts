import { readdirSync, readFileSync } from 'node:fs'
import type { SqliteFile } from './sqlite-file.ts'

const NAME = /^(\d{4})-[a-z0-9-]+\.sql$/

/** The data was written by a version of Tiphys that knows more than this one. */
export class NewerDataError extends Error {
  override readonly name = 'NewerDataError'
}

/**
 * Brings a database to the newest form: the files `0001-….sql`, `0002-….sql` of a folder that it has not seen, each in a transaction
 * of its own. Files are only ever added.
 */
export function migrate(file: SqliteFile, folder: URL): void {
  const migrations = readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort()
  const row = file.statement<{ user_version: number }>('PRAGMA user_version').get()
  const current = row?.user_version ?? 0
  if (current > migrations.length) {
    throw new NewerDataError(
      `${file.path} was written by a newer version of Tiphys (form ${current}, this version knows ${migrations.length}): start that version, or restore a backup`,
    )
  }
  for (const [index, name] of migrations.entries()) {
    const version = index + 1
    if (version <= current) continue
    const sql = readFileSync(new URL(name, folder), 'utf8')
    file.transaction(() => file.exec(`${sql}; PRAGMA user_version = ${version};`))
  }
}

/** The newest form that this version knows. */
export function newestForm(folder: URL): number {
  return readdirSync(folder).filter((name) => NAME.test(name)).length
}
