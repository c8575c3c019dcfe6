import type { Projection } from '../src/ports/projections.ts'
import { countsProjection, latestProjection, startedProjection } from './projections-fixtures.ts'

/** A fold with a bug, which meets it at a row of this type. */
export const BROKEN_TYPE = 'sh.keptn.event.broken.triggered'
/** Ends the whole thread, as a crash would. */
export const DEADLY_TYPE = 'sh.keptn.event.deadly.triggered'

const fragileProjection: Projection = {
  name: 'fragile',
  version: 1,
  keysOf: ({ event }) => (event.type === BROKEN_TYPE || event.type === DEADLY_TYPE ? ['one'] : []),
  fold(_document, { event }) {
    if (event.type === DEADLY_TYPE) process.exit()
    throw new TypeError('this fold is broken')
  },
  columnsOf: () => ({ projectId: '', sort: 0 }),
}

/** What a thread loads, in tests. */
export const PROJECTIONS = [
  countsProjection,
  latestProjection,
  startedProjection,
  fragileProjection,
]
