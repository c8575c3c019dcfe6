import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { createNewId, newId } from '../../src/adapters/system/new-id.ts'

const UUID_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const HIGHEST_MS = 2 ** 48 - 1

function prefixMs(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)
}

test('an id is a UUID of version 7 that begins with its time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: HIGHEST_MS }), (nowMs) => {
      const id = createNewId()(nowMs)
      assert.match(id, UUID_7)
      assert.equal(prefixMs(id), nowMs)
    }),
  )
  assert.equal(prefixMs(createNewId()(-1.5)), 0)
})

test('ids are different and in order as long as time does not go back', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 200 })
  fc.assert(
    fc.property(steps, (advances) => {
      const make = createNewId()
      let nowMs = 1_700_000_000_000
      const ids = advances.map((advance) => {
        nowMs += advance
        return make(nowMs)
      })
      assert.deepEqual([...ids].sort(), ids)
      assert.equal(new Set(ids).size, ids.length)
    }),
  )
})

test('more ids than the counter of a millisecond holds stay in order, also into the next one', () => {
  const make = createNewId()
  const ids = Array.from({ length: 10_000 }, (_, index) => make(index < 9_000 ? 1_000 : 1_001))
  assert.deepEqual([...ids].sort(), ids)
  assert.equal(new Set(ids).size, ids.length)
})

test('a clock that was set back is followed', () => {
  const make = createNewId()
  make(5_000)
  assert.equal(prefixMs(make(3_000)), 3_000)
  assert.match(newId(3_000), UUID_7)
})
