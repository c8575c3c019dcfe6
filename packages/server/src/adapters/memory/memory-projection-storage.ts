import type { JsonObject } from '@tiphys/contract/json.ts'
import type { ProjectionColumns, ProjectionQuery } from '../../ports/projections.ts'
import {
  type Checkpoint,
  countBound,
  type ProjectionStorage,
} from '../projections/projection-storage.ts'

type Stored = { readonly body: string; readonly columns: ProjectionColumns }

/** Documents of projections without a disk, kept as text so that nobody can change what another one reads. */
export function createMemoryProjectionStorage(): ProjectionStorage {
  const documents = new Map<string, Map<string, Stored>>()
  let checkpoints = new Map<string, Checkpoint>()
  const parse = (stored: Stored) => JSON.parse(stored.body) as JsonObject
  const of = (projection: string) => documents.get(projection) ?? new Map<string, Stored>()

  return {
    checkpoints: () => checkpoints,
    get(projection, key) {
      const stored = of(projection).get(key)
      return stored === undefined ? undefined : parse(stored)
    },
    list(projection, query) {
      const found = [...of(projection)]
        .filter(([, { columns }]) => matches(columns, query))
        .sort(newestFirst)
        .slice(0, countBound(query))
      const page = found.slice(query.offset, query.offset + query.limit)
      return { documents: page.map(([, stored]) => parse(stored)), totalCount: found.length }
    },
    write(changes, next) {
      for (const { projection, key, document } of changes) {
        const own = of(projection)
        if (document === undefined) own.delete(key)
        else own.set(key, { body: JSON.stringify(document.body), columns: document.columns })
        documents.set(projection, own)
      }
      checkpoints = new Map([...checkpoints, ...next])
    },
    clear(projection) {
      documents.delete(projection)
      checkpoints.delete(projection)
    },
    deleteProject(projectId) {
      for (const own of documents.values()) {
        for (const [key, { columns }] of own) if (columns.projectId === projectId) own.delete(key)
      }
    },
    dump: () =>
      Object.fromEntries(
        [...documents].map(([projection, own]) => [
          projection,
          Object.fromEntries([...own].map(([key, stored]) => [key, parse(stored)])),
        ]),
      ),
    close: () => undefined,
  }
}

const EQUAL = ['projectId', 'context', 'stage', 'service', 'name', 'state'] as const

function matches(columns: ProjectionColumns, query: ProjectionQuery): boolean {
  return (
    EQUAL.every((name) => query[name] === undefined || query[name] === columns[name]) &&
    (query.contexts === undefined || query.contexts.includes(columns.context ?? '')) &&
    (query.fromSort === undefined || columns.sort >= query.fromSort) &&
    (query.beforeSort === undefined || columns.sort < query.beforeSort)
  )
}

function newestFirst(
  [leftKey, left]: [string, Stored],
  [rightKey, right]: [string, Stored],
): number {
  return right.columns.sort - left.columns.sort || (leftKey < rightKey ? 1 : -1)
}
