import type { DedupeKey } from '../../ports/store.ts'
import type { SqliteFile } from './sqlite-file.ts'

/** What was accepted before, for as long as it counts. What writes runs inside the current transaction. */
export type DedupeKeys = {
  liveValueOf(key: string, nowMs: number): string | undefined
  add(key: DedupeKey): void
  /** Forgets some keys whose time is over; fewer than `limit` means that these were all. */
  prune(nowMs: number, limit: number): number
}

export function createDedupeKeys(file: SqliteFile): DedupeKeys {
  const select = file.statement<{ value: string }>(
    'SELECT value FROM dedupe_keys WHERE key = ? AND until_ms > ?',
  )
  const insert = file.statement(
    `INSERT INTO dedupe_keys (key, value, until_ms) VALUES (?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value, until_ms = excluded.until_ms`,
  )
  const remove = file.statement(
    `DELETE FROM dedupe_keys WHERE key IN
       (SELECT key FROM dedupe_keys WHERE until_ms <= ? ORDER BY until_ms LIMIT ?)`,
  )

  return {
    liveValueOf: (key, nowMs) => select.get(key, nowMs)?.value,
    add({ key, value, untilMs }) {
      insert.run(key, value, untilMs)
    },
    prune: (nowMs, limit) => remove.run(nowMs, limit).changes,
  }
}
