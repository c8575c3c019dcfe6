import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Projection, ProjectionQuery, Projections } from '../../src/ports/projections.ts'
import type { Store } from '../../src/ports/store.ts'

/** Projections in memory, folded from the log when somebody looks. */
export function createFoldedProjections(
  store: Store,
  projections: readonly Projection[],
): Projections {
  const documents = new Map(projections.map(({ name }) => [name, new Map<string, JsonObject>()]))
  let position = 0
  const PAGE = 500

  async function catchUp(): Promise<void> {
    for (;;) {
      const rows = await store.readLog(position, PAGE)
      for (const row of rows) {
        position = row.position
        for (const projection of projections) {
          const own = documents.get(projection.name)
          for (const key of projection.keysOf(row)) {
            const after = projection.fold(own?.get(key), row, key)
            if (after === undefined) own?.delete(key)
            else own?.set(key, JSON.parse(JSON.stringify(after)) as JsonObject)
          }
        }
      }
      if (rows.length < PAGE) return
    }
  }

  return {
    catchUp,
    get: (name, key) => Promise.resolve(documents.get(name)?.get(key)),
    list(name, query) {
      const projection = projections.find((one) => one.name === name)
      if (projection === undefined) throw new Error(`there is no projection ${name}`)
      const found = [...(documents.get(name)?.values() ?? [])]
        .map((document) => ({ document, columns: projection.columnsOf(document) }))
        .filter(({ columns }) => matches(columns, query))
        .sort((left, right) => right.columns.sort - left.columns.sort)
        .map(({ document }) => document)
      return Promise.resolve({
        documents: found.slice(query.offset, query.offset + query.limit),
        totalCount: found.length,
      })
    },
    forgetProject(projectId) {
      for (const projection of projections) {
        const own = documents.get(projection.name)
        for (const [key, document] of own ?? []) {
          if (projection.columnsOf(document).projectId === projectId) own?.delete(key)
        }
      }
      return Promise.resolve()
    },
    async rebuild() {
      for (const own of documents.values()) own.clear()
      position = 0
      await catchUp()
    },
    dump: () =>
      Promise.resolve(
        Object.fromEntries([...documents].map(([name, own]) => [name, Object.fromEntries(own)])),
      ),
  }
}

const EQUAL = ['projectId', 'context', 'stage', 'service', 'name', 'state'] as const

function matches(columns: ReturnType<Projection['columnsOf']>, query: ProjectionQuery): boolean {
  return (
    EQUAL.every((name) => query[name] === undefined || query[name] === columns[name]) &&
    (query.contexts === undefined || query.contexts.includes(columns.context ?? '')) &&
    (query.fromSort === undefined || columns.sort >= query.fromSort) &&
    (query.beforeSort === undefined || columns.sort < query.beforeSort)
  )
}
