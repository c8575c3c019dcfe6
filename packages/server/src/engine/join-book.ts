import {
  absentJoin,
  evolveJoin,
  type JoinMeta,
  type JoinRow,
  type JoinScope,
  type JoinState,
  joinKey,
  type OpenJoin,
} from '@tiphys/core/trigger/join.ts'
import type { StoredEvent } from '../ports/store.ts'

/** The joins that wait for more. Folded from the streams `join/…` that are marked open. */
export type JoinBook = {
  /** By the sequence it would start; absent where nothing has come yet. */
  find(scope: JoinScope): JoinState
  byStream(stream: string): OpenJoin | undefined
  ofContext(projectId: string, context: string): readonly OpenJoin[]
  ofProject(projectId: string): readonly OpenJoin[]
  all(): Iterable<OpenJoin>
  apply(before: JoinState, row: JoinRow): JoinState
  forget(join: OpenJoin): void
}

export const JOIN_PREFIX = 'join/'

export function createJoinBook(): JoinBook {
  const joins = new Map<string, OpenJoin>()
  const byStream = new Map<string, string>()
  const values = () => [...joins.values()]

  function forget(join: OpenJoin): void {
    joins.delete(joinKey(join.scope))
    byStream.delete(join.stream)
  }

  return {
    find: (scope) => joins.get(joinKey(scope)) ?? absentJoin,
    byStream: (stream) => joins.get(byStream.get(stream) ?? ''),
    ofContext: (projectId, context) =>
      values().filter(({ scope }) => scope.projectId === projectId && scope.context === context),
    ofProject: (projectId) => values().filter(({ scope }) => scope.projectId === projectId),
    all: () => joins.values(),
    forget,
    apply(before, row) {
      const after = evolveJoin(before, row)
      if (after.phase === 'waiting') {
        joins.set(joinKey(after.scope), after)
        byStream.set(after.stream, joinKey(after.scope))
      } else if (before.phase === 'waiting') {
        forget(before)
      }
      return after
    },
  }
}

/** Folds whole streams, one after the other. */
export function openJoinBook(streams: readonly (readonly StoredEvent[])[]): JoinBook {
  const book = createJoinBook()
  for (const rows of streams) {
    let state: JoinState = absentJoin
    for (const stored of rows) {
      // Rows of a join's stream are written by the engine alone, with this meta.
      const meta = stored.meta as unknown as JoinMeta
      state = book.apply(state, { event: stored.event, meta, timeMs: stored.timeMs })
    }
  }
  return book
}
