import { readFileSync, rmSync } from 'node:fs'
import type { JsonObject } from '@tiphys/contract/json.ts'
import {
  type Checkpoint,
  countBound,
  type DocumentChange,
  type ProjectionStorage,
} from '../projections/projection-storage.ts'
import { errorCodeOf } from './owner-lock.ts'
import { projectionSearch } from './projection-query.ts'
import { openSqliteFile, type SqliteFile } from './sqlite-file.ts'

const SCHEMA = new URL('./projection-schema.sql', import.meta.url)
const SCHEMA_VERSION = 1
const CACHE_BYTES = 8 * 1024 * 1024
const LOCK_WAIT_MS = 2_000
/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const DAMAGED_CODES = [11, 26]

/**
 * Folded documents in a file of their own beside the log: they need no fsync per write, no place in a backup, and are dropped by
 * deleting the file. A damaged file is replaced by an empty one, because the log has it all.
 */
export function openSqliteProjectionStorage(path: string): ProjectionStorage {
  try {
    return storageOn(openSchema(path))
  } catch (error) {
    if (!DAMAGED_CODES.includes(errorCodeOf(error) ?? 0)) throw error
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
    return storageOn(openSchema(path))
  }
}

function openSchema(path: string): SqliteFile {
  const file = openSqliteFile(path, {
    synchronous: 'NORMAL',
    cacheBytes: CACHE_BYTES,
    lockWaitMs: LOCK_WAIT_MS,
  })
  try {
    const row = file.statement<{ user_version: number }>('PRAGMA user_version').get()
    if (row?.user_version !== SCHEMA_VERSION) {
      const schema = readFileSync(SCHEMA, 'utf8')
      file.transaction(() => file.exec(`${schema}; PRAGMA user_version = ${SCHEMA_VERSION};`))
    }
    return file
  } catch (error) {
    file.close()
    throw error
  }
}

type CheckpointRow = {
  projection: string
  version: number
  position: number
  anchor_position: number | null
  anchor_event_id: string | null
}
type BodyRow = { body: string }

function storageOn(file: SqliteFile): ProjectionStorage {
  const select = file.statement<BodyRow>(
    'SELECT body FROM documents WHERE projection = ? AND key = ?',
  )
  const clearDocuments = file.statement('DELETE FROM documents WHERE projection = ?')
  const clearCheckpoint = file.statement('DELETE FROM checkpoints WHERE projection = ?')
  const deleteProject = file.statement('DELETE FROM documents WHERE project_id = ?')
  const selectAll = file.statement<BodyRow & { projection: string; key: string }>(
    'SELECT projection, key, body FROM documents ORDER BY projection, key',
  )
  const write = writerOn(file)

  return {
    checkpoints() {
      const rows = file.statement<CheckpointRow>('SELECT * FROM checkpoints').all()
      return new Map(rows.map((row) => [row.projection, checkpointOf(row)]))
    },
    get(projection, key) {
      const row = select.get(projection, key)
      return row === undefined ? undefined : parse(row)
    },
    list(projection, query) {
      const { from, values } = projectionSearch(projection, query)
      const page = file.statement<BodyRow>(
        `SELECT body FROM ${from} ORDER BY sort DESC, key DESC LIMIT ? OFFSET ?`,
      )
      const count = file.statement<{ total: number }>(
        `SELECT count(*) AS total FROM (SELECT 1 FROM ${from} LIMIT ?)`,
      )
      return {
        documents: page.all(...values, query.limit, query.offset).map(parse),
        totalCount: count.get(...values, countBound(query))?.total ?? 0,
      }
    },
    write: (changes, checkpoints) => file.transaction(() => write(changes, checkpoints)),
    clear: (projection) =>
      file.transaction(() => {
        clearDocuments.run(projection)
        clearCheckpoint.run(projection)
      }),
    deleteProject(projectId) {
      deleteProject.run(projectId)
    },
    dump() {
      const all: Record<string, Record<string, JsonObject>> = {}
      for (const row of selectAll.all()) {
        const own = all[row.projection] ?? {}
        own[row.key] = parse(row)
        all[row.projection] = own
      }
      return all
    },
    close: file.close,
  }
}

function writerOn(file: SqliteFile): ProjectionStorage['write'] {
  const replace = file.statement(
    `INSERT INTO documents (projection, key, project_id, context, stage, service, name, state, sort, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (projection, key) DO UPDATE SET project_id = excluded.project_id, context = excluded.context,
       stage = excluded.stage, service = excluded.service, name = excluded.name, state = excluded.state,
       sort = excluded.sort, body = excluded.body`,
  )
  const remove = file.statement('DELETE FROM documents WHERE projection = ? AND key = ?')
  const replaceCheckpoint = file.statement(
    'INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?)',
  )

  function writeDocument({ projection, key, document }: DocumentChange): void {
    if (document === undefined) {
      remove.run(projection, key)
      return
    }
    const { projectId, context, stage, service, name, state, sort } = document.columns
    const filters = [context, stage, service, name, state].map((value) => value ?? null)
    replace.run(projection, key, projectId, ...filters, sort, JSON.stringify(document.body))
  }

  return (changes, checkpoints) => {
    for (const change of changes) writeDocument(change)
    for (const [projection, { version, position, anchor }] of checkpoints) {
      const place = [anchor?.position ?? null, anchor?.eventId ?? null]
      replaceCheckpoint.run(projection, version, position, ...place)
    }
  }
}

function checkpointOf(row: CheckpointRow): Checkpoint {
  const { version, position, anchor_position: at, anchor_event_id: eventId } = row
  const anchor = at === null || eventId === null ? undefined : { position: at, eventId }
  return { version, position, anchor }
}

/** Written from an object. */
function parse(row: BodyRow): JsonObject {
  return JSON.parse(row.body) as JsonObject
}
