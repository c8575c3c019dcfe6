import type { Store } from '../../ports/store.ts'
import { attempt } from '../event-log/attempt.ts'
import { MAX_POSITION } from './append.ts'
import { createEventQueries } from './event-query.ts'
import { createEventReader } from './event-rows.ts'
import { createLargeData } from './large-data.ts'
import { openSqliteFile } from './sqlite-file.ts'
import { createWords } from './words.ts'
import { createZones } from './zones.ts'

/** The log as another thread of its owner reads it. */
export type LogReader = Pick<Store, 'readLog' | 'headPosition' | 'query'> & { close(): void }

const CACHE_BYTES = 4 * 1024 * 1024
const LOCK_WAIT_MS = 2_000

/**
 * Reads the log of this process from another thread, through a connection of its own: SQLite lets readers read what is committed while somebody
 * writes. The file must exist, and its owner must outlive the reader.
 */
export function openLogReader(path: string): LogReader {
  const file = openSqliteFile(path, {
    synchronous: 'FULL',
    cacheBytes: CACHE_BYTES,
    lockWaitMs: LOCK_WAIT_MS,
    readOnly: true,
  })
  const words = createWords(file)
  const zones = createZones(file, words)
  const reader = createEventReader(file, words, createLargeData(file))
  const selectHead = file.statement<{ position: number }>(MAX_POSITION)
  const headPosition = () => selectHead.get()?.position ?? 0
  const queries = createEventQueries({ file, words, zones, reader, headPosition })
  return {
    readLog: (after, limit) => attempt(() => reader.readAfter(after, limit)),
    headPosition: () => attempt(headPosition),
    query: queries.query,
    close: file.close,
  }
}
