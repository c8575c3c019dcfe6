import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'

/**
 * The append-only log and what must be written together with it. One suite (`test/store-contract.ts`) runs on every
 * adapter; no other part of the house can tell them apart.
 */
export interface Store {
  /**
   * Writes all of it or nothing: every stream at its expected version, effects and dedupe keys.
   * After `committed` it is on disk (fsync), and every reader sees it. Commits handed in while one is being written
   * go into the next transaction together (group commit): one that conflicts or breaks does not fail its neighbours, and two
   * appends to one stream in one group are checked against each other in the order they were handed in.
   * The unit is read when it is handed in; changing it afterwards changes nothing. Answers come in the order of handing in, and
   * none before everything it was checked against is on disk. A repeat is asked before a conflict.
   * Throws `StoreError` when it cannot write: then it is unknown whether the unit is on disk, until its streams are read again.
   */
  commit(unit: CommitUnit): Promise<CommitResult>

  /**
   * The rows of a stream in order of version, from `fromVersion` (default 1) on, at most `limit` (default: all); empty when there is no such
   * stream.
   */
  read(stream: string, fromVersion?: number, limit?: number): Promise<StoredEvent[]>

  /** Names of streams marked open, in order of creation. */
  openStreams(): Promise<string[]>

  /** Rows with position > `afterPosition` in order, at most `limit`. Once a position was seen, no smaller one appears. */
  readLog(afterPosition: number, limit: number): Promise<StoredEvent[]>

  /**
   * Every row after a position, for ever: backfill, cutover, live, without a gap or a repeat. Ends when the signal
   * aborts. A reader that falls more than `maxBehind` rows behind the live end goes back to reading from disk.
   */
  tail(afterPosition: number, signal: AbortSignal): AsyncIterable<readonly StoredEvent[]>

  /** The largest position ever given, 0 on an empty log. Deleting a project does not lower it. */
  headPosition(): Promise<number>

  /** Bounded queries over the index columns, newest first. */
  query(query: EventQuery): Promise<EventPage>

  /** Outbox rows whose time has come, the longest due first. A row stays until it is settled. */
  dueEffects(nowMs: number, limit: number): Promise<EffectRow[]>
  /** The due time of the effect that is due next, or undefined when the outbox is empty. */
  nextEffectDueMs(): Promise<number | undefined>
  /** It is done: forgets it. Unknown keys change nothing. */
  settleEffect(key: string): Promise<void>
  /** It failed: counts the attempt and tries again at `dueMs`. */
  postponeEffect(key: string, dueMs: number, reason: string): Promise<void>

  /** What a live dedupe key was first accepted with, or undefined. */
  dedupeValue(key: string, nowMs: number): Promise<string | undefined>
  /** Forgets dedupe keys whose time is over. */
  pruneDedupeKeys(nowMs: number): Promise<number>

  /**
   * Deletes whole streams of a project (project deletion) and its effects: they are gone from every read. Large projects go in
   * several transactions, so whoever deletes one repeats it after a crash.
   */
  deleteProject(projectId: string): Promise<void>

  /**
   * Deletes whole streams, and the oldest rows of others, in the transaction that writes `record`: they are gone from every read, what
   * remains keeps its versions and its hash chain, and positions are never given again. One stream that is open, or a record that is refused,
   * and nothing is deleted. Names that no stream has, and cuts at a version that is not there, change nothing.
   */
  forget(request: ForgetRequest): Promise<ForgetResult>
  /** Gives some of the space of deleted rows back to the disk, in a moment; false when there was none left to give. */
  releaseSpace(): Promise<boolean>

  /**
   * Recomputes every stream's hash chain and the index columns; names the first broken row, if any, else the first stretch of the log from
   * which rows are gone that nobody deleted: those cut off at the end of a stream break no chain. Rows at the very end of the log are
   * noticed when the store was closed, or something deleted, after they were written.
   */
  verify(): Promise<{
    readonly rows: number
    readonly broken?: { stream: string; version: number }
    readonly missing?: { count: number; first: number; last: number }
  }>

  /** Writes what was handed in, ends every `tail`, gives the data folder free. */
  close(): Promise<void>
}

/** The disk refused, or the store is closed. Retryable: the same call may succeed later (disk full, folder locked). */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly retryable: boolean

  constructor(message: string, options: { readonly retryable: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause })
    this.retryable = options.retryable
  }
}

export type CommitUnit = {
  readonly writes: readonly StreamWrite[]
  readonly effects?: readonly NewEffect[]
  readonly dedupeKeys?: readonly DedupeKey[]
  /** The time of the rows, and what decides which dedupe keys still live. */
  readonly nowMs: number
}

export type StreamWrite = {
  readonly stream: string
  /**
   * The version of the last row the writer knows; 0 = the stream must not exist. `any` appends behind whatever is there: for
   * streams that nothing is decided from (an inbox).
   */
  readonly expectedVersion: number | 'any'
  readonly events: readonly NewEvent[]
  /** Marks the stream open or closed from this write on; unset leaves it (a new stream is closed). */
  readonly open?: boolean
}

export type NewEvent = {
  readonly event: KeptnEvent
  /** Facts that belong to the row and are no business of Keptn's clients (plan, deadlines, actor). */
  readonly meta?: JsonObject
  /** The immutable id of the project; names can be reused. All events of a stream name the same one, or none. */
  readonly projectId?: string
}

export type StoredEvent = NewEvent & {
  readonly position: number
  readonly stream: string
  /** 1-based, without gaps. */
  readonly version: number
  /** The `nowMs` of its commit. */
  readonly timeMs: number
}

/**
 * An effect that outlives its run (an annotation, a notification). Start effects of tasks are folded from open runs instead.
 * A key that already waits is not written twice.
 */
export type NewEffect = {
  readonly key: string
  readonly kind: string
  readonly body: JsonObject
  readonly dueMs: number
  readonly projectId?: string
}

export type EffectRow = NewEffect & { readonly attempts: number; readonly lastError?: string }

export type DedupeKey = {
  readonly key: string
  /** Handed back as `of` to whoever repeats the key before `untilMs`. */
  readonly value: string
  readonly untilMs: number
}

export type CommitResult =
  /** `position` of the last row; the head when the unit wrote no row. */
  | { readonly code: 'committed'; readonly position: number; readonly rows: readonly StoredEvent[] }
  | { readonly code: 'conflict'; readonly stream: string; readonly actual: number }
  | { readonly code: 'repeat'; readonly key: string; readonly of: string }

export type ForgetRequest = {
  readonly streams: readonly string[]
  readonly cuts?: readonly { readonly stream: string; readonly upToVersion: number }[]
  /** What tells readers of the log about it. */
  readonly record: CommitUnit
}

export type ForgetResult =
  /** `rows` were deleted; `position` of the last row of the record. */
  | { readonly code: 'forgotten'; readonly rows: number; readonly position: number }
  | { readonly code: 'open'; readonly stream: string }
  | Exclude<CommitResult, { code: 'committed' }>

export type EventQuery = {
  readonly projectId?: string
  readonly context?: string
  /** Exact type, or every type that ends so (`.triggered`). */
  readonly type?: string
  readonly typeSuffix?: string
  readonly stage?: string
  readonly service?: string
  readonly source?: string
  readonly result?: string
  readonly triggeredId?: string
  readonly eventId?: string
  readonly fromTimeMs?: number
  readonly beforeTimeMs?: number
  /** Only the first row of each context in its project. */
  readonly root?: boolean
  /** Hides `dev.tiphys.*` rows (default true). */
  readonly keptnOnly?: boolean
  readonly offset: number
  /** At most 1,000. */
  readonly limit: number
}

export type EventPage = {
  readonly events: readonly StoredEvent[]
  /** Exact up to 1,000 or `offset + limit`, whichever is larger; one of them at least when there are more. */
  readonly totalCount: number
}
