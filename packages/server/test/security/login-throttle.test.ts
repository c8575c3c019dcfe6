import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressGroup } from '../../src/security/address-group.ts'
import {
  createLoginThrottle,
  FAILURES_AT_ONCE,
  ONE_FAILURE_PER_MS,
  PLACES_FOR_NEW_TOKENS,
} from '../../src/security/login-throttle.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'

const HERE = '192.0.2.1'
/** The bucket is emptied by fractions. */
const ROUNDING = 1e-6
const START_MS = 1_700_000_000_000

function house() {
  const clock = virtualClock(START_MS)
  const throttle = createLoginThrottle(clock)
  let guesses = 0
  /** A token that nobody tried before. Answers how long it must wait, or 0. */
  const guess = (address = HERE) => {
    const hash = `guess ${guesses++}`
    const waitMs = throttle.attempt(address, hash)
    if (waitMs === undefined) throttle.failed(address, hash)
    return waitMs ?? 0
  }
  return { clock, throttle, guess }
}

test('so many mistakes are free, then one every few seconds, and the answer says when', () => {
  const { clock, guess } = house()
  for (let count = 0; count < FAILURES_AT_ONCE; count++) assert.equal(guess(), 0)
  const waitMs = guess()
  assert.equal(waitMs, ONE_FAILURE_PER_MS)
  clock.jump(waitMs - 1)
  assert.equal(guess(), 1)
  clock.jump(1)
  assert.equal(guess(), 0)
  assert.equal(guess(), ONE_FAILURE_PER_MS)
})

test('being refused costs nothing: who waits gets in', () => {
  const { clock, guess } = house()
  for (let count = 0; count < 100 * FAILURES_AT_ONCE; count++) guess()
  clock.jump(ONE_FAILURE_PER_MS)
  assert.equal(guess(), 0)
})

test('another address is not concerned; another address of the same /64 is', () => {
  const { guess } = house()
  for (let count = 0; count < FAILURES_AT_ONCE; count++) guess('2001:db8::1')
  assert.ok(guess('2001:db8:0:0:ffff::2') > 0)
  assert.equal(guess('2001:db8:0:1::1'), 0)
  assert.equal(guess(HERE), 0)
})

test('a success forgets the mistakes', () => {
  const { throttle, guess } = house()
  for (let count = 1; count < FAILURES_AT_ONCE; count++) guess()
  assert.equal(throttle.attempt(HERE, 'right'), undefined)
  throttle.succeeded(HERE, 'right')
  for (let count = 0; count < FAILURES_AT_ONCE; count++) assert.equal(guess(), 0)
  assert.ok(guess() > 0)
})

test('who was let in before is let in while a neighbour guesses, until the token is refused', () => {
  const { throttle, guess } = house()
  throttle.succeeded(HERE, 'right')
  while (guess() === 0);
  assert.equal(throttle.attempt(HERE, 'right'), undefined)
  throttle.failed(HERE, 'right')
  assert.ok((throttle.attempt(HERE, 'right') ?? 0) > 0)
})

test('a client that repeats a refused token leaves places for others', () => {
  const { clock, throttle } = house()
  const repeat = () => {
    const waitMs = throttle.attempt(HERE, 'revoked')
    if (waitMs === undefined) throttle.failed(HERE, 'revoked')
    return waitMs
  }
  let accepted = 0
  for (let second = 0; second < 3_600; second++) {
    if (repeat() === undefined) accepted++
    clock.jump(1_000)
  }
  assert.ok(accepted < 3_600 / 2)
  for (let count = 0; count < PLACES_FOR_NEW_TOKENS; count++) {
    assert.equal(throttle.attempt(HERE, `new ${count}`), undefined)
  }
})

test('guesses at the same moment count before any of them is answered', () => {
  const { throttle } = house()
  const tries = Array.from({ length: 100 }, (_, index) => throttle.attempt(HERE, `g${index}`))
  assert.equal(tries.filter((waitMs) => waitMs === undefined).length, FAILURES_AT_ONCE)
})

test('a clock that was set back locks nobody out for longer', () => {
  const { clock, guess } = house()
  while (guess() === 0);
  clock.jump(-24 * 60 * 60 * 1000)
  assert.equal(guess(), ONE_FAILURE_PER_MS)
  clock.jump(ONE_FAILURE_PER_MS)
  assert.equal(guess(), 0)
})

test('a flood of addresses is forgotten, the longest silent first', () => {
  const { guess } = house()
  while (guess('198.51.100.1') === 0);
  for (let index = 0; index < 10_000; index++) guess(`10.0.${index >> 8}.${index & 255}`)
  assert.equal(guess('198.51.100.1'), 0)
})

test('property: in any window no more guesses are heard than the bucket and the time allow', () => {
  const pauses = fc.array(fc.nat({ max: 3 * ONE_FAILURE_PER_MS }), { maxLength: 100 })
  fc.assert(
    fc.property(pauses, (pausesMs) => {
      const { clock, guess } = house()
      const heardMs: number[] = []
      for (const pauseMs of pausesMs) {
        clock.jump(pauseMs)
        if (guess() === 0) heardMs.push(clock.nowMs())
      }
      for (const [first, fromMs] of heardMs.entries()) {
        for (const [more, toMs] of heardMs.slice(first).entries()) {
          const allowed = FAILURES_AT_ONCE + (toMs - fromMs) / ONE_FAILURE_PER_MS
          assert.ok(more + 1 <= allowed + ROUNDING)
        }
      }
    }),
  )
})

for (const [address, group] of [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['2001:db8:0001:0002:3::4', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::192.0.2.1', '2001:db8:0:0::/64'],
  ['1::', '1:0:0:0::/64'],
  ['unix', 'unix'],
] as const) {
  test(`${address} is counted as ${group}`, () => assert.equal(addressGroup(address), group))
}
