import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { createSystemClock } from '../../src/adapters/system/system-clock.ts'

const THIRTY_DAYS_MS = 30 * 24 * 60 * 60 * 1000
/** Long enough to be measured, short enough to wait for. */
const SHORT_MS = 30

const clock = createSystemClock()

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

test('the time is the time of this machine', () => {
  const beforeMs = Date.now()
  const nowMs = clock.nowMs()
  assert.ok(beforeMs <= nowMs && nowMs <= Date.now())
})

test('a callback comes once, never before its moment, also when that is past', async () => {
  const dueMs = clock.nowMs() + SHORT_MS
  let calls = 0
  await new Promise<void>((resolve) => {
    clock.at(dueMs, () => {
      calls++
      resolve()
    })
  })
  assert.ok(clock.nowMs() >= dueMs)
  await new Promise<void>((resolve) => clock.at(0, resolve))
  await clock.sleep(SHORT_MS)
  assert.equal(calls, 1)
})

test('a cancelled callback never comes and leaves no timer', async () => {
  const before = timers()
  let isCalled = false
  const cancel = clock.at(clock.nowMs() + SHORT_MS, () => {
    isCalled = true
  })
  assert.equal(timers(), before + 1)
  cancel()
  cancel()
  assert.equal(timers(), before)
  await clock.sleep(2 * SHORT_MS)
  assert.equal(isCalled, false)
})

test('a moment further away than a timer can hold does not come at once', async () => {
  const warnings: string[] = []
  const collect = (warning: Error) => warnings.push(warning.name)
  process.on('warning', collect)
  const before = timers()
  let isCalled = false
  const cancelAt = clock.at(clock.nowMs() + THIRTY_DAYS_MS, () => {
    isCalled = true
  })
  const never = clock.at(Number.POSITIVE_INFINITY, () => {
    isCalled = true
  })
  const abort = new AbortController()
  const sleeping = assert.rejects(clock.sleep(THIRTY_DAYS_MS, abort.signal), /enough/)
  await clock.sleep(SHORT_MS)
  assert.equal(isCalled, false)
  abort.abort(new Error('enough'))
  await sleeping
  cancelAt()
  never()
  assert.equal(timers(), before)
  process.off('warning', collect)
  assert.deepEqual(warnings, [])
})

test('sleep lasts as long as it says and ends with the reason of an abort', async () => {
  const startMs = performance.now()
  await clock.sleep(SHORT_MS)
  assert.ok(performance.now() - startMs >= SHORT_MS)

  const abort = new AbortController()
  const reason = new Error('shutting down')
  const sleeping = clock.sleep(THIRTY_DAYS_MS, abort.signal)
  abort.abort(reason)
  await assert.rejects(sleeping, (thrown) => thrown === reason)
  await assert.rejects(clock.sleep(0, abort.signal), (thrown) => thrown === reason)
})
