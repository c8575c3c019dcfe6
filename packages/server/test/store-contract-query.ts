import { strict as assert } from 'node:assert'
import { describe, type TestContext, test } from 'node:test'
import type { EventQuery, Store } from '../src/ports/store.ts'
import type { StoreFactory } from './store-contract.ts'
import { anEvent, append, committed, NOW_MS } from './store-fixtures.ts'

export function queryContract(factory: StoreFactory): void {
  describe('query', () => {
    filters(factory)
    hidden(factory)
    pages(factory)
  })
}

type Filter = Partial<EventQuery>

async function found(store: Store, filter: Filter): Promise<string[]> {
  const { events } = await store.query({ offset: 0, limit: 100, ...filter })
  return events.map((row) => row.event.id)
}

/** a..e in the log, in this order; d and e belong to another project. */
async function filled(t: TestContext, factory: StoreFactory): Promise<Store> {
  const store = await factory(t)
  const write = async (stream: string, projectId: string, timeMs: number, event: object) => {
    const unit = append(stream, 'any', [anEvent(event)], { projectId, nowMs: timeMs })
    await committed(store.commit(unit))
  }
  const type = (name: string) => `sh.keptn.event.${name}`
  await write('s', 'p1', 1_000, { id: 'a', type: type('dev.delivery.triggered') })
  await write('s', 'p1', 2_000, {
    id: 'b',
    type: type('deployment.started'),
    triggeredid: 'a',
    source: 'helm',
  })
  await write('s', 'p1', 3_000, {
    id: 'c',
    type: type('deployment.finished'),
    triggeredid: 'a',
    data: { result: 'pass', stage: 'prod' },
  })
  const shkeptncontext = '7d0a2f4e-1111-4222-8333-444455556666'
  await write('t', 'p2', 4_000, { id: 'd', shkeptncontext, data: { service: 'orders' } })
  await write('t', 'p2', 5_000, {
    id: '019B7C1D-5E2E-7000-8000-0000000000EE',
    type: type('deployment.finished'),
    shkeptncontext,
  })
  return store
}

const E = '019B7C1D-5E2E-7000-8000-0000000000EE'

function filters(factory: StoreFactory): void {
  const cases: [string, Filter, string[]][] = [
    ['everything, newest first', {}, [E, 'd', 'c', 'b', 'a']],
    ['project', { projectId: 'p2' }, [E, 'd']],
    ['context', { context: '7d0a2f4e-1111-4222-8333-444455556666' }, [E, 'd']],
    ['type', { type: 'sh.keptn.event.deployment.finished' }, [E, 'c']],
    ['project and type', { projectId: 'p1', type: 'sh.keptn.event.deployment.finished' }, ['c']],
    ['type suffix', { typeSuffix: '.triggered' }, ['d', 'a']],
    ['stage', { stage: 'prod' }, ['c']],
    ['service', { service: 'orders' }, ['d']],
    ['source', { source: 'helm' }, ['b']],
    ['result', { result: 'pass' }, ['c']],
    ['triggered id', { triggeredId: 'a' }, ['c', 'b']],
    ['triggered id and type', { triggeredId: 'a', typeSuffix: '.started' }, ['b']],
    ['event id', { eventId: 'b' }, ['b']],
    ['event id with capitals', { eventId: E }, [E]],
    ['an id that differs only in its capitals', { eventId: E.toLowerCase() }, []],
    ['event id in another project', { eventId: 'b', projectId: 'p2' }, []],
    ['times, the first one included', { fromTimeMs: 2_000, beforeTimeMs: 4_000 }, ['c', 'b']],
    ['a word no event has', { stage: 'nowhere' }, []],
    ['roots', { root: true }, ['d', 'a']],
    ['roots of a project', { root: true, projectId: 'p1' }, ['a']],
    ['roots that were no root', { root: true, stage: 'prod' }, []],
  ]
  for (const [name, filter, expected] of cases) {
    test(`finds by ${name}`, async (t) => {
      const store = await filled(t, factory)
      assert.deepEqual(await found(store, filter), expected)
      const { totalCount } = await store.query({ offset: 0, limit: 1, ...filter })
      assert.equal(totalCount, expected.length)
    })
  }
}

function hidden(factory: StoreFactory): void {
  test('facts of our own are shown only when asked for', async (t) => {
    const store = await factory(t)
    const fact = anEvent({ id: 'fact', type: 'dev.tiphys.run.paused' })
    const shown = anEvent({ id: 'shown' })
    await committed(store.commit(append('s', 0, [fact, shown])))
    assert.deepEqual(await found(store, {}), ['shown'])
    assert.deepEqual(await found(store, { keptnOnly: false }), ['shown', 'fact'])
    assert.deepEqual(await found(store, { root: true }), ['shown'])
    assert.deepEqual(await found(store, { root: true, keptnOnly: false }), ['fact'])
  })
}

function pages(factory: StoreFactory): void {
  test('pages follow each other, and the total is counted to its bound', async (t) => {
    const store = await factory(t)
    const count = 1_100
    const events = Array.from({ length: count }, (_, index) => anEvent({ id: `e${index}` }))
    for (let start = 0; start < count; start += 100) {
      await committed(store.commit(append('s', start, events.slice(start, start + 100))))
    }
    const query = { projectId: 'p1', limit: 300 }
    const all: string[] = []
    for (let offset = 0; ; offset += 300) {
      const page = await store.query({ ...query, offset })
      all.push(...page.events.map((row) => row.event.id))
      assert.equal(page.totalCount, Math.min(count, Math.max(1_000, offset + 301)))
      if (offset + 300 >= page.totalCount) break
    }
    assert.deepEqual(all, events.map((event) => event.id).reverse())
    assert.deepEqual(await store.query({ offset: 5_000, limit: 10 }), {
      events: [],
      totalCount: count,
    })
    await assert.rejects(store.query({ offset: 0, limit: 1_001 }))
  })

  test('what happened at one time keeps the order of the log', async (t) => {
    const store = await factory(t)
    const events = ['x', 'y', 'z'].map((id) => anEvent({ id }))
    await committed(store.commit(append('s', 0, events, { nowMs: NOW_MS })))
    assert.deepEqual(await found(store, {}), ['z', 'y', 'x'])
  })
}
