import { strict as assert } from 'node:assert'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { createSqliteStore } from '../src/adapters/sqlite/open-sqlite.ts'
import type { Store } from '../src/ports/store.ts'
import { anEvent, append, committed } from './store-fixtures.ts'
import { temporaryFolder } from './store-folder.ts'

/** Three streams, written and closed in order; then something behind our back. */
async function tampered(t: TestContext, sql: string): Promise<Store> {
  const file = join(temporaryFolder(t), 'tiphys.db')
  const store = createSqliteStore({ file })
  await committed(store.commit(append('a', 0, [anEvent(), anEvent()])))
  await committed(store.commit(append('b', 0, [anEvent()], { projectId: 'p2' })))
  await committed(store.commit(append('c', 0, [anEvent(), anEvent()])))
  await store.close()
  const database = new DatabaseSync(file)
  database.exec(sql)
  database.close()
  const again = createSqliteStore({ file })
  t.after(() => again.close())
  return again
}

test('verify notices rows cut off the end of a stream', async (t) => {
  const store = await tampered(t, 'DELETE FROM events WHERE position = 2')
  assert.deepEqual(await store.verify(), { rows: 4, missing: { count: 1, first: 1, last: 5 } })
})

test('verify notices rows cut off the end of the log', async (t) => {
  const store = await tampered(t, 'DELETE FROM events WHERE position >= 4')
  assert.deepEqual(await store.verify(), { rows: 3, missing: { count: 2, first: 1, last: 5 } })
})

test('what was deleted in order is not missed', async (t) => {
  const store = await tampered(t, '')
  await store.forget({ streams: ['a'], record: append('deletions', 0) })
  await store.deleteProject('p2')
  assert.deepEqual(await store.verify(), { rows: 3 })
})

test('a log from which projects were deleted before that was counted misses nothing', async (t) => {
  // The tables as the version before left them.
  const store = await tampered(
    t,
    `DELETE FROM events WHERE position = 3; DELETE FROM streams WHERE name = 'b';
     UPDATE log_floor SET position = 5;
     DROP TABLE deleted_rows; DROP TABLE stream_bases; PRAGMA user_version = 1;`,
  )
  assert.deepEqual(await store.verify(), { rows: 4 })
})

test('the space of deleted rows is given back to the disk', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'tiphys.db')
  const store = createSqliteStore({ file })
  t.after(() => store.close())
  const sizeBytes = () => {
    // The size on disk follows at the next checkpoint.
    const database = new DatabaseSync(file)
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    database.close()
    return statSync(file).size
  }
  const data = { filler: 'x'.repeat(4_000) }
  for (let run = 0; run < 100; run++) {
    const events = Array.from({ length: 10 }, () => anEvent({ data }))
    await committed(store.commit(append(`run/${run}`, 0, events)))
  }
  const fullBytes = sizeBytes()
  const streams = Array.from({ length: 90 }, (_, run) => `run/${run}`)
  await store.forget({ streams, record: append('deletions', 0) })
  while (await store.releaseSpace());
  const restBytes = sizeBytes()
  assert.ok(restBytes < fullBytes / 5, `${restBytes} of ${fullBytes} bytes are left`)
  assert.deepEqual(await store.verify(), { rows: 101 })
})
