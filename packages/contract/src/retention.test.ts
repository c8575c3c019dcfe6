import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { parseRetention } from './retention.ts'

test('a retention is a number of days, a duration, or for ever', () => {
  assert.equal(parseRetention('90d'), 90 * 86_400_000)
  assert.equal(parseRetention(' 1h '), 3_600_000)
  assert.equal(parseRetention('36h30m'), 131_400_000)
  assert.equal(parseRetention('forever'), Number.POSITIVE_INFINITY)
})

test('what is shorter than an hour, or no time, is none', () => {
  for (const text of ['0', '0d', '59m', '-1d', 'd', '90', 'never', '1.5d', '']) {
    assert.equal(parseRetention(text), undefined, text)
  }
})
