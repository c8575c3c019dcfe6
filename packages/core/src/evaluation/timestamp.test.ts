import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatTimestamp, parseTimestamp } from './timestamp.ts'

test('the three forms are read, and nothing else', () => {
  const expected = Date.UTC(2006, 0, 2, 15, 4, 5)
  assert.equal(parseTimestamp('2006-01-02T15:04:05.000Z'), expected)
  assert.equal(parseTimestamp('2006-01-02T15:04:05Z'), expected)
  assert.equal(parseTimestamp('2006-01-02T15:04:05'), expected)
  assert.equal(parseTimestamp('2006-01-02T17:04:05+02:00'), expected)
  assert.equal(parseTimestamp('2006-01-02T08:34:05.250-06:30'), expected + 250)
  assert.equal(parseTimestamp('2006-01-02T15:04:05.123456789Z'), expected + 123)
  for (const text of [
    '2006-01-02',
    '2006-13-02T15:04:05Z',
    '2006-02-29T15:04:05Z',
    '2006-01-02T24:00:00Z',
    '2006-01-02 15:04:05',
    'now',
    '',
  ]) {
    assert.equal(parseTimestamp(text), undefined, text)
  }
})

test('agrees with the calendar of the runtime, both ways', () => {
  const timeMs = fc.integer({ min: Date.UTC(1600, 0, 1), max: Date.UTC(9999, 11, 31) })
  fc.assert(
    fc.property(timeMs, (ms) => {
      const text = new Date(ms).toISOString()
      assert.equal(formatTimestamp(ms), text)
      assert.equal(parseTimestamp(text), ms)
    }),
  )
})
