import { assert } from '@tiphys/core/assert.ts'
import type { Projections } from '../../ports/projections.ts'
import { createLogFolder, type FolderParts } from './log-folder.ts'

export type ProjectionRunner = Projections & { close(): Promise<void> }

/**
 * Folds the log into documents, in order, when somebody is about to read them.
 *
 *   first call ──▶ checkpoints fit the log? ──no──▶ forget those documents
 *                          │yes
 *                          ▼
 *   catchUp: read a batch, fold it in memory, write documents and checkpoint at once, give others a turn, go on
 */
export function createProjections(parts: FolderParts): ProjectionRunner {
  const { store, storage } = parts
  const names = new Set(parts.projections.map(({ name }) => name))
  const folder = createLogFolder(parts)
  let ready: Promise<void> | undefined
  let queue: Promise<unknown> = Promise.resolve()
  let isClosed = false

  function whenReady(): Promise<void> {
    ready ??= folder.checkStorage().catch((error: unknown) => {
      ready = undefined
      throw error
    })
    return ready
  }

  /** One thing at a time, in order. A failure is told to whoever asked for it and stops nobody else. */
  async function inTurn<T>(task: () => T | Promise<T>): Promise<T> {
    const turn = queue.then(async () => {
      assert(!isClosed, 'projections are not used after they were closed')
      await whenReady()
      return await task()
    })
    queue = turn.catch(() => undefined)
    return await turn
  }

  function checked(projection: string): string {
    assert(names.has(projection), `there is no projection ${projection}`)
    return projection
  }

  return {
    catchUp: async () => {
      const head = await store.headPosition()
      if (ready !== undefined && !folder.isBehind(head)) return
      await inTurn(() => folder.foldUpTo(head))
    },
    get: (projection, key) => inTurn(() => storage.get(checked(projection), key)),
    list: (projection, query) => inTurn(() => storage.list(checked(projection), query)),
    rebuild: () => inTurn(folder.rebuild),
    forgetProject: (projectId) => inTurn(() => folder.forgetProject(projectId)),
    dump: () => inTurn(storage.dump),
    async close() {
      folder.stop()
      await queue
      isClosed = true
      storage.close()
    },
  }
}
