import { StoreError } from '../../ports/store.ts'
import { errorCodeOf } from './owner-lock.ts'
import type { SqliteFile } from './sqlite-file.ts'

/**
 * Group commit: everything that is handed in during one turn of the event loop goes into one transaction, with one fsync.
 *
 *   write() write() write() ──end of turn──▶ BEGIN, each in order, COMMIT ──▶ all answers
 *                                               └─error─▶ ROLLBACK, each alone
 *
 * When SQL fails, the group is rolled back and each one is tried alone, so that only the one that is bad fails.
 */
export type GroupWriter = {
  /** Runs `work` in the next transaction and answers when that is on disk; `afterCommit` runs just before, in order. */
  write<T>(work: () => T, options?: WriteOptions<T>): Promise<T>
  /** What was kept in memory about rows that are now not there must be forgotten. */
  onRollback(forget: () => void): void
  /** Writes what is waiting now; later calls are refused. */
  close(): void
}

export type WriteOptions<T> = {
  /** How many rows it writes; large groups are cut so that no transaction holds up the process for long. */
  readonly rows?: number
  readonly afterCommit?: (value: T) => void
}

type Job = {
  readonly rows: number
  /** Answers with what settles the promise once all is on disk. */
  readonly run: () => () => void
  readonly reject: (error: unknown) => void
}

/** About 50 ms of work on a slow disk. */
const MAX_GROUP_ROWS = 2_000

export function createGroupWriter(file: SqliteFile): GroupWriter {
  const forgets: (() => void)[] = []
  let waiting: Job[] = []
  let isScheduled = false
  let isClosed = false

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    // After the poll phase: requests of all sockets that were readable in this turn share the transaction.
    setImmediate(() => {
      isScheduled = false
      flush(takeGroup())
      if (waiting.length > 0) schedule()
    })
  }

  function takeGroup(): Job[] {
    let rows = 0
    const end = waiting.findIndex((job, index) => {
      rows += job.rows
      return index > 0 && rows > MAX_GROUP_ROWS
    })
    const group = end === -1 ? waiting : waiting.slice(0, end)
    waiting = end === -1 ? [] : waiting.slice(end)
    return group
  }

  function flush(group: readonly Job[]): void {
    if (group.length === 0) return
    let settle: (() => void)[]
    try {
      settle = file.transaction(() => group.map((job) => job.run()))
    } catch (error) {
      for (const forget of forgets) forget()
      if (group.length === 1) group[0]?.reject(asStoreError(error))
      else for (const job of group) flush([job])
      return
    }
    for (const one of settle) one()
  }

  return {
    write<T>(work: () => T, options: WriteOptions<T> = {}): Promise<T> {
      if (isClosed) {
        return Promise.reject(new StoreError('the store is closed', { retryable: false }))
      }
      return new Promise<T>((resolve, reject) => {
        const run = () => {
          const value = work()
          return () => {
            options.afterCommit?.(value)
            resolve(value)
          }
        }
        waiting.push({ rows: options.rows ?? 1, run, reject })
        schedule()
      })
    },
    onRollback: (forget) => void forgets.push(forget),
    close() {
      isClosed = true
      while (waiting.length > 0) flush(takeGroup())
    },
  }
}

/** Primary result codes of SQLite that go away by themselves: busy, locked, i/o error, disk full, cannot open. */
const RETRYABLE_CODES = [5, 6, 10, 13, 14]
const PRIMARY_CODE_MASK = 0xff

/** Bugs (a failed assertion) stay what they are. */
function asStoreError(error: unknown): unknown {
  const code = errorCodeOf(error)
  if (code === undefined || !(error instanceof Error)) return error
  return new StoreError(`the log could not be written: ${error.message}`, {
    retryable: RETRYABLE_CODES.includes(code & PRIMARY_CODE_MASK),
    cause: error,
  })
}
