import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Projection } from '../ports/projections.ts'
import { runKeyOf, runMetaOf } from './project-of-row.ts'
import type { RunDocument } from './runs-document.ts'
import { foldRunDocument } from './runs-fold.ts'

export const RUNS = 'runs'

/** Every run, open or over, newest first. */
export const runsProjection: Projection = {
  name: RUNS,
  version: 2,
  keysOf: (row) => (runMetaOf(row) === undefined ? [] : [runKeyOf(row)]),
  fold(document, row) {
    // Documents of this projection were made by this fold.
    const run = document as unknown as RunDocument | undefined
    return foldRunDocument(run, row) as unknown as JsonObject | undefined
  },
  columnsOf(document) {
    const run = document as unknown as RunDocument
    const { projectId, context, stage, service, sequence, state } = run
    const sort = startSort(run.triggeredMs, run.position)
    return { projectId, context, stage, service, name: sequence, state, sort }
  },
}

/** Positions that share a millisecond are told apart up to this many. */
const POSITIONS_PER_MS = 2048

/** Sorts by the moment of the beginning, so that lists can be cut by time; within a millisecond by position. Safe until the year 2109. */
export function startSort(timeMs: number, position: number): number {
  return timeMs * POSITIONS_PER_MS + (position % POSITIONS_PER_MS)
}
