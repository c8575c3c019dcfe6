import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import type { StoreFactory } from './store-contract.ts'
import { anEvent, append, committed, idsOf, NOW_MS, positionsOf } from './store-fixtures.ts'

export function commitContract(factory: StoreFactory): void {
  describe('commit', () => {
    roundTrip(factory)
    versions(factory)
    groups(factory)
    openMarks(factory)
    deletion(factory)
  })
}

function roundTrip(factory: StoreFactory): void {
  test('a row reads back as it was written, with its place', async (t) => {
    const store = await factory(t)
    const event = anEvent({
      extra: { kept: [1, null, 'ü "quoted" \n line'] },
      data: { nested: { deep: [{ yes: true }] }, number: 0.1 },
    })
    const meta = { k: 'start', deadline: 5 }
    const write = { stream: 's', expectedVersion: 0, events: [{ event, meta, projectId: 'p1' }] }
    const result = await committed(store.commit({ writes: [write], nowMs: NOW_MS }))
    const place = { position: 1, stream: 's', version: 1, timeMs: NOW_MS, projectId: 'p1' }
    assert.deepEqual(result, {
      code: 'committed',
      position: 1,
      rows: [{ event, meta, ...place }],
    })
    assert.deepEqual(await store.read('s'), result.rows)
    assert.deepEqual(await store.readLog(0, 10), result.rows)
    assert.equal(await store.headPosition(), 1)
  })

  test('a row without project and meta has neither', async (t) => {
    const store = await factory(t)
    const event = anEvent()
    await committed(
      store.commit({
        writes: [{ stream: 'inbox', expectedVersion: 0, events: [{ event }] }],
        nowMs: 7,
      }),
    )
    assert.deepEqual(await store.read('inbox'), [
      { event, position: 1, stream: 'inbox', version: 1, timeMs: 7 },
    ])
  })

  test('event data larger than a row should hold reads back whole', async (t) => {
    const store = await factory(t)
    const text = 'x'.repeat(300 * 1024)
    const events = [anEvent({ data: { text } }), anEvent({ data: { text }, after: 1 })]
    const { rows } = await committed(store.commit(append('s', 0, events)))
    assert.deepEqual(await store.read('s'), rows)
    assert.deepEqual((await store.verify()).rows, 2)
  })

  test('the caller may change its objects after it handed them in', async (t) => {
    const store = await factory(t)
    const data = { value: 'before' }
    const answer = store.commit(append('s', 0, [anEvent({ id: 'a', data })]))
    data.value = 'after'
    await committed(answer)
    const [row] = await store.read('s')
    assert.equal(row?.event.data['value'], 'before')
  })
}

function versions(factory: StoreFactory): void {
  test('an append at the wrong version is a conflict that names the right one', async (t) => {
    const store = await factory(t)
    await committed(store.commit(append('s', 0, [anEvent(), anEvent()])))
    assert.deepEqual(await store.commit(append('s', 0)), {
      code: 'conflict',
      stream: 's',
      actual: 2,
    })
    assert.deepEqual(await store.commit(append('t', 3)), {
      code: 'conflict',
      stream: 't',
      actual: 0,
    })
    assert.equal((await store.read('s')).length, 2)
    assert.equal(await store.headPosition(), 2)
  })

  test('a unit over several streams is written whole or not at all', async (t) => {
    const store = await factory(t)
    await committed(store.commit(append('b', 0)))
    const [first] = append('a', 0).writes
    const [second] = append('b', 0).writes
    assert.ok(first && second)
    const unit = { writes: [first, second], nowMs: NOW_MS }
    assert.deepEqual(await store.commit(unit), { code: 'conflict', stream: 'b', actual: 1 })
    assert.deepEqual(await store.read('a'), [])
    const { rows } = await committed(
      store.commit({ ...unit, writes: [first, { ...second, expectedVersion: 1 }] }),
    )
    assert.deepEqual(
      rows.map((row) => [row.stream, row.version, row.position]),
      [
        ['a', 1, 2],
        ['b', 2, 3],
      ],
    )
  })

  test('`any` appends behind whatever is there', async (t) => {
    const store = await factory(t)
    await committed(store.commit(append('inbox', 'any')))
    const { rows } = await committed(store.commit(append('inbox', 'any', [anEvent(), anEvent()])))
    assert.deepEqual(
      rows.map((row) => row.version),
      [2, 3],
    )
  })

  test('a stream can be read from a version on', async (t) => {
    const store = await factory(t)
    const events = [anEvent(), anEvent(), anEvent()]
    await committed(store.commit(append('s', 0, events)))
    assert.deepEqual(idsOf(await store.read('s', 2)), idsOf((await store.read('s')).slice(1)))
    assert.deepEqual(await store.read('s', 4), [])
  })
}

function groups(factory: StoreFactory): void {
  test('appends handed in together are checked against each other in order', async (t) => {
    const store = await factory(t)
    const answers = await Promise.all([
      store.commit(append('s', 0)),
      store.commit(append('s', 1)),
      store.commit(append('s', 1)),
      store.commit(append('s', 2)),
    ])
    assert.deepEqual(
      answers.map((answer) => answer.code),
      ['committed', 'committed', 'conflict', 'committed'],
    )
    assert.deepEqual(positionsOf(await store.read('s')), [1, 2, 3])
  })

  test('a unit that breaks does not fail its neighbours', async (t) => {
    const store = await factory(t)
    const unwritable = anEvent({ data: { number: 1n as unknown as number } })
    const answers = await Promise.allSettled([
      store.commit(append('a', 0)),
      store.commit(append('b', 0, [anEvent(), unwritable])),
      store.commit(append('b', 0)),
      store.commit(append('c', 9)),
      store.commit(append('a', 1)),
    ])
    assert.deepEqual(
      answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.code : 'broke')),
      ['committed', 'broke', 'committed', 'conflict', 'committed'],
    )
    assert.equal((await store.read('b')).length, 1)
    assert.deepEqual(positionsOf(await store.readLog(0, 10)), [1, 2, 3])
  })

  test('a stream of two projects is refused', async (t) => {
    const store = await factory(t)
    await committed(store.commit(append('s', 0)))
    await assert.rejects(store.commit(append('s', 1, [anEvent()], { projectId: 'p2' })))
    assert.equal((await store.read('s')).length, 1)
  })

  test('a unit without rows answers with the head', async (t) => {
    const store = await factory(t)
    await committed(store.commit(append('s', 0)))
    const answer = await store.commit({ writes: [], nowMs: NOW_MS })
    assert.deepEqual(answer, { code: 'committed', position: 1, rows: [] })
  })
}

function openMarks(factory: StoreFactory): void {
  test('streams are open from and until a write says so', async (t) => {
    const store = await factory(t)
    await committed(store.commit(append('b', 0, [anEvent()], { open: true })))
    await committed(store.commit(append('a', 0, [anEvent()], { open: true })))
    await committed(store.commit(append('closed', 0)))
    await committed(store.commit(append('b', 1)))
    assert.deepEqual(await store.openStreams(), ['b', 'a'])
    await committed(store.commit(append('b', 2, [], { open: false })))
    await committed(store.commit(append('closed', 1, [anEvent()], { open: true })))
    assert.deepEqual(await store.openStreams(), ['a', 'closed'])
  })
}

function deletion(factory: StoreFactory): void {
  test('a deleted project is gone from every read, and positions go on', async (t) => {
    const store = await factory(t)
    const [keep, drop] = [anEvent(), anEvent({ shkeptncontext: 'c-drop' })]
    await committed(store.commit(append('keep', 0, [keep])))
    const effect = { key: 'e', kind: 'k', body: {}, dueMs: 1, projectId: 'p2' }
    const more = { projectId: 'p2', open: true, effects: [effect] }
    await committed(store.commit(append('drop', 0, [drop, anEvent()], more)))
    await store.deleteProject('p2')
    assert.deepEqual(await store.read('drop'), [])
    assert.deepEqual(idsOf(await store.readLog(0, 10)), [keep.id])
    assert.deepEqual(await store.openStreams(), [])
    assert.deepEqual(await store.dueEffects(NOW_MS, 10), [])
    const page = await store.query({ context: 'c-drop', offset: 0, limit: 10 })
    assert.deepEqual(page, { events: [], totalCount: 0 })
    assert.equal(await store.headPosition(), 3)
    const { rows } = await committed(store.commit(append('drop', 0)))
    assert.deepEqual([rows[0]?.version, rows[0]?.position], [1, 4])
    assert.deepEqual(await store.verify(), { rows: 2 })
    await store.deleteProject('unknown')
  })
}
