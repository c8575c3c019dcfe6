import type { JsonObject } from '@tiphys/contract/json.ts'
import type { StoredEvent } from './store.ts'

/**
 * A list that is folded from the log: droppable, rebuilt by `tiphys doctor --rebuild`, and equal to live after it.
 * `keysOf` and `fold` are pure functions of their arguments.
 */
export type Projection = {
  readonly name: string
  /** Raised when the fold changes: stored documents of another version are rebuilt at start. */
  readonly version: number
  /** The documents an event touches; [] for most events. */
  keysOf(row: StoredEvent): readonly string[]
  /** The document after the event; undefined removes it. Returning the same object writes nothing. */
  fold(document: JsonObject | undefined, row: StoredEvent, key: string): JsonObject | undefined
  /** What lists filter and sort by. */
  columnsOf(document: JsonObject): ProjectionColumns
}

export type ProjectionColumns = {
  readonly projectId: string
  readonly context?: string
  readonly stage?: string
  readonly service?: string
  readonly name?: string
  readonly state?: string
  /** Sort key, newest first; usually the position or time at which the thing began. */
  readonly sort: number
}

export interface Projections {
  /** Folds everything that was committed before the call, so that a client reads what it wrote. */
  catchUp(): Promise<void>
  get(projection: string, key: string): Promise<JsonObject | undefined>
  list(
    projection: string,
    query: ProjectionQuery,
  ): Promise<{ documents: JsonObject[]; totalCount: number }>
  /** Throws every document away and folds the log again. */
  rebuild(): Promise<void>
  /** Every document, by projection and key: what a rebuilt set is compared with. */
  dump(): Promise<Record<string, Record<string, JsonObject>>>
}

export type ProjectionQuery = {
  readonly projectId?: string
  readonly context?: string
  readonly contexts?: readonly string[]
  readonly stage?: string
  readonly service?: string
  readonly name?: string
  readonly state?: string
  readonly fromSort?: number
  readonly beforeSort?: number
  readonly offset: number
  readonly limit: number
}
