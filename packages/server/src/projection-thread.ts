import { parentPort, workerData } from 'node:worker_threads'
import { createProjections } from './adapters/projections/projections.ts'
import {
  failureOf,
  type ThreadAnswer,
  type ThreadData,
  type ThreadQuestion,
} from './adapters/projections/thread-messages.ts'
import { openLogReader } from './adapters/sqlite/open-log-reader.ts'
import { openSqliteProjectionStorage } from './adapters/sqlite/sqlite-projection-storage.ts'
import { yieldProcessor } from './adapters/system/yield-processor.ts'
import type { Projection } from './ports/projections.ts'

// The composition root of the thread that folds the lists (adapters/projections/threaded-projections.ts): it only answers questions.

/** Nobody else waits for this thread, and what many rows touch is written once. */
const BATCH_ROWS = 2_000

yieldProcessor()

if (parentPort === null) throw new Error('this module runs in a thread of the server')
const port = parentPort
const { databaseFile, projectionsFile, projectionsModule } = workerData as ThreadData
const { PROJECTIONS } = (await import(projectionsModule)) as { PROJECTIONS: readonly Projection[] }
const store = openLogReader(databaseFile)
const runner = createProjections({
  store,
  storage: openSqliteProjectionStorage(projectionsFile),
  projections: PROJECTIONS,
  batchRows: BATCH_ROWS,
})

port.on('message', ({ id, method, values }: ThreadQuestion) => {
  // The main side asks for methods of the runner with their own arguments.
  const ask = runner[method] as (...values: readonly unknown[]) => Promise<unknown>
  ask(...values)
    .then(
      (value): ThreadAnswer => ({ id, value }),
      (error: unknown): ThreadAnswer => ({ id, error: failureOf(error) }),
    )
    .then((answer) => {
      port.postMessage(answer)
      if (method !== 'close') return
      store.close()
      port.close()
    })
    .catch((error: unknown) => {
      // An answer that cannot be sent is a bug; who waits for it must not wait for ever.
      port.postMessage({ id, error: failureOf(error) } satisfies ThreadAnswer)
    })
})
