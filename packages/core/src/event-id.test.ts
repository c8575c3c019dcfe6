import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { eventId, isUuid, uuidOf } from './event-id.ts'

test('ids are UUIDs, deterministic, and ordered by time', () => {
  const id = eventId('run/p/1', 3, 1_700_000_000_000)
  assert.ok(isUuid(id), id)
  assert.equal(id, eventId('run/p/1', 3, 1_700_000_000_000))
  assert.ok(id < eventId('run/p/0', 1, 1_700_000_000_001))
})

test('no two of many ids in one millisecond are equal', () => {
  const ids = new Set<string>()
  for (let stream = 0; stream < 5_000; stream++) {
    for (let version = 1; version <= 20; version++) ids.add(eventId(`run/p/${stream}`, version, 1))
  }
  assert.equal(ids.size, 100_000)
})

test('contexts that share their first sixteen bytes stay apart', () => {
  const first = uuidOf('jenkins-build-carts-1')
  assert.ok(isUuid(first), first)
  assert.notEqual(first, uuidOf('jenkins-build-carts-2'))
  assert.equal(first, uuidOf('jenkins-build-carts-1'))
})
