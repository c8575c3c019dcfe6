import { strict as assert } from 'node:assert'
import { describe, type TestContext, test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { ProjectionStorage } from '../src/adapters/projections/projection-storage.ts'
import {
  createProjections,
  type ProjectionRunner,
} from '../src/adapters/projections/projections.ts'
import type { Projection, ProjectionQuery } from '../src/ports/projections.ts'
import type { Store } from '../src/ports/store.ts'
import { countsProjection, latestProjection, startedProjection } from './projections-fixtures.ts'
import { anEvent, append, committed } from './store-fixtures.ts'

export type ProjectionHouse = { readonly store: Store; readonly storage: ProjectionStorage }
/** A new store and new storage, both removed when the test ends. */
export type ProjectionHouseFactory = (t: TestContext) => ProjectionHouse

export const PROJECTIONS = [countsProjection, latestProjection, startedProjection]

export function runnerOf(
  house: ProjectionHouse,
  projections: readonly Projection[] = PROJECTIONS,
): ProjectionRunner {
  return createProjections({ ...house, projections })
}

/** What the runner must do on every storage. */
export function projectionsContract(name: string, factory: ProjectionHouseFactory): void {
  describe(`projections contract: ${name}`, () => {
    folding(factory)
    lists(factory)
    versions(factory)
    deletion(factory)
    failures(factory)
  })
}

async function write(store: Store, stream: string, count = 1, more: object = {}): Promise<void> {
  const { projectId, ...event } = more as { projectId?: string }
  const events = Array.from({ length: count }, () => anEvent(event))
  const owner = projectId === undefined ? {} : { projectId }
  await committed(store.commit(append(stream, 'any', events, owner)))
}

function folding(factory: ProjectionHouseFactory): void {
  test('after catchUp, a reader sees what was committed before', async (t) => {
    const house = factory(t)
    const projections = runnerOf(house)
    assert.equal(await projections.get('counts', 's'), undefined)
    await write(house.store, 's', 2)
    await projections.catchUp()
    assert.deepEqual(await projections.get('counts', 's'), {
      projectId: 'p1',
      stream: 's',
      count: 2,
    })
    await write(house.store, 's', 1)
    await write(house.store, 't', 1)
    await projections.catchUp()
    await projections.catchUp()
    const counts = await projections.list('counts', { offset: 0, limit: 10 })
    assert.deepEqual(
      counts.documents.map((document) => [document['stream'], document['count']]),
      [
        ['s', 3],
        ['t', 1],
      ],
    )
  })

  test('calls at the same time, with writes between them, fold each row once', async (t) => {
    const house = factory(t)
    const projections = runnerOf(house)
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        await write(house.store, `s${index % 3}`, 10)
        await projections.catchUp()
        const document = await projections.get('counts', `s${index % 3}`)
        assert.ok(Number(document?.['count']) >= 10)
      }),
    )
    const { documents } = await projections.list('counts', { offset: 0, limit: 10 })
    assert.equal(
      documents.reduce((sum, one) => sum + Number(one['count']), 0),
      500,
    )
  })

  test('a document that a fold gives up is gone', async (t) => {
    const house = factory(t)
    const projections = runnerOf(house)
    await write(house.store, 's', 1, { id: 'one', type: 'sh.keptn.event.test.started' })
    await projections.catchUp()
    assert.equal((await projections.list('started', { offset: 0, limit: 9 })).totalCount, 1)
    await write(house.store, 's', 1, { type: 'sh.keptn.event.test.finished', triggeredid: 'one' })
    await projections.catchUp()
    assert.deepEqual(await projections.list('started', { offset: 0, limit: 9 }), {
      documents: [],
      totalCount: 0,
    })
  })

  test('a rebuilt set equals the live one, and other work gets its turn meanwhile', async (t) => {
    const house = factory(t)
    const projections = runnerOf(house)
    for (let index = 0; index < 30; index++) {
      const stage = index % 2 === 0 ? 'dev' : 'prod'
      await write(house.store, `s${index % 4}`, 50, { data: { stage } })
      if (index % 3 === 0) await projections.catchUp()
    }
    await projections.catchUp()
    const live = await projections.dump()
    assert.equal(Object.keys(live['latest'] ?? {}).length, 2)
    let turns = 0
    const ticking = setInterval(() => (turns += 1), 0)
    await projections.rebuild()
    clearInterval(ticking)
    assert.ok(turns > 1, `${turns} turns`)
    assert.deepEqual(await projections.dump(), live)
  })
}

function lists(factory: ProjectionHouseFactory): void {
  const cases: [string, Partial<ProjectionQuery>, string[]][] = [
    ['everything, newest first', {}, ['d', 'c', 'b', 'a']],
    ['a project', { projectId: 'p1' }, ['c', 'b', 'a']],
    ['a context', { context: 'c2' }, ['d', 'b']],
    ['a context of a project', { context: 'c2', projectId: 'p1' }, ['b']],
    ['several contexts', { contexts: ['c1', 'c2', 'other'], projectId: 'p1' }, ['c', 'b', 'a']],
    ['no contexts', { contexts: [] }, []],
    ['a stage', { projectId: 'p1', stage: 'prod' }, ['c']],
    ['a lane', { projectId: 'p1', stage: 'dev', service: 'carts' }, ['b', 'a']],
    ['a state', { state: 'triggered' }, ['d', 'c', 'b', 'a']],
    ['a name', { name: 'deployment', projectId: 'p2' }, ['d']],
    ['what began at or after', { fromSort: 2, projectId: 'p1' }, ['c', 'b']],
    ['what began before', { beforeSort: 3 }, ['b', 'a']],
    ['nothing', { stage: 'nowhere' }, []],
  ]
  for (const [name, query, expected] of cases) {
    test(`lists ${name}`, async (t) => {
      const house = factory(t)
      const projections = runnerOf(house)
      const { store } = house
      await write(store, 's', 1, { id: 'a', shkeptncontext: 'c1' })
      await write(store, 's', 1, { id: 'b', shkeptncontext: 'c2' })
      await write(store, 's', 1, { id: 'c', shkeptncontext: 'c1', data: { stage: 'prod' } })
      await write(store, 't', 1, { id: 'd', shkeptncontext: 'c2', projectId: 'p2' })
      await projections.catchUp()
      const found = await projections.list('started', { offset: 0, limit: 10, ...query })
      const ids = (documents: readonly JsonObject[]) => documents.map((one) => one['id'])
      assert.deepEqual(ids(found.documents), expected)
      assert.equal(found.totalCount, expected.length)
      const second = await projections.list('started', { offset: 1, limit: 1, ...query })
      assert.deepEqual(ids(second.documents), expected.slice(1, 2))
      assert.equal(second.totalCount, expected.length)
    })
  }
}

function versions(factory: ProjectionHouseFactory): void {
  test('a projection of another version, or a new one, is folded from the beginning', async (t) => {
    const house = factory(t)
    await write(house.store, 's', 3)
    await runnerOf(house, [countsProjection]).catchUp()
    const raised: Projection = {
      ...countsProjection,
      version: 2,
      fold: (document, row) => ({
        ...countsProjection.fold(document, row, row.stream),
        projectId: 'p1',
        stream: row.stream,
        form: 2,
      }),
    }
    await write(house.store, 's', 1)
    const second = runnerOf(house, [raised, latestProjection])
    await second.catchUp()
    assert.deepEqual(await second.dump(), {
      counts: { s: { projectId: 'p1', stream: 's', count: 4, form: 2 } },
      latest: { 'p1/dev': { projectId: 'p1', stage: 'dev', position: 4 } },
    })
  })

  test('a projection that is no longer there leaves nothing', async (t) => {
    const house = factory(t)
    await write(house.store, 's', 3)
    await runnerOf(house).catchUp()
    const fewer = runnerOf(house, [countsProjection])
    await fewer.catchUp()
    assert.deepEqual(Object.keys(await fewer.dump()), ['counts'])
    await assert.rejects(fewer.get('latest', 'x'), /there is no projection latest/)
  })

  test('documents of another log are forgotten', async (t) => {
    const house = factory(t)
    await write(house.store, 's', 3)
    await runnerOf(house).catchUp()
    const { store } = factory(t)
    await write(store, 'other', 5)
    const projections = runnerOf({ ...house, store })
    await projections.catchUp()
    assert.deepEqual((await projections.dump())['counts'], {
      other: { projectId: 'p1', stream: 'other', count: 5 },
    })
  })
}

function deletion(factory: ProjectionHouseFactory): void {
  test('a deleted project is forgotten, and what is left equals a rebuilt set', async (t) => {
    const house = factory(t)
    const first = runnerOf(house)
    await write(house.store, 'keep', 3)
    await write(house.store, 'drop', 4, { projectId: 'p2' })
    await first.catchUp()
    await house.store.deleteProject('p2')
    await first.forgetProject('p2')
    const left = await first.dump()
    assert.deepEqual(Object.keys(left['counts'] ?? {}), ['keep'])
    // Another start finds the checkpoints fitting although their row was deleted, and folds only what is new.
    await write(house.store, 'keep', 1)
    const folded: number[] = []
    const watching: Projection = {
      ...countsProjection,
      keysOf(row) {
        folded.push(row.position)
        return countsProjection.keysOf(row)
      },
    }
    const second = runnerOf(house, [watching, latestProjection, startedProjection])
    await second.catchUp()
    assert.deepEqual(folded, [8])
    const live = await second.dump()
    await second.rebuild()
    assert.deepEqual(await second.dump(), live)
  })
}

function failures(factory: ProjectionHouseFactory): void {
  test('a fold that throws is named with its row, and stores nothing of it', async (t) => {
    const house = factory(t)
    let isBroken = true
    const broken: Projection = {
      ...latestProjection,
      fold(document, row, key) {
        if (isBroken && row.position === 3) throw new Error('no')
        return latestProjection.fold(document, row, key)
      },
    }
    await write(house.store, 's', 2)
    const projections = runnerOf(house, [countsProjection, broken])
    await projections.catchUp()
    await write(house.store, 's', 2)
    await assert.rejects(projections.catchUp(), {
      name: 'ProjectionError',
      message: 'projection latest cannot fold row 3 (sh.keptn.event.deployment.triggered)',
    })
    assert.equal((await projections.get('counts', 's'))?.['count'], 2)
    isBroken = false
    await projections.catchUp()
    assert.equal((await projections.get('counts', 's'))?.['count'], 4)
    await projections.close()
    await assert.rejects(projections.get('counts', 's'))
  })
}
