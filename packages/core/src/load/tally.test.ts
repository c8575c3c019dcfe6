import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { TestFigures } from '@tiphys/contract/test-results.ts'
import fc from 'fast-check'
import { addTally, figuresOf, newTally, type Outcome, recordOutcome, type Tally } from './tally.ts'

function tallyOf(outcomes: readonly Outcome[]): Tally {
  const tally = newTally()
  for (const outcome of outcomes) recordOutcome(tally, outcome)
  return tally
}

function answered(status: number, latencyMs = 10): Outcome {
  return { code: 'answered', status, latencyMs, accepted: status < 300 }
}

test('every way to fail is counted apart, and together as failures', () => {
  const tally = tallyOf([
    answered(200),
    answered(204),
    answered(503, 40),
    { code: 'timed-out' },
    { code: 'connection-failed', reason: 'ECONNREFUSED' },
    { code: 'too-large' },
  ])
  const figures = figuresOf(tally, 2_000)
  assert.equal(figures['requests'], 6)
  assert.equal(figures['failures'], 4)
  assert.equal(figures['error_rate'], 66.667)
  assert.equal(figures['rps'], 1.5)
  assert.equal(figures['response_time_avg'], 20)
  assert.equal(figures['response_time_max'], 40)
  assert.equal(figures['status_2xx'], 2)
  assert.equal(figures['status_5xx'], 1)
  assert.equal(figures['timeouts'], 1)
  assert.equal(figures['connection_errors'], 1)
  assert.ok(TestFigures.safeParse(figures).success)
  assert.deepEqual(tally.reasons, {
    'status 503': 1,
    timeout: 1,
    ECONNREFUSED: 1,
    'answer too large': 1,
  })
})

test('what was not measured is left out, and zero is not', () => {
  const figures = figuresOf(newTally(), 1_000)
  assert.equal(figures['requests'], 0)
  assert.equal(figures['rps'], 0)
  for (const name of ['error_rate', 'response_time_p95', 'response_time_min']) {
    assert.ok(!Object.hasOwn(figures, name), name)
  }
})

test('a flood of different reasons stays bounded and loses no count', () => {
  const outcomes = Array.from(
    { length: 100 },
    (_, index): Outcome => ({ code: 'connection-failed', reason: `reason ${index}` }),
  )
  const { reasons } = tallyOf(outcomes)
  assert.equal(Object.keys(reasons).length, 21)
  assert.equal(reasons['other'], 80)
})

const anyOutcome = fc.oneof(
  fc
    .record({ status: fc.integer({ min: 100, max: 599 }), latencyMs: fc.nat(10_000) })
    .map(({ status, latencyMs }) => answered(status, latencyMs)),
  fc.constant<Outcome>({ code: 'timed-out' }),
  fc.constantFrom('a', 'b').map((reason): Outcome => ({ code: 'connection-failed', reason })),
)

test('adding tallies is counting everything in one', () => {
  fc.assert(
    fc.property(fc.array(anyOutcome), fc.array(anyOutcome), (left, right) => {
      const together = tallyOf(left)
      addTally(together, tallyOf(right))
      const expected = tallyOf([...left, ...right])
      assert.deepEqual(figuresOf(together, 1_000), figuresOf(expected, 1_000))
      assert.deepEqual(together.reasons, expected.reasons)
    }),
  )
})
