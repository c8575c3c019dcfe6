import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { isJsonObject, type Json, type JsonObject } from '@tiphys/contract/json.ts'
import fc from 'fast-check'
import { isEqual, mergePatchBetween } from './merge-patch.ts'

/** RFC 7386, section 2, to check against. */
function apply(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch
  const result = new Map(Object.entries(target !== undefined && isJsonObject(target) ? target : {}))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key)
    else result.set(key, apply(result.get(key), value))
  }
  return Object.fromEntries(result)
}

test('only what differs is said', () => {
  const from = { a: 1, b: { c: [1, 2], d: 'x' }, gone: true }
  const to = { a: 1, b: { c: [1, 3], d: 'x' }, added: { e: 1 } }
  assert.deepEqual(mergePatchBetween(from, to), {
    gone: null,
    b: { c: [1, 3] },
    added: { e: 1 },
  })
  assert.equal(mergePatchBetween(from, { ...from }), undefined)
})

const noNull = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer(),
    fc.string({ maxLength: 3 }),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 2 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), tie('value'), {
    maxKeys: 3,
  }),
}))

test('the patch of two objects makes the second out of the first', () => {
  fc.assert(
    fc.property(noNull.object, noNull.object, (from, to) => {
      const patch = mergePatchBetween(from, to)
      const made = patch === undefined ? from : apply(from, patch)
      assert.ok(isEqual(made, to), JSON.stringify({ patch, made }))
    }),
  )
})
