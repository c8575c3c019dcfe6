import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRfc3339 } from './rfc3339.ts'

test('a time with an offset or a fraction is the same moment', () => {
  assert.equal(parseRfc3339('2026-01-01T00:00:05Z'), Date.UTC(2026, 0, 1, 0, 0, 5))
  assert.equal(parseRfc3339('2026-01-01T02:00:05+02:00'), Date.UTC(2026, 0, 1, 0, 0, 5))
  assert.equal(parseRfc3339('2026-01-01T00:00:05.250Z'), Date.UTC(2026, 0, 1, 0, 0, 5, 250))
})

test('anything else is no time', () => {
  for (const text of ['', 'yesterday', '2026-01-01', '2026-01-01T00:00:05', null, undefined]) {
    assert.equal(parseRfc3339(text), undefined)
  }
})

test('every moment of four centuries comes back', () => {
  const range = { min: new Date('1900-01-01T00:00:00Z'), max: new Date('2300-01-01T00:00:00Z') }
  fc.assert(
    fc.property(fc.date({ ...range, noInvalidDate: true }), (date) => {
      assert.equal(parseRfc3339(date.toISOString()), date.getTime())
    }),
  )
})
