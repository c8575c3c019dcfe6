import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { createMemoryProjectionStorage } from '../src/adapters/memory/memory-projection-storage.ts'
import { createProjections } from '../src/adapters/projections/projections.ts'
import { createThreadedProjections } from '../src/adapters/projections/threaded-projections.ts'
import { createSqliteStore } from '../src/adapters/sqlite/open-sqlite.ts'
import { ProjectionError } from '../src/ports/projections.ts'
import type { Store } from '../src/ports/store.ts'
import { BROKEN_TYPE, DEADLY_TYPE, PROJECTIONS } from './projections-fixtures-module.ts'
import { anEvent, append, committed } from './store-fixtures.ts'
import { temporaryFolder } from './store-folder.ts'

const MANY = 5_000

/** A log on disk, and a thread that folds it. */
function threaded(
  t: TestContext,
  folder = temporaryFolder(t),
  options: { readonly idleMs?: number } = {},
) {
  const databaseFile = join(folder, 'tiphys.db')
  const store = createSqliteStore({ file: databaseFile })
  const projections = createThreadedProjections({
    ...options,
    store,
    entry: new URL('../src/projection-thread.ts', import.meta.url),
    data: {
      databaseFile,
      projectionsFile: join(folder, 'projections.db'),
      projectionsModule: new URL('./projections-fixtures-module.ts', import.meta.url).href,
    },
  })
  const close = async () => {
    await projections.close()
    await store.close()
  }
  t.after(close)
  return { folder, store, projections, close }
}

async function write(store: Store, stream: string, count: number, more = {}): Promise<void> {
  const events = Array.from({ length: count }, () => anEvent(more))
  await committed(store.commit(append(stream, 'any', events)))
}

test('the thread folds what was committed before the call, as folding here would', async (t) => {
  const { store, projections } = threaded(t)
  await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      await write(store, `s${index % 3}`, 10)
      await projections.catchUp()
      const document = await projections.get('counts', `s${index % 3}`)
      assert.ok(Number(document?.['count']) >= 10)
    }),
  )
  const here = createProjections({
    store,
    storage: createMemoryProjectionStorage(),
    projections: PROJECTIONS,
  })
  await here.catchUp()
  assert.deepEqual(await projections.dump(), await here.dump())
  const query = { offset: 1, limit: 1 }
  assert.deepEqual(await projections.list('counts', query), await here.list('counts', query))
  await projections.forgetProject('p1')
  assert.equal((await projections.list('counts', query)).totalCount, 0)
  await projections.rebuild()
  assert.deepEqual(await projections.dump(), await here.dump())
  await here.close()
})

test('other work goes on while a long log is folded', async (t) => {
  const { store, projections } = threaded(t)
  await write(store, 's', MANY)
  let turns = 0
  const ticking = setInterval(() => (turns += 1), 1)
  await projections.catchUp()
  clearInterval(ticking)
  assert.ok(turns > 1, `${turns} turns`)
  assert.equal((await projections.get('counts', 's'))?.['count'], MANY)
})

test('a fold that fails is named here, and stops nobody else', async (t) => {
  const { store, projections } = threaded(t)
  await write(store, 's', 1, { type: BROKEN_TYPE })
  await assert.rejects(projections.catchUp(), (error: unknown) => {
    assert.ok(error instanceof ProjectionError)
    assert.match(error.message, /projection fragile cannot fold row 1/)
    assert.ok(error.cause instanceof Error)
    assert.match(error.cause.message, /this fold is broken/)
    return true
  })
  assert.deepEqual(await projections.list('counts', { offset: 0, limit: 1 }), {
    documents: [],
    totalCount: 0,
  })
})

test('who waits for a thread that dies is told, and the next question starts another one', async (t) => {
  const { store, projections } = threaded(t)
  await write(store, 's', 1)
  await projections.catchUp()
  await write(store, 's', 1, { type: DEADLY_TYPE })
  await assert.rejects(projections.catchUp(), ProjectionError)
  assert.equal((await projections.get('counts', 's'))?.['count'], 1)
})

test('a closed one leaves its documents behind, and answers nothing more', async (t) => {
  const first = threaded(t)
  await write(first.store, 's', 3)
  await first.projections.catchUp()
  await first.close()
  await assert.rejects(first.projections.catchUp())
  const second = threaded(t, first.folder)
  assert.equal((await second.projections.get('counts', 's'))?.['count'], 3)
  await second.close()
})

test('a thread that is asked nothing ends, and the next question starts another one', async (t) => {
  const threads: Worker[] = []
  const started = (thread: Worker) => threads.push(thread)
  process.on('worker', started)
  t.after(() => process.off('worker', started))
  const { store, projections } = threaded(t, temporaryFolder(t), { idleMs: 1 })
  await write(store, 's', 3)
  await projections.catchUp()
  const [first] = threads
  assert.ok(first !== undefined)
  // Its id is -1 when it is over.
  if (first.threadId !== -1) await once(first, 'exit')
  // Nothing new: it is known without a thread.
  await projections.catchUp()
  assert.equal(threads.length, 1)
  await write(store, 's', 1)
  await projections.catchUp()
  assert.equal((await projections.get('counts', 's'))?.['count'], 4)
})
