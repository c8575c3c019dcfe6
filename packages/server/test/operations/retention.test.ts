import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createContextDeletion } from '../../src/operations/delete-context.ts'
import { startHouse } from '../api/house.ts'
import {
  assertRebuildsEqual,
  aWorld,
  contextsOf,
  correct,
  EVALUATION,
  finish,
  JOINED,
  SHIPYARD,
  send,
  trigger,
  type World,
} from './retention-world.ts'

test('what is over for longer than it is kept goes, what is open or needed stays', async (t) => {
  const world = await aWorld(t)
  const { store } = world.house
  const old = await trigger(world, 'deliver', { image: 'a:1' })
  await finish(world, old)
  const open = await trigger(world, 'deliver', { image: 'a:2' })
  const judged = await trigger(world, 'judge', { service: 'orders' })
  await finish(world, judged, { evaluation: EVALUATION })
  assert.deepEqual(await world.retain(29), { contexts: 0, rows: 0 }, 'not yet')

  const before = await store.headPosition()
  const { contexts } = await world.retain(31)
  assert.equal(contexts, 1)
  assert.deepEqual(await contextsOf(world), [open, judged].sort())
  const rows = await store.readLog(0, 1_000)
  assert.ok(!rows.some((row) => row.event.shkeptncontext === old))
  assert.equal((await store.query({ context: old, offset: 0, limit: 10 })).totalCount, 0)
  assert.ok((await store.headPosition()) > before, 'positions go on')
  const [record] = await store.read(`forgotten/${world.projectId}`)
  assert.deepEqual([record?.event.data['context'], record?.event.data['by']], [old, 'retention'])
  await assertRebuildsEqual(world)

  await finish(world, open)
  assert.equal((await world.retain(31)).contexts, 1, 'once it is over it goes too')
  await assertRebuildsEqual(world)
})

test('what happened last to a service is still known, also after the records are gone', async (t) => {
  const world = await aWorld(t)
  const { projections, projectId } = world
  for (const service of ['carts', 'orders']) {
    for (const image of ['a:1', 'a:2']) {
      await finish(world, await trigger(world, 'deliver', { service, image }))
    }
    const failed = await trigger(world, 'deliver', { service, image: 'a:3' })
    await finish(world, failed, { result: 'fail' })
  }
  await send(world, {
    type: 'sh.keptn.event.scan.finished',
    source: 'test',
    triggeredid: randomUUID(),
    data: { project: 'shop', stage: 'dev', service: 'carts', status: 'succeeded', result: 'pass' },
  })
  const key = `${projectId}/dev/carts`
  await projections.catchUp()
  const known = await projections.get('services', key)
  assert.equal(known?.['deployedImage'], 'a:2')
  assert.equal((await world.retain(31)).contexts, 6)
  await assertRebuildsEqual(world)
  for (const inDays of [62, 93]) {
    await world.retain(inDays)
    assert.deepEqual(await projections.get('services', key), known)
    await assertRebuildsEqual(world)
  }
  assert.equal((await world.house.store.read(`inbox:${projectId}`)).length, 0)
  assert.ok((await world.house.store.read(`forgotten/${projectId}`)).length <= 2, 'records go too')
  await finish(world, await trigger(world, 'deliver', { image: 'a:4' }))
  await projections.catchUp()
  assert.equal((await projections.get('services', key))?.['deployedImage'], 'a:4')
  await assertRebuildsEqual(world)
})

test('an evaluation that was taken back stays so when the event that did it is gone', async (t) => {
  const world = await aWorld(t)
  const { projections, projectId } = world
  const context = await trigger(world, 'judge')
  const first = await finish(world, context, { evaluation: EVALUATION })
  await trigger(world, 'judge', { context })
  const second = await finish(world, context, { evaluation: EVALUATION })
  await send(world, {
    type: 'sh.keptn.event.evaluation.invalidated',
    source: 'test',
    triggeredid: first,
    shkeptncontext: context,
    data: { project: 'shop', stage: 'dev', service: 'carts' },
  })
  for (const inDays of [31, 62, 93]) {
    const { contexts } = await world.retain(inDays)
    assert.equal(contexts, 0, 'the second one may be compared with')
    const of = async (id: string) => await projections.get('evaluations', `${projectId}/${id}`)
    assert.ok((await of(first))?.['invalidated'])
    assert.equal((await of(second))?.['invalidated'], undefined)
    await assertRebuildsEqual(world)
  }
  assert.equal((await world.house.store.read(`inbox:${projectId}`)).length, 0)
})

test('a pinned evaluation stays however old it is, and goes when another was pinned', async (t) => {
  const world = await aWorld(t)
  const judged: { context: string; id: string }[] = []
  // More than are kept because later ones may be compared with them.
  for (let count = 0; count < 12; count++) {
    const context = await trigger(world, 'judge')
    judged.push({ context, id: await finish(world, context, { evaluation: EVALUATION }) })
  }
  const [first, second] = judged
  assert.ok(first && second)
  assert.equal(await correct(world, 'POST', first.id, 'pin'), 200)
  assert.equal(await correct(world, 'POST', second.id, 'invalidation'), 200)
  assert.equal((await world.retain(31)).contexts, 1, 'the second, not the first')
  assert.ok((await contextsOf(world)).includes(first.context))
  await assertRebuildsEqual(world)

  const last = judged.at(-1)
  assert.equal(await correct(world, 'POST', last?.id ?? '', 'pin'), 200)
  assert.equal((await world.retain(31)).contexts, 1)
  assert.ok(!(await contextsOf(world)).includes(first.context))
  await assertRebuildsEqual(world)
})

test('one context is deleted at once when it is over, by whoever may', async (t) => {
  const house = await startHouse()
  t.after(() => house.close())
  const shared = { ...house, clock: { nowMs: () => Date.now() }, newId: () => randomUUID() }
  const deleteContext = createContextDeletion(shared)
  const admin = { name: 'admin', scopes: ['admin' as const], projects: ['*'] }
  const created = await house.projects.create({ name: 'shop', shipyard: SHIPYARD }, admin)
  assert.ok(created.code === 'created')
  await house.projects.createService('shop', 'carts', admin)
  const { projectId } = created
  const world = { house } as World
  const context = await trigger(world, 'deliver')
  const wish = { projectId, context, reason: 'request', by: 'ada' } as const
  assert.deepEqual(await deleteContext(wish), { code: 'open', runs: 1 })
  await finish(world, context)
  const answer = await deleteContext(wish)
  assert.deepEqual(answer.code === 'deleted' && [answer.runs, answer.rows > 2], [1, true])
  assert.deepEqual(await deleteContext({ ...wish, context: 'unknown' }), { code: 'not-found' })
})

test('a join that waits for more keeps its context, and leaves with it when it is over', async (t) => {
  const world = await aWorld(t, JOINED)
  const { house, projections, projectId } = world
  const context = await trigger(world, 'deliver')
  await finish(world, context)
  const joins = async () =>
    (await house.store.readLog(0, 1_000)).filter(({ stream }) => stream.startsWith('join/')).length
  assert.equal(await joins(), 1)
  const clock = { nowMs: () => Date.now() }
  const parts = { ...house, projections, clock, newId: () => randomUUID() }
  const deleteContext = createContextDeletion(parts)
  const wish = { projectId, context, reason: 'request', by: 'ada' } as const
  assert.deepEqual(await deleteContext(wish), { code: 'open', runs: 0 })
  assert.equal((await world.retain(31)).contexts, 0)
  await trigger(world, 'judge', { context })
  await finish(world, context)
  assert.deepEqual(await deleteContext(wish), { code: 'open', runs: 1 }, 'what it started')
  await finish(world, context)
  assert.equal((await deleteContext(wish)).code, 'deleted')
  assert.equal(await joins(), 0)
  await assertRebuildsEqual(world)
})

test('a pass that is interrupted has done what it did, and the next one goes on', async (t) => {
  const world = await aWorld(t)
  for (let count = 0; count < 12; count++) {
    await finish(world, await trigger(world, 'deliver', { image: `a:${count}` }))
  }
  const stop = new AbortController()
  const onPause = () => stop.abort(new Error('the server is stopping'))
  const { signal } = stop
  await assert.rejects(world.retain(31, { onPause, signal }), /the server is stopping/)
  const left = (await contextsOf(world)).length
  assert.ok(left > 0 && left < 12, `${left} are left`)
  await assertRebuildsEqual(world)
  assert.equal((await world.retain(31)).contexts, left)
  assert.deepEqual(await contextsOf(world), [])
  await assertRebuildsEqual(world)
})
