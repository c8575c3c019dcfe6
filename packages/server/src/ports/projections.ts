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
  /**
   * Folds everything that was committed before the call, so that a client reads what it wrote. Calls at the same time share the
   * work; long backlogs are folded in pieces, with turns for other work between them. Throws `ProjectionError` when a fold does.
   */
  catchUp(): Promise<void>
  get(projection: string, key: string): Promise<JsonObject | undefined>
  /** Newest first; equal sorts by key. The total is exact up to 10,000 or the row after the page, whichever is larger. */
  list(
    projection: string,
    query: ProjectionQuery,
  ): Promise<{ documents: JsonObject[]; totalCount: number }>
  /** Throws every document away and folds the log again. */
  rebuild(): Promise<void>
  /**
   * Drops the documents of a project after its streams were deleted (`store.deleteProject`): no row says that they are gone. Whoever
   * deletes a project repeats both after a crash.
   */
  forgetProject(projectId: string): Promise<void>
  /** Every document, by projection and key: what a rebuilt set is compared with. */
  dump(): Promise<Record<string, Record<string, JsonObject>>>
}

/** A fold failed: a bug in it, at a row that is named, and nothing of that row was stored. Or the projections were closed. */
export class ProjectionError extends Error {
  override readonly name = 'ProjectionError'
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
