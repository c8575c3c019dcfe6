import { strict as assert } from 'node:assert'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { NewerDataError } from '../src/adapters/sqlite/migrate.ts'
import { createSqliteStore } from '../src/adapters/sqlite/open-sqlite.ts'
import { StoreError } from '../src/ports/store.ts'
import { anEvent, append, committed, idsOf, NOW_MS } from './store-fixtures.ts'
import { temporaryFolder, temporarySqlite } from './store-folder.ts'

test('after reopening, streams go on where they were and positions are never given twice', async (t) => {
  const file = join(temporaryFolder(t), 'tiphys.db')
  const first = createSqliteStore({ file })
  await committed(first.commit(append('s', 0, [anEvent(), anEvent()], { open: true })))
  await committed(first.commit(append('drop', 0, [anEvent()], { projectId: 'p2' })))
  await first.deleteProject('p2')
  await first.close()
  const second = createSqliteStore({ file })
  assert.equal(await second.headPosition(), 3)
  assert.deepEqual(await second.openStreams(), ['s'])
  const { rows } = await committed(second.commit(append('s', 2)))
  assert.deepEqual([rows[0]?.version, rows[0]?.position], [3, 4])
  assert.deepEqual(await second.verify(), { rows: 3 })
  await second.close()
})

test('when SQL refuses one unit, its neighbours are written', async (t) => {
  const { store, documents } = temporarySqlite(t)
  await committed(store.commit(append('a', 0)))
  // No whole number: the column refuses it, in the middle of the transaction.
  const refused = append('b', 0, [anEvent()], { nowMs: NOW_MS + 0.5 })
  const answers = await Promise.allSettled([
    store.commit(append('a', 1)),
    store.commit(refused),
    store.commit(append('a', 2)),
    documents.put('kind', 'key', { written: true }),
  ])
  const [first, second, third, fourth] = answers
  assert.equal(first?.status === 'fulfilled' && first.value.code, 'committed')
  assert.ok(second?.status === 'rejected' && second.reason instanceof StoreError)
  assert.equal(second.reason.retryable, false)
  assert.equal(third?.status === 'fulfilled' && third.value.code, 'committed')
  assert.equal(fourth?.status, 'fulfilled')
  assert.deepEqual(await store.read('b'), [])
  assert.deepEqual(idsOf(await store.readLog(0, 10)), idsOf(await store.read('a')))
  assert.deepEqual(await store.verify(), { rows: 3 })
  assert.deepEqual(await documents.get('kind', 'key'), { written: true })
})

test('what lies on disk is for the owner only', {
  skip: process.platform === 'win32',
}, async (t) => {
  const folder = temporaryFolder(t)
  const store = createSqliteStore({ file: join(folder, 'data', 'tiphys.db') })
  await committed(store.commit(append('s', 0)))
  const modeOf = (name: string) => statSync(join(folder, name)).mode & 0o777
  assert.equal(modeOf('data'), 0o700)
  assert.equal(modeOf('data/tiphys.db'), 0o600)
  assert.equal(modeOf('data/tiphys.db-wal'), 0o600)
  await store.close()
})

test('a closed store says so', async (t) => {
  const { store } = temporarySqlite(t)
  const answer = store.commit(append('s', 0))
  await store.close()
  assert.equal((await answer).code, 'committed')
  await assert.rejects(
    store.commit(append('s', 1)),
    (error) => error instanceof StoreError && error.message === 'the store is closed',
  )
})

test('a file of a newer version is refused and left as it is', async (t) => {
  const file = join(temporaryFolder(t), 'tiphys.db')
  await createSqliteStore({ file }).close()
  const other = new DatabaseSync(file)
  other.exec('PRAGMA user_version = 99')
  other.close()
  assert.throws(() => createSqliteStore({ file }), NewerDataError)
  const again = new DatabaseSync(file)
  assert.deepEqual({ ...again.prepare('PRAGMA user_version').get() }, { user_version: 99 })
  again.close()
})

const TAMPERINGS: [string, string, { stream: string; version: number }][] = [
  [
    'a body',
    `UPDATE events SET body = replace(body, '"fail"', '"pass"') WHERE version = 2`,
    { stream: 's', version: 2 },
  ],
  ['meta', `UPDATE events SET meta = '{}' WHERE version = 1`, { stream: 's', version: 1 }],
  ['a time', 'UPDATE events SET time_ms = 1 WHERE version = 3', { stream: 's', version: 3 }],
  [
    'an index column',
    `UPDATE events SET result = (SELECT id FROM words WHERE text = 'pass') WHERE version = 2`,
    { stream: 's', version: 2 },
  ],
  ['a row taken out', 'DELETE FROM events WHERE version = 2', { stream: 's', version: 2 }],
  [
    'bodies that changed places',
    `UPDATE events SET body = (SELECT o.body FROM events AS o WHERE o.stream = 2 AND o.version = 3 - events.version)
     WHERE version < 3`,
    { stream: 's', version: 1 },
  ],
  [
    'large data',
    `UPDATE large_data SET text = replace(text, 'xx', 'yy')`,
    { stream: 's', version: 3 },
  ],
]

for (const [name, sql, broken] of TAMPERINGS) {
  test(`verify notices ${name} that was changed behind our back`, async (t) => {
    const file = join(temporaryFolder(t), 'tiphys.db')
    const store = createSqliteStore({ file })
    const events = [
      anEvent({ data: { result: 'pass' } }),
      anEvent({ data: { result: 'fail' } }),
      anEvent({ data: { result: 'warning', large: 'x'.repeat(300_000) } }),
    ]
    await committed(store.commit(append('r', 0)))
    await committed(store.commit(append('s', 0, events)))
    await committed(store.commit(append('t', 0)))
    assert.deepEqual(await store.verify(), { rows: 5 })
    await store.close()
    const intruder = new DatabaseSync(file)
    const target = sql.includes('large_data') ? sql : `${sql} AND stream = 2`
    intruder.exec(target)
    intruder.close()
    const again = createSqliteStore({ file })
    const { broken: found } = await again.verify()
    assert.deepEqual(found, broken)
    await again.close()
  })
}

test('large event data is stored once, and goes with its last event', async (t) => {
  const file = join(temporaryFolder(t), 'tiphys.db')
  const store = createSqliteStore({ file })
  const large = 'x'.repeat(300_000)
  const event = () => anEvent({ data: { large } })
  await committed(store.commit(append('s', 0, [event(), event()])))
  await committed(store.commit(append('t', 0, [event()], { projectId: 'p2' })))
  const reader = new DatabaseSync(file, { readOnly: true })
  const copies = () => reader.prepare('SELECT count(*) AS n FROM large_data').get()?.['n']
  assert.equal(copies(), 1)
  await store.deleteProject('p1')
  assert.equal(copies(), 1)
  assert.equal((await store.read('t'))[0]?.event.data['large'], large)
  await store.deleteProject('p2')
  assert.equal(copies(), 0)
  reader.close()
  await store.close()
})
