import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { followLog } from '../src/adapters/projections/follow-log.ts'

/** A clock whose alarms ring when the test says so. */
function aClock() {
  const alarms: (() => void)[] = []
  return {
    alarms,
    nowMs: () => 0,
    at(_dueMs: number, callback: () => void) {
      alarms.push(callback)
      return () => {
        const index = alarms.indexOf(callback)
        if (index >= 0) alarms.splice(index, 1)
      }
    },
    ring() {
      for (const alarm of alarms.splice(0)) alarm()
    },
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('the log is followed until it is stopped, also past a failure', async () => {
  const clock = aClock()
  const logged: string[] = []
  let calls = 0
  const stop = followLog({
    clock,
    log: { error: (_data, message) => logged.push(message) },
    projections: {
      catchUp() {
        calls += 1
        return calls === 1 ? Promise.reject(new Error('no')) : Promise.resolve()
      },
    },
  })
  assert.equal(calls, 0)
  clock.ring()
  await turn()
  assert.deepEqual(logged, ['the projections cannot catch up with the log'])
  clock.ring()
  await turn()
  assert.equal(calls, 2)
  assert.equal(clock.alarms.length, 1)
  stop()
  assert.equal(clock.alarms.length, 0)
})

test('it does not come twice at a time, and stops in the middle', async () => {
  const clock = aClock()
  let finish = () => {}
  let calls = 0
  const stop = followLog({
    clock,
    log: { error: () => assert.fail('nothing failed') },
    projections: {
      catchUp() {
        calls += 1
        return new Promise((resolve) => {
          finish = () => resolve()
        })
      },
    },
  })
  clock.ring()
  clock.ring()
  assert.equal(calls, 1)
  stop()
  finish()
  await turn()
  assert.equal(clock.alarms.length, 0)
})
