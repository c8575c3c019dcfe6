import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { startHousekeeping } from '../../src/engine/housekeeping.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const HOUR_MS = 3_600_000

test('keys whose time is over are forgotten, others stay', async () => {
  const clock = virtualClock(0)
  const store = createMemoryStore()
  const dedupeKeys = [
    { key: 'short', value: 'a', untilMs: 1_000 },
    { key: 'long', value: 'b', untilMs: 10 * HOUR_MS },
  ]
  await store.commit({ writes: [], dedupeKeys, nowMs: 0 })
  const stop = startHousekeeping({ store, clock, log: QUIET })
  clock.step(2 * HOUR_MS)
  await new Promise<void>((resolve) => setImmediate(resolve))
  assert.equal(await store.pruneDedupeKeys(2 * HOUR_MS), 0)
  assert.equal(await store.dedupeValue('long', 2 * HOUR_MS), 'b')
  stop()
  assert.equal(clock.pendingTimers(), 0)
})
