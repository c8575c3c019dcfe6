import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { Freeze } from '@tiphys/contract/freeze.ts'
import { freezeProblems, freezeWindow } from './freeze-window.ts'

const at = (text: string) => Date.parse(text)
const weekend = {
  name: 'weekend',
  schedule: '0 18 * * 5',
  duration: '60h',
  timeZone: 'Europe/Berlin',
}

test('once: from the first millisecond to the one before the end', () => {
  const freeze = { name: 'peak', from: '2026-11-26T18:00:00Z', to: '2026-12-01T06:00:00+01:00' }
  assert.equal(freezeWindow(freeze, at('2026-11-26T17:59:59.999Z')), undefined)
  const window = freezeWindow(freeze, at('2026-11-26T18:00:00Z'))
  assert.equal(window?.untilMs, at('2026-12-01T05:00:00Z'))
  assert.equal(freezeWindow(freeze, at('2026-12-01T05:00:00Z')), undefined)
})

test('again and again, in a time zone with daylight saving', () => {
  // Berlin is at +02:00 in summer and at +01:00 in winter.
  assert.equal(freezeWindow(weekend, at('2026-07-17T15:59:59Z')), undefined)
  assert.equal(
    freezeWindow(weekend, at('2026-07-17T16:00:00Z'))?.untilMs,
    at('2026-07-20T04:00:00Z'),
  )
  assert.equal(freezeWindow(weekend, at('2026-12-18T16:30:00Z')), undefined)
  assert.equal(
    freezeWindow(weekend, at('2026-12-19T12:00:00Z'))?.fromMs,
    at('2026-12-18T17:00:00Z'),
  )
})

test('what is wrong is named by its key', () => {
  const keys = (freeze: Freeze) => freezeProblems(freeze).map((problem) => problem.key)
  assert.deepEqual(keys(weekend), [])
  assert.deepEqual(keys({ ...weekend, schedule: 'fridays' }), ['schedule'])
  assert.deepEqual(keys({ ...weekend, schedule: '0 0 18 * * 5' }), ['schedule'])
  assert.deepEqual(keys({ ...weekend, timeZone: 'Europe/Berlim' }), ['timeZone'])
  assert.deepEqual(keys({ name: 'x', from: 'monday', to: '2026-12-01T06:00:00Z' }), ['from'])
  const reversed = { name: 'x', from: '2026-12-02T00:00:00Z', to: '2026-12-01T00:00:00Z' }
  assert.deepEqual(keys(reversed), ['to'])
})

test('a freeze is written in one of two forms', () => {
  const problem = (value: unknown) => Freeze.safeParse(value).error?.issues[0]?.message
  assert.equal(problem(weekend), undefined)
  assert.match(problem({ name: 'x' }) ?? '', /either from and to, or schedule and duration/)
  assert.match(problem({ ...weekend, from: '2026-12-02T00:00:00Z' }) ?? '', /either/)
  assert.match(problem({ name: 'x', schedule: '0 18 * * 5' }) ?? '', /duration is missing/)
  assert.match(problem({ ...weekend, duration: '2 days' }) ?? '', /expected a duration/)
})
