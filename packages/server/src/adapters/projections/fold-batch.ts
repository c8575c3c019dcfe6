import type { JsonObject } from '@tiphys/contract/json.ts'
import { type Projection, ProjectionError } from '../../ports/projections.ts'
import type { StoredEvent } from '../../ports/store.ts'
import type { DocumentChange } from './projection-storage.ts'

/** A document that several rows of a batch touch is read once, folded in memory and written once. */
export type FoldBatch = {
  fold(projection: Projection, row: StoredEvent): void
  changes(): DocumentChange[]
}

type Entry = {
  readonly projection: Projection
  readonly key: string
  document: JsonObject | undefined
  isChanged: boolean
}

export function createFoldBatch(
  read: (projection: string, key: string) => JsonObject | undefined,
): FoldBatch {
  const entries = new Map<Projection, Map<string, Entry>>()

  function entryOf(projection: Projection, key: string): Entry {
    const ofProjection = entries.get(projection) ?? new Map<string, Entry>()
    entries.set(projection, ofProjection)
    const known = ofProjection.get(key)
    if (known !== undefined) return known
    const document = read(projection.name, key)
    const entry = { projection, key, document, isChanged: false }
    ofProjection.set(key, entry)
    return entry
  }

  return {
    fold(projection, row) {
      try {
        for (const key of projection.keysOf(row)) {
          const entry = entryOf(projection, key)
          const after = projection.fold(entry.document, row, key)
          if (after === entry.document) continue
          entry.document = after
          entry.isChanged = true
        }
      } catch (error) {
        throw new ProjectionError(
          `projection ${projection.name} cannot fold row ${row.position} (${row.event.type})`,
          { cause: error },
        )
      }
    },
    changes: () =>
      [...entries.values()]
        .flatMap((ofProjection) => [...ofProjection.values()])
        .filter((entry) => entry.isChanged)
        .map(changeOf),
  }
}

function changeOf({ projection, key, document }: Entry): DocumentChange {
  if (document === undefined) return { projection: projection.name, key, document }
  const columns = projection.columnsOf(document)
  return { projection: projection.name, key, document: { body: document, columns } }
}
