import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLoadBudget, type LoadShare } from '../../src/executors/test/load-budget.ts'

const never = new AbortController().signal

test('who asks for more than is free waits, and is not overtaken', async () => {
  const budget = createLoadBudget({ ratePerS: 10, connections: 10 })
  const order: string[] = []
  const take = (name: string, ratePerS: number) =>
    budget.acquire({ ratePerS, connections: 1 }, never).then((release) => {
      order.push(name)
      return release
    })
  const releaseFirst = await take('first', 6)
  const large = take('large', 8)
  const small = take('small', 1)
  assert.equal(budget.isFree({ ratePerS: 1, connections: 1 }), false)
  await Promise.resolve()
  assert.deepEqual(order, ['first'])
  releaseFirst()
  releaseFirst()
  await Promise.all([large, small])
  assert.deepEqual(order, ['first', 'large', 'small'])
})

test('who gives up makes room for those behind', async () => {
  const budget = createLoadBudget({ ratePerS: 10, connections: 10 })
  const release = await budget.acquire({ ratePerS: 5, connections: 1 }, never)
  const controller = new AbortController()
  const large = budget.acquire({ ratePerS: 9, connections: 1 }, controller.signal)
  const small = budget.acquire({ ratePerS: 5, connections: 1 }, never)
  controller.abort(new Error('aborted'))
  await assert.rejects(large, /aborted/)
  const releaseSmall = await small
  release()
  releaseSmall()
  assert.equal(budget.isFree({ ratePerS: 10, connections: 10 }), true)
})

test('never more than the limits in use, and everybody is served in the end', async () => {
  const share = fc.record({
    ratePerS: fc.double({ min: 0.1, max: 10, noNaN: true }),
    connections: fc.integer({ min: 1, max: 10 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(share, { maxLength: 20 }), async (shares: LoadShare[]) => {
      const budget = createLoadBudget({ ratePerS: 10, connections: 10 })
      let [rate, connections] = [0, 0]
      await Promise.all(
        shares.map(async (one) => {
          const release = await budget.acquire(one, never)
          rate += one.ratePerS
          connections += one.connections
          assert.ok(rate <= 10 + 1e-6 && connections <= 10)
          await new Promise((resolve) => setImmediate(resolve))
          rate -= one.ratePerS
          connections -= one.connections
          release()
        }),
      )
      assert.equal(budget.isFree({ ratePerS: 10, connections: 10 }), true)
    }),
    { numRuns: 50 },
  )
})
