import type {
  CommitResult,
  CommitUnit,
  DedupeKey,
  ForgetRequest,
  ForgetResult,
  Store,
  StoredEvent,
} from '../../ports/store.ts'
import { attempt } from '../event-log/attempt.ts'
import { createLiveLog } from '../event-log/live-log.ts'
import { refusalOf } from '../event-log/refusal.ts'
import { createMemoryLog } from './memory-log.ts'
import { createMemoryOutbox } from './memory-outbox.ts'

export type MemoryStoreOptions = { readonly maxBehind?: number }

/**
 * The store without a disk, for simulations and fast tests. A commit is written at once, within the call, so the order of a
 * seeded simulation is the same each time. `close` ends the readers and keeps the rows: a "restart" opens nothing.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const log = createMemoryLog()
  const outbox = createMemoryOutbox()
  const dedupeKeys = new Map<string, DedupeKey>()
  const live = createLiveLog({
    readLog: (after, limit) => Promise.resolve(log.readAfter(after, limit)),
    ...options,
  })

  const liveValueOf = (key: string, nowMs: number) => {
    const known = dedupeKeys.get(key)
    return known !== undefined && known.untilMs > nowMs ? known.value : undefined
  }

  function commitNow(unit: CommitUnit): CommitResult {
    const refusal = refusalOf(unit, { versionOf: log.versionOf, liveValueOf })
    if (refusal !== undefined) return refusal
    for (const { stream, events } of unit.writes) log.check(stream, events)
    const rows: StoredEvent[] = []
    for (const { stream, events, open } of unit.writes) {
      rows.push(...log.append(stream, events, unit.nowMs))
      if (open !== undefined && log.versionOf(stream) > 0) log.setOpen(stream, open)
    }
    for (const effect of unit.effects ?? []) outbox.add(effect)
    for (const key of unit.dedupeKeys ?? []) dedupeKeys.set(key.key, key)
    live.publish(rows)
    return { code: 'committed', position: rows.at(-1)?.position ?? log.headPosition(), rows }
  }

  function forgetNow({ streams, cuts = [], record }: ForgetRequest): ForgetResult {
    const open = log.openStreams()
    const refused = streams.find((stream) => open.includes(stream))
    if (refused !== undefined) return { code: 'open', stream: refused }
    const written = commitNow(record)
    if (written.code !== 'committed') return written
    return { code: 'forgotten', rows: log.forget(streams, cuts), position: written.position }
  }

  function pruneDedupeKeys(nowMs: number): number {
    const expired = [...dedupeKeys.values()].filter((key) => key.untilMs <= nowMs)
    for (const { key } of expired) dedupeKeys.delete(key)
    return expired.length
  }

  return {
    commit: (unit) => attempt(() => commitNow(unit)),
    read: (stream, fromVersion = 1, limit) =>
      attempt(() => log.read(stream, fromVersion).slice(0, limit)),
    openStreams: () => attempt(() => log.openStreams()),
    readLog: (after, limit) => attempt(() => log.readAfter(after, limit)),
    tail: live.tail,
    headPosition: () => attempt(() => log.headPosition()),
    query: (query) => attempt(() => log.query(query)),
    dueEffects: (nowMs, limit) => attempt(() => outbox.due(nowMs, limit)),
    nextEffectDueMs: () => attempt(() => outbox.nextDueMs()),
    settleEffect: (key) => attempt(() => outbox.settle(key)),
    postponeEffect: (key, dueMs, reason) => attempt(() => outbox.postpone(key, dueMs, reason)),
    dedupeValue: (key, nowMs) => attempt(() => liveValueOf(key, nowMs)),
    pruneDedupeKeys: (nowMs) => attempt(() => pruneDedupeKeys(nowMs)),
    deleteProject: (projectId) =>
      attempt(() => {
        log.deleteProject(projectId)
        outbox.deleteProject(projectId)
      }),
    forget: (request) => attempt(() => forgetNow(request)),
    releaseSpace: () => attempt(() => false),
    verify: () => attempt(() => ({ rows: log.rowCount() })),
    close: () => attempt(() => live.close()),
  }
}
