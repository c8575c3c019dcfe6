import type { JsonObject } from '@tiphys/contract/json.ts'
import type { ProjectionColumns, ProjectionQuery } from '../../ports/projections.ts'

/**
 * Where folded documents lie. Not a port: only the runner beside it speaks to it, so it may be synchronous. A write need not
 * survive a power cut, but what survives is whole: documents never run ahead of their checkpoint, or behind it.
 */
export interface ProjectionStorage {
  checkpoints(): ReadonlyMap<string, Checkpoint>
  get(projection: string, key: string): JsonObject | undefined
  list(
    projection: string,
    query: ProjectionQuery,
  ): { readonly documents: JsonObject[]; readonly totalCount: number }
  /** All of it or nothing. */
  write(changes: readonly DocumentChange[], checkpoints: ReadonlyMap<string, Checkpoint>): void
  /** Forgets a projection with its checkpoint. */
  clear(projection: string): void
  deleteProject(projectId: string): void
  dump(): Record<string, Record<string, JsonObject>>
  close(): void
}

/** How far a projection has folded which log. */
export type Checkpoint = {
  readonly version: number
  /** Everything up to here is folded. */
  readonly position: number
  /** The last row that was folded: if the log has another one there, it is another log (a restored backup). */
  readonly anchor: Anchor | undefined
}

export type Anchor = { readonly position: number; readonly eventId: string }

export type DocumentChange = {
  readonly projection: string
  readonly key: string
  /** undefined removes it. */
  readonly document: { readonly body: JsonObject; readonly columns: ProjectionColumns } | undefined
}

/** Totals are counted to here, or to the row after the page. */
const COUNT_BOUND = 10_000

export function countBound(query: Pick<ProjectionQuery, 'offset' | 'limit'>): number {
  return Math.max(COUNT_BOUND, query.offset + query.limit + 1)
}
