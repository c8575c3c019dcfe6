import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { createMemoryProjectionStorage } from '../src/adapters/memory/memory-projection-storage.ts'
import { createMemoryStore } from '../src/adapters/memory/memory-store.ts'
import { projectionSearch } from '../src/adapters/sqlite/projection-query.ts'
import { openSqliteProjectionStorage } from '../src/adapters/sqlite/sqlite-projection-storage.ts'
import type { ProjectionQuery } from '../src/ports/projections.ts'
import { projectionsContract, runnerOf } from './projections-contract.ts'
import { append } from './store-fixtures.ts'
import { temporaryFolder, temporarySqlite } from './store-folder.ts'

projectionsContract('memory', () => ({
  store: createMemoryStore(),
  storage: createMemoryProjectionStorage(),
}))

projectionsContract('sqlite', (t) => ({
  store: temporarySqlite(t).store,
  storage: storageIn(t, temporaryFolder(t)),
}))

function storageIn(t: TestContext, folder: string) {
  const storage = openSqliteProjectionStorage(join(folder, 'projections.db'))
  t.after(() => {
    try {
      storage.close()
    } catch {
      // The test closed it itself.
    }
  })
  return storage
}

test('folded documents are there after reopening, and only new rows are folded', async (t) => {
  const folder = temporaryFolder(t)
  const store = createMemoryStore()
  await store.commit(append('s', 0))
  const first = runnerOf({ store, storage: storageIn(t, folder) })
  await first.catchUp()
  await first.close()
  await store.commit(append('s', 1))
  const second = runnerOf({ store, storage: storageIn(t, folder) })
  assert.equal((await second.get('counts', 's'))?.['count'], 1)
  await second.catchUp()
  assert.equal((await second.get('counts', 's'))?.['count'], 2)
})

test('a damaged file is replaced, because the log has it all', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(
    join(folder, 'projections.db'),
    'this is no database, not even a small one'.repeat(99),
  )
  const store = createMemoryStore()
  await store.commit(append('s', 0))
  const projections = runnerOf({ store, storage: storageIn(t, folder) })
  await projections.catchUp()
  assert.equal((await projections.get('counts', 's'))?.['count'], 1)
})

const PLANS: [string, Partial<ProjectionQuery>, string][] = [
  ['everything', {}, 'documents_by_sort (projection=?)'],
  [
    'a project',
    { projectId: 'p', state: 's' },
    'documents_by_project (projection=? AND project_id=?)',
  ],
  [
    'a time in a project',
    { projectId: 'p', fromSort: 1, beforeSort: 2 },
    'documents_by_project (projection=? AND project_id=? AND sort>? AND sort<?)',
  ],
  [
    'a lane',
    { projectId: 'p', stage: 's', service: 'c' },
    'documents_by_lane (projection=? AND project_id=? AND stage=? AND service=?)',
  ],
]

for (const [name, query, plan] of PLANS) {
  test(`a list of ${name} goes through its index and sorts nothing`, (t) => {
    assert.deepEqual(planOf(t, query), [`SEARCH documents USING INDEX ${plan}`])
  })
}

test('a list of a context goes through its index', (t) => {
  const [search] = planOf(t, { projectId: 'p', context: 'c' })
  assert.equal(
    search,
    'SEARCH documents USING INDEX documents_by_context (projection=? AND context=?)',
  )
})

function planOf(t: TestContext, query: Partial<ProjectionQuery>): string[] {
  const folder = temporaryFolder(t)
  storageIn(t, folder)
  const database = new DatabaseSync(join(folder, 'projections.db'), { readOnly: true })
  const { from, values } = projectionSearch('runs', { offset: 0, limit: 10, ...query })
  const sql = `EXPLAIN QUERY PLAN SELECT body FROM ${from} ORDER BY sort DESC, key DESC LIMIT 1`
  const steps = database.prepare(sql).all(...values)
  database.close()
  return steps.map((step) => String(step['detail']))
}
