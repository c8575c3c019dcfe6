import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cloudWatchWindow } from './cloudwatch-window.ts'

const NOW = Date.UTC(2026, 0, 2, 12)
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

test('times and periods are those that CloudWatch keeps', () => {
  const whole = { periodS: undefined, isSeries: false }
  type Wish = { readonly periodS: number | undefined; readonly isSeries: boolean }
  const at = (startMs: number, minutes: number, wish: Wish = whole) =>
    cloudWatchWindow({ startMs, endMs: startMs + minutes * MINUTE_MS }, wish, NOW)
  const recent = Date.UTC(2026, 0, 2, 3, 4)
  assert.deepEqual(at(recent + 5000, 5), {
    startS: recent / 1000,
    endS: recent / 1000 + 300,
    periodS: 300,
  })
  assert.equal(at(recent + 5000, 0.1)?.periodS, 60)
  assert.equal(at(recent, 180, { ...whole, isSeries: true })?.periodS, 180)
  const old = Date.UTC(2025, 11, 1, 3, 4)
  assert.deepEqual(at(old, 7), {
    startS: Date.UTC(2025, 11, 1, 3, 0) / 1000,
    endS: Date.UTC(2025, 11, 1, 3, 5) / 1000,
    periodS: 300,
  })
  const older = Date.UTC(2025, 9, 1, 3, 4)
  assert.equal(at(older, 7)?.periodS, 3600)
  const short = at(recent + 5000, 5, { periodS: 10, isSeries: false })
  assert.deepEqual(short, { startS: recent / 1000, endS: recent / 1000 + 305, periodS: 10 })
  assert.equal(at(recent - 40 * DAY_MS, 60 * 24 * 40, { periodS: 60, isSeries: true }), undefined)
})

test('whatever the window: it is covered but for a rounding, in a period that CloudWatch takes', () => {
  const window = fc.record({
    ageMs: fc.integer({ min: 0, max: 400 * DAY_MS }),
    durationMs: fc.integer({ min: 1, max: 30 * DAY_MS }),
    isSeries: fc.boolean(),
  })
  fc.assert(
    fc.property(window, ({ ageMs, durationMs, isSeries }) => {
      const endMs = NOW - ageMs
      const startMs = endMs - durationMs
      const asked = cloudWatchWindow({ startMs, endMs }, { periodS: undefined, isSeries }, NOW)
      assert.ok(asked !== undefined)
      const { startS, endS, periodS } = asked
      const days = (NOW - startMs) / DAY_MS
      const stepS = days > 63 ? 3600 : days > 15 ? 300 : 60
      assert.equal(periodS % stepS, 0)
      assert.equal(startS % stepS, 0)
      assert.ok(startS * 1000 <= startMs && startMs - startS * 1000 < stepS * 1000)
      assert.ok(endS >= startS + periodS)
      assert.ok(Math.abs(endS * 1000 - endMs) <= 1.5 * stepS * 1000)
      if (!isSeries) assert.equal(endS - startS, periodS)
      if (isSeries) assert.ok((endS - startS) / periodS <= 61)
    }),
  )
})
