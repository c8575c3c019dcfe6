import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluationWindow, explicitWindow, windowAhead } from './window.ts'

const DUE_MS = Date.UTC(2026, 10, 22, 12, 0, 0)
const TEST = { start: '2026-11-22T11:00:00.000Z', end: '2026-11-22T11:00:20.000Z' }

function window(evaluation: Record<string, string>, test?: typeof TEST) {
  return evaluationWindow({ evaluation, ...(test && { test }) }, DUE_MS)
}

function message(evaluation: Record<string, string>): string {
  const result = window(evaluation)
  return result.ok ? 'no message' : result.message
}

test('only a timeframe ends when the evaluation became due', () => {
  const result = window({ timeframe: '10m' }, TEST)
  assert.ok(result.ok)
  assert.equal(result.window.start, '2026-11-22T11:50:00.000Z')
  assert.equal(result.window.end, '2026-11-22T12:00:00.000Z')
  assert.equal(result.window.from, 'evaluation')
})

test('start with a timeframe ends after it', () => {
  const result = window({ start: '2026-11-22T10:00:00.000Z', timeframe: '90s' })
  assert.ok(result.ok)
  assert.equal(result.window.end, '2026-11-22T10:01:30.000Z')
})

test('an offset becomes UTC', () => {
  const result = window({ start: '2026-11-22T10:00:00+02:00', end: '2026-11-22T10:05:00+02:00' })
  assert.ok(result.ok)
  assert.equal(result.window.start, '2026-11-22T08:00:00.000Z')
})

test('an explicit window is at least a minute long, a test window any length', () => {
  assert.equal(
    message({ start: '2026-11-22T10:00:00', end: '2026-11-22T10:00:59' }),
    'end date must be at least 1 minute after start date',
  )
  assert.equal(message({ timeframe: '30s' }), 'end date must be at least 1 minute after start date')
  const result = window({}, TEST)
  assert.ok(result.ok)
  assert.equal(result.window.endMs - result.window.startMs, 20_000)
  assert.equal(result.window.from, 'test')
})

test('a test window is passed on as it was written', () => {
  const result = evaluationWindow({ test: { start: '1795345200', end: '1795345220' } }, DUE_MS)
  assert.ok(result.ok)
  assert.equal(result.window.start, '1795345200')
  assert.equal(result.window.startMs, 1_795_345_200_000)
})

test('what does not select a window says so', () => {
  assert.equal(message({}), 'evaluation.triggered event does not contain evaluation timeframe')
  assert.equal(
    message({ start: '2026-11-22T10:00:00' }),
    'evaluation.triggered event does not contain evaluation timeframe',
  )
  assert.match(message({ timeframe: 'soon' }), /^could not parse provided timeframe: "soon"/)
  assert.equal(
    message({ end: '2026-11-22T10:00:00', timeframe: '5m' }),
    "'end' and 'timeframe' are mutually exclusive",
  )
  assert.match(message({ start: 'then', end: 'now' }), /^start "then" is not a time like/)
  const half = evaluationWindow({ test: { start: 'x', end: 'y' } }, DUE_MS)
  assert.match(half.ok ? '' : half.message, /^test.start "x" is not a time/)
})

test('flags: nothing at all is the last five minutes, half a window is refused', () => {
  const result = explicitWindow({}, DUE_MS, 'flags')
  assert.ok(result.ok)
  assert.equal(result.window.endMs - result.window.startMs, 300_000)
  const noEnd = explicitWindow({ start: '2026-11-22T10:00:00' }, DUE_MS, 'flags')
  assert.equal(noEnd.ok ? '' : noEnd.message, 'no timeframe or end date provided')
  const noStart = explicitWindow({ end: '2026-11-22T10:00:00' }, DUE_MS, 'flags')
  assert.equal(noStart.ok ? '' : noStart.message, 'start date is required when using an end date')
})

test('a window that is not over cannot be judged, but for clocks that differ a little', () => {
  const ahead = (evaluation: Record<string, string>, test?: typeof TEST) => {
    const result = window(evaluation, test)
    return result.ok ? windowAhead(result.window, DUE_MS) : 'no window'
  }
  assert.equal(
    ahead({ start: '2026-11-22T11:59:00', timeframe: '5m' }),
    'the window ends in the future, at 2026-11-22T12:04:00.000Z: that is 4m from now',
  )
  assert.match(
    ahead({ start: '2027-01-01T00:00:00', end: '2027-01-01T01:00:00' }) ?? '',
    /^the window ends in the future, at 2027-01-01T01:00:00\.000Z: that is 39d 13h from now$/,
  )
  assert.equal(ahead({ start: '2026-11-22T11:55:00', end: '2026-11-22T12:00:50' }), undefined)
  assert.equal(ahead({ timeframe: '10m' }), undefined)
  assert.equal(ahead({}, { start: '2026-11-22T12:00:00Z', end: '2026-11-22T13:00:00Z' }), undefined)
})
