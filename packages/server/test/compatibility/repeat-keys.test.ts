import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type IncomingEvent, parseEventType } from '@tiphys/contract/event.ts'
import { repeatKeys } from '../../src/intake/repeat-keys.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const TRIGGERED = 'sh.keptn.event.dev.delivery.triggered'
const FINISHED = 'sh.keptn.event.deployment.finished'

function keysOf(
  event: Partial<IncomingEvent>,
  more: { idempotencyKey?: string; projectId?: string } = {},
) {
  const whole: IncomingEvent = { type: TRIGGERED, source: 'ci', data: {}, ...event }
  const type = parseEventType(whole.type)
  return repeatKeys({ event: whole, type, projectId: 'p1', context: 'c', nowMs: 0, ...more })
}
const until = (event: Partial<IncomingEvent>, more = {}) =>
  keysOf(event, more).map(({ untilMs }) => untilMs)

test('a key of the client and an id of ours are remembered thirty days, a transport retry ten minutes', () => {
  assert.deepEqual(until({}, { idempotencyKey: 'build-17' }), [30 * DAY_MS])
  assert.deepEqual(until({ id: 'argocd:default:uid:then:deployed' }), [30 * DAY_MS])
  assert.deepEqual(until({ id: 'a1' }), [10 * MINUTE_MS])
})

test('an event without id and key is never a repeat, and an answer to a task never one by its id', () => {
  assert.deepEqual(keysOf({}), [])
  assert.deepEqual(keysOf({ id: 'a1', type: FINISHED }), [])
  assert.equal(keysOf({ id: 'a1', type: FINISHED }, { idempotencyKey: 'k' }).length, 1)
})

test('whatever tells two events apart is in the key: project, source, id, type, triggeredid and data', () => {
  const started = 'sh.keptn.event.deployment.started'
  const keys = [
    keysOf({ id: 'a1' }),
    keysOf({ id: 'a1' }, { projectId: 'p2' }),
    keysOf({ id: 'a1', source: 'other' }),
    keysOf({ id: 'a2' }),
    keysOf({ id: 'a1', type: started }),
    keysOf({ id: 'a1', type: started, triggeredid: 't1' }),
    keysOf({ id: 'a1', data: { labels: { build: '2' } } }),
  ].map(([one]) => one?.key)
  assert.equal(new Set(keys).size, keys.length)
  assert.ok(!keys.includes(undefined))
  const shared = { idempotencyKey: 'k' }
  assert.notEqual(keysOf({}, shared)[0]?.key, keysOf({}, { ...shared, projectId: 'p2' })[0]?.key)
})
