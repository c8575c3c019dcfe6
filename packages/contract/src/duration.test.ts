import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { formatDuration, parseDuration } from './duration.ts'

test('reads what Go reads', () => {
  assert.equal(parseDuration('10m'), 600_000)
  assert.equal(parseDuration('1h30m'), 5_400_000)
  assert.equal(parseDuration('500ms'), 500)
  assert.equal(parseDuration('1.5h'), 5_400_000)
  assert.equal(parseDuration('0'), 0)
})

test('refuses what Go refuses, and negative waits', () => {
  for (const text of ['', '10', 'm', '-5m', '5 m', '1d', 'NaN', '1h 30m']) {
    assert.equal(parseDuration(text), undefined, text)
  }
})

test('says durations as people do', () => {
  assert.equal(formatDuration(20), '20ms')
  assert.equal(formatDuration(1_500), '1.5s')
  assert.equal(formatDuration(123_000), '2m 3s')
  assert.equal(formatDuration(3_900_000), '1h 5m')
  assert.equal(formatDuration(30 * 86_400_000), '30d')
})
