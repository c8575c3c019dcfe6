import type { CommitUnit, Store } from '../../ports/store.ts'
import { attempt } from '../event-log/attempt.ts'
import { createLiveLog } from '../event-log/live-log.ts'
import { createAppender, prepareUnit } from './append.ts'
import { createDedupeKeys } from './dedupe-keys.ts'
import { createEventQueries } from './event-query.ts'
import { createEventReader } from './event-rows.ts'
import type { GroupWriter } from './group-writer.ts'
import { createLargeData } from './large-data.ts'
import { createOutbox } from './outbox.ts'
import { createProjectDeletion } from './project-deletion.ts'
import type { SqliteFile } from './sqlite-file.ts'
import { createStreamHeads } from './stream-heads.ts'
import { verifyLog } from './verify.ts'
import { createWords } from './words.ts'

export type SqliteStoreParts = {
  readonly file: SqliteFile
  /** Documents share its transactions. */
  readonly writer: GroupWriter
  readonly maxBehind?: number
  /** Closes the file and gives the data folder free; runs once. */
  readonly release: () => void
}

const PRUNED_PER_STEP = 1_000

/** The store over one SQLite file whose only writer is this process (docs/adr/0002). */
export function createSqliteStoreOn(parts: SqliteStoreParts): Store {
  const { file } = parts
  const words = createWords(file)
  const heads = createStreamHeads(file)
  const largeData = createLargeData(file)
  const outbox = createOutbox(file)
  const dedupeKeys = createDedupeKeys(file)
  const addSideRows = (unit: CommitUnit) => {
    unit.effects?.forEach(outbox.add)
    unit.dedupeKeys?.forEach(dedupeKeys.add)
  }
  const { liveValueOf } = dedupeKeys
  const appender = createAppender({ file, words, heads, largeData, liveValueOf, addSideRows })
  const reader = createEventReader(file, words, largeData)
  const { headPosition } = appender
  const queries = createEventQueries({ file, words, reader, headPosition })
  const deletion = createProjectDeletion(file, words, headPosition)
  const readLog = (after: number, limit: number) => attempt(() => reader.readAfter(after, limit))
  const live = createLiveLog({
    readLog,
    ...(parts.maxBehind === undefined ? {} : { maxBehind: parts.maxBehind }),
  })
  const forget = () => {
    words.forget()
    heads.forget()
    appender.forget()
  }
  const { write } = parts.writer
  parts.writer.onRollback(forget)
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
    read: (stream, fromVersion = 1) => attempt(() => reader.readStream(stream, fromVersion)),
    openStreams: () => attempt(() => openStreams.all().map(({ name }) => name)),
    readLog,
    tail: live.tail,
    headPosition: () => attempt(headPosition),
    query: queries.query,
    dueEffects: (nowMs, limit) => attempt(() => outbox.due(nowMs, limit)),
    nextEffectDueMs: () => attempt(outbox.nextDueMs),
    settleEffect: (key) => write(() => outbox.settle(key)),
    postponeEffect: (key, dueMs, reason) => write(() => outbox.postpone(key, dueMs, reason)),
    dedupeValue: (key, nowMs) => attempt(() => liveValueOf(key, nowMs)),
    async pruneDedupeKeys(nowMs) {
      let pruned = 0
      for (;;) {
        const count = await write(() => dedupeKeys.prune(nowMs, PRUNED_PER_STEP))
        pruned += count
        if (count < PRUNED_PER_STEP) return pruned
      }
    },
    async deleteProject(projectId) {
      while (await write(() => deletion.deleteSome(projectId), { afterCommit: forget }));
      await write(() => outbox.deleteProject(projectId))
    },
    verify: () => verifyLog({ file, words, reader, largeData }),
    close: () =>
      attempt(() => {
        if (isClosed) return
        isClosed = true
        parts.writer.close()
        live.close()
        parts.release()
      }),
  }
}
