import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Documents } from '../../ports/documents.ts'
import { attempt } from '../event-log/attempt.ts'
import type { GroupWriter } from './group-writer.ts'
import type { SqliteFile } from './sqlite-file.ts'

/** Documents lie in the file of the log: one backup holds both, and their writes share its transactions. */
export function createSqliteDocuments(file: SqliteFile, writer: GroupWriter): Documents {
  const select = file.statement<{ body: string }>(
    'SELECT body FROM documents WHERE kind = ? AND key = ?',
  )
  const replace = file.statement(
    `INSERT INTO documents (kind, key, body) VALUES (?, ?, ?)
     ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body`,
  )
  const add = file.statement(
    'INSERT INTO documents (kind, key, body) VALUES (?, ?, ?) ON CONFLICT (kind, key) DO NOTHING',
  )
  const remove = file.statement('DELETE FROM documents WHERE kind = ? AND key = ?')
  const selectAll = file.statement<{ key: string; body: string }>(
    'SELECT key, body FROM documents WHERE kind = ? AND substr(key, 1, length(?)) = ? ORDER BY key',
  )

  return {
    get: (kind, key) =>
      attempt(() => {
        const row = select.get(kind, key)
        return row === undefined ? undefined : parse(row.body)
      }),
    async put(kind, key, body, options) {
      const text = JSON.stringify(body)
      const statement = options?.ifAbsent === true ? add : replace
      return await writer.write(() => statement.run(kind, key, text).changes > 0)
    },
    delete: (kind, key) => writer.write(() => remove.run(kind, key).changes > 0),
    list: (kind, keyPrefix = '') =>
      attempt(() =>
        selectAll
          .all(kind, keyPrefix, keyPrefix)
          .map(({ key, body }) => ({ key, body: parse(body) })),
      ),
  }
}

/** Written by `put` from an object. */
function parse(body: string): JsonObject {
  return JSON.parse(body) as JsonObject
}
