import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts'
import { createAlarm } from '../../src/engine/alarm.ts'
import { createFreezes } from '../../src/engine/freezes.ts'
import type { Step } from '../../src/engine/step.ts'
import { createTurns, type TurnParts } from '../../src/engine/turns.ts'
import { type CommitUnit, type Store, StoreError } from '../../src/ports/store.ts'
import { storyClock } from '../simulation/story-clock.ts'

const NOW_MS = Date.UTC(2026, 0, 1)
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const ANSWER = { code: 'accepted', context: '', eventId: '', routed: 'run' } as const

/** Decisions that write what they are named after; those that the disk refuses are named too. */
function turnsOver(refused: readonly string[], more: Partial<TurnParts> = {}) {
  const store = createMemoryStore()
  const log: string[] = []
  const commit: Store['commit'] = async (unit: CommitUnit) => {
    const id = unit.writes[0]?.events[0]?.event.id ?? ''
    if (refused.includes(id)) throw new StoreError('no space left', { retryable: true })
    return await store.commit(unit)
  }
  const clock = storyClock(NOW_MS)
  const turns = createTurns({
    store: { ...store, commit },
    clock,
    log: QUIET,
    decide: (decide) => {
      // The builder is not asked: what a decision writes stands in its plan.
      const { answer, extra } = decide(undefined as never)
      const unit = { ...extra, writes: extra?.writes ?? [], nowMs: NOW_MS }
      return { answer, step: { unit, touched: new Set(), touchedJoins: new Set() } satisfies Step }
    },
    written: () => undefined,
    reload: () => {
      log.push('folded again')
      return Promise.resolve()
    },
    ...more,
  })
  const write = (id: string, stream: string, expectedVersion: number | 'any') =>
    turns.take(() => {
      const event = { id, type: 'x', source: 'x', specversion: '1.0', time: '', data: {} }
      const extra = { writes: [{ stream, expectedVersion, events: [{ event }] }] }
      return { answer: ANSWER, extra }
    })
  return { store, clock, log, turns, write }
}

test('what was decided on top of a decision that the disk refused is not written either', async () => {
  const { store, log, write } = turnsOver(['end of a run'])
  const outcomes = await Promise.allSettled([
    write('before', 'run/0', 0),
    write('end of a run', 'run/1', 0),
    write('an answer that comes too late for it', 'inbox', 'any'),
  ])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  )
  const rows = await store.readLog(0, 10)
  assert.deepEqual(
    rows.map(({ event }) => event.id),
    ['before'],
  )
  assert.deepEqual(log, ['folded again'])
})

test('a log that cannot be read is read again, and inputs go on', async () => {
  let failures = 2
  const { clock, turns, write } = turnsOver(['first'], {
    reload: () =>
      failures-- > 0 ? Promise.reject(new Error('input/output error')) : Promise.resolve(),
  })
  await assert.rejects(write('first', 'run/1', 0), StoreError)
  const second = write('second', 'run/2', 0)
  for (let look = 0; look < 10; look++) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.step(1_000)
  }
  assert.equal((await second).code, 'accepted')
  await turns.settled()
})

test('an alarm that is held wakes nobody, whatever is due', async () => {
  const clock = storyClock(NOW_MS)
  const woken: string[] = []
  const alarm = createAlarm(clock, (keys) => void woken.push(...keys))
  alarm.set('run', NOW_MS - 1)
  alarm.hold(1_000)
  alarm.arm()
  assert.equal(clock.step(999), false)
  assert.deepEqual(woken, [])
  clock.step(1)
  await new Promise((resolve) => setImmediate(resolve))
  clock.step(0)
  assert.deepEqual(woken, ['run'])
})

test('a freeze is over when it says so, and begins when it says so, also within a minute', () => {
  const freezes = createFreezes()
  const entry = { name: 'peace', from: '2026-01-01T00:00:20Z', to: '2026-01-01T00:00:40Z' }
  const frozen = (atMs: number) =>
    freezes.lookup({ freezes: [entry] }, { stage: 'dev', service: 'carts' }, atMs)?.('deployment')
  const settings = { freezes: [entry] }
  const kept = (atMs: number) =>
    freezes.lookup(settings, { stage: 'dev', service: 'carts' }, atMs)?.('deployment')?.name
  const seconds = [0, 19, 20, 39, 40, 59]
  assert.deepEqual(
    seconds.map((second) => kept(NOW_MS + second * 1_000)),
    [undefined, undefined, 'peace', 'peace', undefined, undefined],
  )
  assert.equal(frozen(NOW_MS + 30_000)?.untilMs, Date.parse(entry.to))
})
