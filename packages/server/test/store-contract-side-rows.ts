import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import type { NewEffect } from '../src/ports/store.ts'
import type { StoreFactory } from './store-contract.ts'
import { anEvent, append, committed, NOW_MS } from './store-fixtures.ts'

export function sideRowsContract(factory: StoreFactory): void {
  describe('effects and dedupe keys', () => {
    outbox(factory)
    dedupe(factory)
    integrity(factory)
  })
}

function anEffect(key: string, dueMs: number): NewEffect {
  return { key, kind: 'annotate', body: { of: key }, dueMs, projectId: 'p1' }
}

function outbox(factory: StoreFactory): void {
  test('effects are written with their unit and wait for their time', async (t) => {
    const store = await factory(t)
    assert.equal(await store.nextEffectDueMs(), undefined)
    const effects = [anEffect('late', 300), anEffect('early', 100), anEffect('same', 100)]
    await committed(store.commit(append('s', 0, [anEvent()], { effects })))
    assert.equal(await store.nextEffectDueMs(), 100)
    const keys = async (nowMs: number, limit = 10) =>
      (await store.dueEffects(nowMs, limit)).map((effect) => effect.key)
    assert.deepEqual(await keys(99), [])
    assert.deepEqual(await keys(100), ['early', 'same'])
    assert.deepEqual(await keys(300, 2), ['early', 'same'])
    await store.settleEffect('early')
    await store.postponeEffect('same', 400, 'connection refused')
    assert.deepEqual(await keys(300), ['late'])
    const all = await store.dueEffects(400, 10)
    assert.deepEqual(all, [
      { ...anEffect('late', 300), attempts: 0 },
      { ...anEffect('same', 400), attempts: 1, lastError: 'connection refused' },
    ])
    await store.settleEffect('unknown')
  })

  test('a refused unit leaves no effect, and a waiting key is not written twice', async (t) => {
    const store = await factory(t)
    await store.commit(append('s', 5, [anEvent()], { effects: [anEffect('a', 1)] }))
    assert.deepEqual(await store.dueEffects(NOW_MS, 10), [])
    await committed(store.commit(append('s', 0, [anEvent()], { effects: [anEffect('a', 1)] })))
    await committed(store.commit(append('s', 1, [anEvent()], { effects: [anEffect('a', 2)] })))
    assert.deepEqual(await store.dueEffects(NOW_MS, 10), [{ ...anEffect('a', 1), attempts: 0 }])
  })
}

function dedupe(factory: StoreFactory): void {
  const key = (untilMs: number, value = 'context-1') => [{ key: 'argocd:1', value, untilMs }]

  test('a repeat is told what the first one was, even when its version is old', async (t) => {
    const store = await factory(t)
    const unit = append('s', 0, [anEvent()], { dedupeKeys: key(NOW_MS + 10) })
    const answers = await Promise.all([store.commit(unit), store.commit(unit)])
    assert.equal(answers[0]?.code, 'committed')
    const repeat = { code: 'repeat', key: 'argocd:1', of: 'context-1' }
    assert.deepEqual(answers[1], repeat)
    assert.deepEqual(await store.commit(unit), repeat)
    assert.equal((await store.read('s')).length, 1)
    assert.equal(await store.dedupeValue('argocd:1', NOW_MS), 'context-1')
  })

  test('a key counts until its end, and can then be taken again', async (t) => {
    const store = await factory(t)
    await committed(store.commit(append('s', 0, [anEvent()], { dedupeKeys: key(NOW_MS + 10) })))
    const later = NOW_MS + 10
    assert.equal(await store.dedupeValue('argocd:1', later), undefined)
    const again = { dedupeKeys: key(later + 10, 'context-2'), nowMs: later }
    await committed(store.commit(append('s', 1, [anEvent()], again)))
    assert.equal(await store.dedupeValue('argocd:1', later), 'context-2')
    assert.equal(await store.pruneDedupeKeys(later), 0)
    assert.equal(await store.pruneDedupeKeys(later + 10), 1)
    assert.equal(await store.dedupeValue('argocd:1', later), undefined)
  })

  test('a unit that conflicts takes no key', async (t) => {
    const store = await factory(t)
    const unit = append('s', 3, [anEvent()], { dedupeKeys: key(NOW_MS + 10) })
    assert.equal((await store.commit(unit)).code, 'conflict')
    assert.equal(await store.dedupeValue('argocd:1', NOW_MS), undefined)
  })
}

function integrity(factory: StoreFactory): void {
  test('verify counts the rows of a whole log', async (t) => {
    const store = await factory(t)
    assert.deepEqual(await store.verify(), { rows: 0 })
    await committed(store.commit(append('s', 0, [anEvent(), anEvent()])))
    await committed(store.commit(append('t', 0)))
    assert.deepEqual(await store.verify(), { rows: 3 })
  })
}
