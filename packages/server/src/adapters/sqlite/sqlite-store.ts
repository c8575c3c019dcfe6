import type { CommitUnit, Store } from '../../ports/store.ts'
import { attempt } from '../event-log/attempt.ts'
import { createLiveLog } from '../event-log/live-log.ts'
import { createAppender, prepareUnit } from './append.ts'
import { createDedupeKeys } from './dedupe-keys.ts'
import { createDeletedRows } from './deleted-rows.ts'
import { createEventQueries } from './event-query.ts'
import { createEventReader } from './event-rows.ts'
import type { GroupWriter } from './group-writer.ts'
import { createLargeData } from './large-data.ts'
import { createOutbox } from './outbox.ts'
import { createProjectDeletion } from './project-deletion.ts'
import { noteEnd, releaseSpace } from './space.ts'
import type { SqliteFile } from './sqlite-file.ts'
import { createStreamDeletion } from './stream-deletion.ts'
import { createStreamHeads } from './stream-heads.ts'
import { verifyLog } from './verify.ts'
import { createWords } from './words.ts'
import { createZones } from './zones.ts'

export type SqliteStoreParts = {
  readonly file: SqliteFile
  /** Documents share its transactions. */
  readonly writer: GroupWriter
  readonly maxBehind?: number
  /** Closes the file and gives the data folder free; runs once. */
  readonly release: () => void
}

const PRUNED_PER_STEP = 1_000
/** What deleting a context weighs in a group: each row leaves its indexes too. */
const ROWS_OF_A_DELETION = 500

/** The store over one SQLite file whose only writer is this process (docs/adr/0002). */
export function createSqliteStoreOn({ file, writer, maxBehind, release }: SqliteStoreParts): Store {
  const log = logOn(file)
  const { appender, reader, outbox, dedupeKeys } = log
  const { write } = writer
  writer.onRollback(log.forget)
  const readLog = (after: number, limit: number) => attempt(() => reader.readAfter(after, limit))
  const live = createLiveLog({ readLog, ...(maxBehind === undefined ? {} : { maxBehind }) })
  const openStreams = file.statement<{ name: string }>(
    'SELECT name FROM streams INDEXED BY streams_open WHERE is_open = 1 ORDER BY id',
  )
  let isClosed = false

  return {
    async commit(unit) {
      const prepared = prepareUnit(unit)
      return await write(() => appender.append(prepared), {
        rows: prepared.rows,
        afterCommit: (result) => result.code === 'committed' && live.publish(result.rows),
      })
    },
    read: (stream, fromVersion = 1, limit) =>
      attempt(() => reader.readStream(stream, fromVersion, limit)),
    openStreams: () => attempt(() => openStreams.all().map(({ name }) => name)),
    readLog,
    tail: live.tail,
    headPosition: () => attempt(appender.headPosition),
    query: log.queries.query,
    dueEffects: (nowMs, limit) => attempt(() => outbox.due(nowMs, limit)),
    nextEffectDueMs: () => attempt(outbox.nextDueMs),
    settleEffect: (key) => write(() => outbox.settle(key)),
    postponeEffect: (key, dueMs, reason) => write(() => outbox.postpone(key, dueMs, reason)),
    dedupeValue: (key, nowMs) => attempt(() => dedupeKeys.liveValueOf(key, nowMs)),
    async pruneDedupeKeys(nowMs) {
      let pruned = 0
      for (;;) {
        const count = await write(() => dedupeKeys.prune(nowMs, PRUNED_PER_STEP))
        pruned += count
        if (count < PRUNED_PER_STEP) return pruned
      }
    },
    async deleteProject(projectId) {
      const step = () => log.deletion.deleteSome(projectId)
      while (await write(step, { afterCommit: log.forget }));
      await write(() => outbox.deleteProject(projectId))
    },
    async forget(request) {
      const record = prepareUnit(request.record)
      const { answer } = await write(() => log.streams.forget(request, record), {
        rows: ROWS_OF_A_DELETION,
        afterCommit: ({ rows }) => live.publish(rows),
      })
      return answer
    },
    releaseSpace: () => write(() => releaseSpace(file)),
    verify: log.verify,
    close: () =>
      attempt(() => {
        if (isClosed) return
        isClosed = true
        writer.close()
        log.noteEnd()
        live.close()
        release()
      }),
  }
}

/** What reads and writes the tables, and how to forget what it keeps in memory. */
function logOn(file: SqliteFile) {
  const words = createWords(file)
  const zones = createZones(file, words)
  const heads = createStreamHeads(file)
  const largeData = createLargeData(file)
  const outbox = createOutbox(file)
  const dedupeKeys = createDedupeKeys(file)
  const { liveValueOf } = dedupeKeys
  const deletedRows = createDeletedRows(file)
  const addSideRows = (unit: CommitUnit) => {
    unit.effects?.forEach(outbox.add)
    unit.dedupeKeys?.forEach(dedupeKeys.add)
  }
  const kept = { words, zones, heads }
  const appender = createAppender({ file, ...kept, largeData, liveValueOf, addSideRows })
  const { headPosition } = appender
  const reader = createEventReader(file, words, largeData)
  return {
    appender,
    reader,
    outbox,
    dedupeKeys,
    queries: createEventQueries({ file, words, zones, reader, headPosition }),
    deletion: createProjectDeletion(file, words, headPosition),
    streams: createStreamDeletion({ file, heads, deletedRows, appender }),
    verify: () => verifyLog({ file, words, zones, reader, largeData, headPosition }),
    noteEnd: () => noteEnd(file, headPosition),
    forget() {
      for (const one of [words, zones, heads, appender]) one.forget()
    },
  }
}
