import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import type { CommitUnit, Store } from '../src/ports/store.ts'
import type { StoreFactory } from './store-contract.ts'
import { anEvent, append, committed, positionsOf, takeRows } from './store-fixtures.ts'

/** Deleting what is over: whole streams, and the oldest rows of a stream that goes on. */
export function forgetContract(factory: StoreFactory): void {
  describe('forgetting', () => {
    wholeStreams(factory)
    cuts(factory)
    readers(factory)
  })
}

function aRecord(): CommitUnit {
  return append('deletions', 'any', [anEvent({ type: 'dev.tiphys.context.deleted' })])
}

async function rowsOf(store: Store): Promise<string[]> {
  return (await store.readLog(0, 100)).map(({ stream, version }) => `${stream}@${version}`)
}

function wholeStreams(factory: StoreFactory): void {
  test('streams leave whole, with a record, and positions are never given again', async (t) => {
    const store = await factory(t)
    await committed(store.commit(append('a', 0, [anEvent(), anEvent()])))
    await committed(store.commit(append('b', 0)))
    const streams = ['a', 'unknown']
    const answer = await store.forget({ streams, record: aRecord() })
    assert.deepEqual(answer, { code: 'forgotten', rows: 2, position: 4 })
    assert.deepEqual(await rowsOf(store), ['b@1', 'deletions@1'])
    assert.deepEqual(await store.read('a'), [])
    assert.deepEqual(await store.verify(), { rows: 2 })
    await store.forget({ streams: ['deletions'], record: append('c', 0) })
    assert.equal(await store.headPosition(), 5)
    const { rows } = await committed(store.commit(append('a', 0)))
    assert.deepEqual(positionsOf(rows), [6])
    assert.deepEqual(await store.verify(), { rows: 3 })
  })

  test('a stream that is open stays, and everything with it', async (t) => {
    const store = await factory(t)
    await committed(store.commit(append('a', 0)))
    await committed(store.commit(append('b', 0, [anEvent()], { open: true })))
    const answer = await store.forget({ streams: ['a', 'b'], record: aRecord() })
    assert.deepEqual(answer, { code: 'open', stream: 'b' })
    assert.deepEqual(await rowsOf(store), ['a@1', 'b@1'])
  })

  test('a record that is refused deletes nothing', async (t) => {
    const store = await factory(t)
    await committed(store.commit(append('a', 0)))
    const answer = await store.forget({ streams: ['a'], record: append('a', 7) })
    assert.deepEqual(answer, { code: 'conflict', stream: 'a', actual: 1 })
    assert.deepEqual(await rowsOf(store), ['a@1'])
  })
}

function cuts(factory: StoreFactory): void {
  test('the oldest rows of a stream go, the others keep their versions and their chain', async (t) => {
    const store = await factory(t)
    await committed(store.commit(append('inbox', 'any', [anEvent(), anEvent(), anEvent()])))
    assert.deepEqual(
      (await store.read('inbox', 2, 1)).map(({ version }) => version),
      [2],
    )
    const cut = (upToVersion: number) =>
      store.forget({ streams: [], cuts: [{ stream: 'inbox', upToVersion }], record: aRecord() })
    assert.equal((await cut(9)).code === 'forgotten' && (await store.read('inbox')).length, 3)
    const answer = await cut(2)
    assert.deepEqual(answer.code === 'forgotten' && answer.rows, 2)
    assert.deepEqual(
      (await store.read('inbox')).map(({ version }) => version),
      [3],
    )
    assert.deepEqual(await store.verify(), { rows: 3 })
    const { rows } = await committed(store.commit(append('inbox', 3)))
    assert.equal(rows[0]?.version, 4)
    await cut(4)
    assert.deepEqual(await store.read('inbox'), [])
    const next = await committed(store.commit(append('inbox', 4)))
    assert.equal(next.rows[0]?.version, 5)
    assert.deepEqual((await store.read('inbox', 5)).length, 1)
    assert.equal((await store.verify()).broken, undefined)
  })

  test('data that is stored apart goes with the last row that needs it', async (t) => {
    const store = await factory(t)
    const data = { big: 'x'.repeat(300_000) }
    await committed(store.commit(append('a', 0, [anEvent({ data })])))
    await committed(store.commit(append('b', 0, [anEvent({ data })])))
    await store.forget({ streams: ['a'], record: aRecord() })
    const [row] = await store.read('b')
    assert.equal(row?.event.data['big'], data.big)
    await store.forget({ streams: ['b'], record: aRecord() })
    assert.deepEqual(await store.verify(), { rows: 2 })
  })
}

function readers(factory: StoreFactory): void {
  test('a reader goes on after what was deleted under it', async (t) => {
    const store = await factory(t)
    await committed(store.commit(append('a', 0, [anEvent(), anEvent()])))
    const reading = takeRows(store, 0, 4)
    await store.forget({ streams: ['a'], record: aRecord() })
    await committed(store.commit(append('b', 0)))
    // It may have read the rows before they went; what follows comes once and in order.
    const positions = positionsOf(await takeRows(store, 2, 2))
    assert.deepEqual(positions, [3, 4])
    await committed(store.commit(append('b', 1, [anEvent(), anEvent()])))
    const seen = positionsOf(await reading)
    assert.deepEqual(
      seen,
      [...new Set(seen)].sort((left, right) => left - right),
    )
    while (await store.releaseSpace());
  })
}
