import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { createWeightedChoice } from './weighted-choice.ts'

test('heavy ones are spread over the round', () => {
  const next = createWeightedChoice([5, 1, 1])
  assert.deepEqual(
    Array.from({ length: 7 }, () => next()),
    [0, 0, 1, 0, 2, 0, 0],
  )
})

test('after every full round each came exactly as often as its weight says', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 10 })
  fc.assert(
    fc.property(weights, fc.integer({ min: 1, max: 3 }), (shares, rounds) => {
      const next = createWeightedChoice(shares)
      const seen = shares.map(() => 0)
      const total = shares.reduce((sum, share) => sum + share, 0)
      for (let turn = 0; turn < total * rounds; turn++) {
        const index = next()
        seen[index] = (seen[index] ?? 0) + 1
      }
      assert.deepEqual(
        seen,
        shares.map((share) => share * rounds),
      )
    }),
  )
})
