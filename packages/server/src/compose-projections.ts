import { join } from 'node:path'
import type { ProjectionRunner } from './adapters/projections/projections.ts'
import { createThreadedProjections } from './adapters/projections/threaded-projections.ts'
import type { Store } from './ports/store.ts'
import { DATABASE_FILE, PROJECTIONS_FILE } from './rebuild-projections.ts'

/** The lists of a running server, folded in a thread of their own from the log in the data folder. */
export function composeProjections(dataDir: string, store: Store): ProjectionRunner {
  const projections = createThreadedProjections({
    store,
    entry: new URL('./projection-thread.ts', import.meta.url),
    data: {
      databaseFile: join(dataDir, DATABASE_FILE),
      projectionsFile: join(dataDir, PROJECTIONS_FILE),
      projectionsModule: new URL('./projections/all-projections.ts', import.meta.url).href,
    },
  })
  // The thread starts, and folds what is left, while the rest of the server starts. Whoever reads a list is told if it cannot.
  projections.catchUp().catch(() => undefined)
  return projections
}
