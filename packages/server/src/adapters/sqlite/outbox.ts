import type { JsonObject } from '@tiphys/contract/json.ts'
import type { EffectRow, NewEffect } from '../../ports/store.ts'
import type { SqliteFile } from './sqlite-file.ts'

/** The rows of the outbox. What writes runs inside the current transaction. */
export type Outbox = {
  add(effect: NewEffect): void
  due(nowMs: number, limit: number): EffectRow[]
  nextDueMs(): number | undefined
  settle(key: string): void
  postpone(key: string, dueMs: number, reason: string): void
  deleteProject(projectId: string): void
}

type Row = {
  key: string
  kind: string
  body: string
  due_ms: number
  attempts: number
  last_error: string | null
  project_id: string | null
}

export function createOutbox(file: SqliteFile): Outbox {
  const insert = file.statement(
    `INSERT INTO effects (key, kind, body, due_ms, attempts, project_id) VALUES (?, ?, ?, ?, 0, ?)
     ON CONFLICT (key) DO NOTHING`,
  )
  const selectDue = file.statement<Row>(
    `SELECT key, kind, body, due_ms, attempts, last_error, project_id FROM effects
     WHERE due_ms <= ? ORDER BY due_ms, number LIMIT ?`,
  )
  const selectNext = file.statement<{ due_ms: number | null }>(
    'SELECT min(due_ms) AS due_ms FROM effects',
  )
  const remove = file.statement('DELETE FROM effects WHERE key = ?')
  const update = file.statement(
    'UPDATE effects SET due_ms = ?, attempts = attempts + 1, last_error = ? WHERE key = ?',
  )
  const removeProject = file.statement('DELETE FROM effects WHERE project_id = ?')

  return {
    add({ key, kind, body, dueMs, projectId }) {
      insert.run(key, kind, JSON.stringify(body), dueMs, projectId ?? null)
    },
    due: (nowMs, limit) => selectDue.all(nowMs, limit).map(effectOf),
    nextDueMs: () => selectNext.get()?.due_ms ?? undefined,
    settle(key) {
      remove.run(key)
    },
    postpone(key, dueMs, reason) {
      update.run(dueMs, reason, key)
    },
    deleteProject(projectId) {
      removeProject.run(projectId)
    },
  }
}

function effectOf(row: Row): EffectRow {
  return {
    key: row.key,
    kind: row.kind,
    // Written by `add` from an object.
    body: JSON.parse(row.body) as JsonObject,
    dueMs: row.due_ms,
    attempts: row.attempts,
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
    ...(row.project_id === null ? {} : { projectId: row.project_id }),
  }
}
