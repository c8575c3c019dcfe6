import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMemoryStore } from '../src/adapters/memory/memory-store.ts'
import type { EventPage, EventQuery, Store } from '../src/ports/store.ts'
import { anEvent, append, committed, NOW_MS } from './store-fixtures.ts'
import { temporarySqlite } from './store-folder.ts'

/** Enough for several stretches of the log (zones.ts), with types that are everywhere, rare, or only in one place. */
const ROWS = 5_000
const ROWS_PER_UNIT = 25

const PROJECTS = ['p1', 'p2', 'p3']
const TYPES = [
  'sh.keptn.event.deployment.triggered',
  'sh.keptn.event.deployment.finished',
  'sh.keptn.event.test.finished',
  'dev.tiphys.note',
]

/** The same rows for both: what differs afterwards is how they look for them. */
async function fill(stores: readonly Store[], seed: number): Promise<void> {
  let state = seed
  const pick = <T>(choices: readonly T[]): T => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return choices[Math.floor((state / 2 ** 31) * choices.length)] as T
  }
  for (let written = 0; written < ROWS; written += ROWS_PER_UNIT) {
    // One project is only in the middle of the log.
    const isMiddle = written > ROWS / 2 && written < ROWS / 2 + 500
    const projectId = isMiddle ? 'p3' : pick(['p1', 'p1', 'p2'])
    const events = Array.from({ length: ROWS_PER_UNIT }, () => {
      const type = pick(TYPES)
      const shkeptncontext = `context-${pick([1, 2, 3, 4, 5, 6, 7, 8, 9])}`
      const data = { stage: pick(['dev', 'prod']), result: pick(['pass', 'fail']) }
      return anEvent({ type, shkeptncontext, data })
    })
    // Time goes on, and now and then the clock is set back by more than a stretch of the log takes.
    const nowMs = NOW_MS + written - pick([0, 0, 0, 0, 3_000])
    const unit = append(`${projectId}/${pick([1, 2, 3])}`, 'any', events, { projectId, nowMs })
    const broken = append('broken', 'any', [anEvent({ type: 'sh.keptn.event.never.seen' })], {
      nowMs: NOW_MS + 0.5,
    })
    const [onDisk, inMemory] = stores
    assert.ok(onDisk && inMemory)
    // SQL refuses its neighbour, so the group is rolled back and written again.
    const refused = written % 500 === 0 ? onDisk.commit(broken) : Promise.reject(new Error())
    const [answer] = await Promise.all([
      committed(onDisk.commit(unit)),
      assert.rejects(refused),
      committed(inMemory.commit(unit)),
    ])
    assert.equal(answer.rows.length, ROWS_PER_UNIT)
  }
}

const query = fc.record(
  {
    projectId: fc.constantFrom(...PROJECTS, 'p4'),
    type: fc.constantFrom(...TYPES, 'sh.keptn.event.never.seen'),
    typeSuffix: fc.constantFrom('.finished', '.triggered', '.other'),
    stage: fc.constantFrom('dev', 'prod'),
    result: fc.constantFrom('pass', 'fail'),
    context: fc.constantFrom('context-1', 'context-9', 'context-10'),
    root: fc.boolean(),
    keptnOnly: fc.boolean(),
    fromTimeMs: fc.integer({ min: NOW_MS - 3_500, max: NOW_MS + ROWS + 500 }),
    beforeTimeMs: fc.integer({ min: NOW_MS - 3_500, max: NOW_MS + ROWS + 500 }),
    offset: fc.constantFrom(0, 10, 900),
    limit: fc.constantFrom(0, 20, 300),
  },
  { requiredKeys: ['offset', 'limit'] },
)

function shown({ events, totalCount }: EventPage) {
  return { totalCount, events: events.map((row) => [row.position, row.projectId, row.event.id]) }
}

test('both stores find the same rows, also after a project was deleted', async (t) => {
  const stores = [temporarySqlite(t).store, createMemoryStore()] as const
  await fill(stores, 42)
  const agree = async (one: EventQuery) => {
    const [onDisk, inMemory] = await Promise.all(stores.map((store) => store.query(one)))
    assert.ok(onDisk && inMemory)
    assert.deepEqual(shown(onDisk), shown(inMemory))
  }
  const property = fc.asyncProperty(query, agree)
  await fc.assert(property, { numRuns: 60 })
  await Promise.all(stores.map((store) => store.deleteProject('p2')))
  await fc.assert(property, { numRuns: 20 })
  assert.deepEqual(await stores[0].verify(), await stores[1].verify())
})
