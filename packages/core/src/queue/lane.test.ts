import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { emptyLane, enter, join, type Lane, type LaneRun, leave, nextMove } from './lane.ts'

const run = (change: Partial<LaneRun> = {}): LaneRun => ({
  sequence: 'delivery',
  queue: 'supersede',
  ready: true,
  awaitingApproval: false,
  ...change,
})
const among = (runs: Record<string, LaneRun>) => (runId: string) => runs[runId] ?? run()

const busy: Lane = { stack: ['a'], waiting: ['b'] }

test('the first that is ready gets a free lane; a delayed or paused one is passed', () => {
  const lane = join(emptyLane, ['a', 'b'], 'back')
  assert.deepEqual(nextMove(lane, among({ a: run({ ready: false }) })), {
    code: 'grant',
    runId: 'b',
  })
  assert.deepEqual(nextMove(lane, among({})), { code: 'grant', runId: 'a' })
})

test('a running holder keeps everybody else out', () => {
  assert.equal(nextMove(busy, among({ a: run({ ready: false }) })), undefined)
})

test('while an approval is open, the policy decides', () => {
  const waits = (queue: LaneRun['queue']) => run({ ready: false, awaitingApproval: true, queue })
  assert.deepEqual(nextMove(busy, among({ a: waits('supersede') })), {
    code: 'supersede',
    runId: 'a',
    by: 'b',
  })
  assert.deepEqual(nextMove(busy, among({ a: waits('overtake') })), { code: 'grant', runId: 'b' })
  assert.equal(nextMove(busy, among({ a: waits('hold') })), undefined)
})

test('a run of another sequence overtakes, unless the stage says hold', () => {
  const rollback = run({ sequence: 'rollback' })
  const waits = run({ ready: false, awaitingApproval: true })
  assert.deepEqual(nextMove(busy, among({ a: waits, b: rollback })), { code: 'grant', runId: 'b' })
})

test('a lent lane goes back before anyone who waits', () => {
  const lent: Lane = { stack: ['a', 'b'], waiting: ['c'] }
  assert.equal(nextMove(lent, among({ b: run({ ready: false }) })), undefined)
  assert.deepEqual(nextMove(leave(lent, 'b'), among({})), { code: 'grant', runId: 'a' })
})

test('what the end of a run triggers comes before those who wait', () => {
  const after = join(leave(busy, 'a'), ['rollback'], 'front')
  assert.deepEqual(nextMove(after, among({})), { code: 'grant', runId: 'rollback' })
})

test('whatever happens, only the top of the stack or a new holder is granted', () => {
  const step = fc.record({
    action: fc.constantFrom('join', 'leave', 'move'),
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    ready: fc.boolean(),
    approval: fc.boolean(),
    queue: fc.constantFrom('supersede' as const, 'hold' as const, 'overtake' as const),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let lane = emptyLane
      for (const { action, id, ready, approval, queue } of steps) {
        const known = [...lane.stack, ...lane.waiting].includes(id)
        if (action === 'join' && !known) lane = join(lane, [id], 'back')
        if (action === 'leave') lane = leave(lane, id)
        if (action !== 'move') continue
        const runs = (runId: string) =>
          run({ ready: ready || runId === id, awaitingApproval: approval && !ready, queue })
        const before = lane
        const move = nextMove(lane, runs)
        if (move?.code === 'grant') {
          const top = before.stack.at(-1)
          const lentBy = top === undefined || top === move.runId || runs(top).awaitingApproval
          assert.ok(lentBy, 'a lane is lent only while an approval is open')
          assert.ok(
            !before.stack.slice(0, -1).includes(move.runId),
            'below the top nothing is granted',
          )
          lane = enter(lane, move.runId)
          assert.equal(lane.stack.at(-1), move.runId)
        }
        if (move?.code === 'supersede') lane = leave(lane, move.runId)
        assert.equal(
          new Set([...lane.stack, ...lane.waiting]).size,
          lane.stack.length + lane.waiting.length,
        )
      }
    }),
  )
})
