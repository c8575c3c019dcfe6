import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { OutboxStanding } from '../../ports/outbox-standing.ts'

export type OutboxReader = { readonly standing: () => OutboxStanding; readonly close: () => void }

type Row = { waiting: number; retrying: number | null; oldest: number | null }

const QUERY =
  'SELECT count(*) AS waiting, sum(attempts > 0) AS retrying, min(due_ms) AS oldest FROM effects'
/** Kilobytes, negative as SQLite wants it: the table is small, and read once a scrape. */
const SMALL_CACHE = 'PRAGMA cache_size = -64'

/**
 * Counts the outbox through a connection of its own that only reads, opened at the first question: a scrape never stands in the way of a
 * commit.
 */
export function createOutboxReader(file: string): OutboxReader {
  let database: DatabaseSync | undefined
  let query: StatementSync | undefined
  function statement(): StatementSync {
    database ??= new DatabaseSync(file, { readOnly: true })
    if (query === undefined) {
      database.exec(SMALL_CACHE)
      query = database.prepare(QUERY)
    }
    return query
  }
  return {
    standing() {
      // An aggregate without GROUP BY always has one row.
      const { waiting, retrying, oldest } = statement().get() as unknown as Row
      return {
        waiting,
        retrying: retrying ?? 0,
        ...(oldest === null ? {} : { oldestDueMs: oldest }),
      }
    },
    close() {
      database?.close()
      database = undefined
      query = undefined
    },
  }
}
