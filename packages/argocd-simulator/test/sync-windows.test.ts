import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { cronMatches, parseCron } from '../src/controller/cron.ts'
import { canSync, isActive, type SyncWindow } from '../src/controller/sync-windows.ts'
import { goDurationMs, kitchenTime, rfc3339 } from '../src/time.ts'

/** A Monday. */
const NOON_MS = Date.parse('2026-11-23T12:00:30Z')

function matches(line: string, timeMs = NOON_MS): boolean {
  const cron = parseCron(line)
  assert.ok(cron, line)
  return cronMatches(cron, timeMs)
}

test('cron lines have numbers, ranges, lists and steps', () => {
  for (const line of [
    '0 12 * * *',
    '* * * * 1',
    '0-5 10-14/2 23 11 *',
    '*/15 6,12 * * *',
    '0 12 1 * 1',
    '0 12 23 * 7',
  ]) {
    assert.ok(matches(line), line)
  }
  for (const line of ['1 12 * * *', '0 12 * * 2', '0 12 1 * *', '0 12 1 * 0']) {
    assert.ok(!matches(line), line)
  }
  assert.ok(matches('0 0 * * 7', Date.parse('2026-11-22T00:00:00Z')))
  for (const line of ['', '* * * *', '60 * * * *', '5-1 * * * *', '*/0 * * * *', 'a * * * *']) {
    assert.equal(parseCron(line), undefined, line)
  }
})

test('a window lasts for its duration from its beginning on', () => {
  const window = (schedule: string, duration: string): SyncWindow => ({
    kind: 'deny',
    schedule,
    duration,
  })
  assert.ok(isActive(window('0 12 * * *', '1m'), NOON_MS))
  assert.ok(isActive(window('0 11 * * *', '1h1m'), NOON_MS))
  assert.ok(!isActive(window('0 11 * * *', '1h'), NOON_MS))
  assert.ok(isActive(window('1 12 * * *', '24h'), NOON_MS))
  assert.ok(!isActive(window('1 12 * * *', '23h59m'), NOON_MS))
})

test('deny wins, an allow that is closed blocks, manual windows let people through', () => {
  const open = { schedule: '0 12 * * *', duration: '1h' }
  const closed = { schedule: '0 14 * * *', duration: '1h' }
  const allow = { kind: 'allow' as const, ...open }
  const deny = { kind: 'deny' as const, ...open }
  assert.ok(canSync([], false, NOON_MS))
  assert.ok(canSync([allow], false, NOON_MS))
  assert.ok(!canSync([allow, deny], true, NOON_MS))
  assert.ok(canSync([{ ...deny, manualSync: true }], true, NOON_MS))
  assert.ok(!canSync([{ ...deny, manualSync: true }], false, NOON_MS))
  assert.ok(canSync([{ ...deny, ...closed }], false, NOON_MS))
  assert.ok(!canSync([{ ...allow, ...closed }], true, NOON_MS))
  assert.ok(canSync([{ ...allow, ...closed, manualSync: true }], true, NOON_MS))
  assert.ok(canSync([allow, { ...allow, ...closed }], false, NOON_MS))
})

test('times have the form that Go gives them', () => {
  assert.equal(rfc3339(Date.parse('2026-01-01T00:00:00.999Z')), '2026-01-01T00:00:00Z')
  assert.equal(kitchenTime(Date.parse('2026-01-01T00:05:00Z')), '12:05AM')
  assert.equal(kitchenTime(Date.parse('2026-01-01T15:04:00Z')), '3:04PM')
  assert.deepEqual(['1m30s', '200ms', '1.5h', '7', '1x', ''].map(goDurationMs), [
    90_000,
    200,
    5_400_000,
    7_000,
    undefined,
    undefined,
  ])
})
