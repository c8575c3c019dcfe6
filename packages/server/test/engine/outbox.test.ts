import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { createOutbox, type EffectHandler } from '../../src/engine/outbox.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }

async function outboxWith(handler: EffectHandler) {
  const clock = virtualClock(0)
  const store = createMemoryStore()
  const effects = [{ key: 'e1', kind: 'annotate', body: {}, dueMs: 0 }]
  await store.commit({ writes: [], effects, nowMs: 0 })
  const outbox = createOutbox({ store, clock, log: QUIET, handlers: { annotate: handler } })
  return { clock, store, outbox }
}

async function settle(outbox: { settled(): Promise<void> }) {
  for (let turn = 0; turn < 5; turn++) {
    await outbox.settled()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

test('an effect is tried again with growing waits until it is done', async () => {
  const tries: number[] = []
  const { clock, store, outbox } = await outboxWith(() => {
    tries.push(clock.nowMs())
    return Promise.resolve(tries.length < 4 ? { code: 'again', reason: 'down' } : { code: 'done' })
  })
  outbox.wake()
  await settle(outbox)
  while (clock.step(60_000)) await settle(outbox)
  assert.deepEqual(tries, [0, 1_000, 3_000, 7_000])
  assert.equal(await store.nextEffectDueMs(), undefined)
  await outbox.close()
})

test('a handler that throws keeps its effect, with the reason', async () => {
  const { store, outbox } = await outboxWith(() => Promise.reject(new Error('no route to host')))
  outbox.wake()
  await settle(outbox)
  const [row] = await store.dueEffects(60_000, 1)
  assert.deepEqual([row?.attempts, row?.lastError], [1, 'no route to host'])
  await outbox.close()
})
