import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { createMemoryProjectionStorage } from '../../src/adapters/memory/memory-projection-storage.ts'
import { createProjections } from '../../src/adapters/projections/projections.ts'
import { createContextDeletion } from '../../src/operations/delete-context.ts'
import { runRetention } from '../../src/operations/retention.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { PROJECTIONS } from '../../src/projections/all-projections.ts'
import { type House, startHouse } from '../api/house.ts'

const DAY_MS = 86_400_000
const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: {name: shop}
spec:
  stages:
    - name: dev
      sequences:
        - name: deliver
          tasks:
            - {name: deployment, properties: {executor: external}}
        - name: judge
          tasks:
            - {name: evaluation, properties: {executor: external}}
`

const JOINED = `${SHIPYARD}    - name: prod
      sequences:
        - name: deliver
          triggeredOn:
            - event: dev.deliver.finished
              and: [{event: dev.judge.finished}]
              within: 24h
          tasks:
            - {name: deployment, properties: {executor: external}}
`

type RetainOptions = {
  readonly retentionDays?: number
  readonly onPause?: () => void
  readonly signal?: AbortSignal
}

type World = {
  readonly house: House
  readonly projections: ReturnType<typeof createProjections>
  readonly projectId: string
  /** A pass as it would be so many days from now. */
  retain(inDays: number, options?: RetainOptions): Promise<{ contexts: number; rows: number }>
}

async function aWorld(t: TestContext, shipyard = SHIPYARD): Promise<World> {
  const house = await startHouse()
  const { store, engine, projects } = house
  const projections = foldedFrom(store)
  t.after(async () => {
    await projections.close()
    await house.close()
  })
  const admin = { name: 'admin', scopes: ['admin' as const], projects: ['*'] }
  const created = await projects.create({ name: 'shop', shipyard }, admin)
  assert.ok(created.code === 'created')
  for (const service of ['carts', 'orders']) await projects.createService('shop', service, admin)
  const { projectId } = created
  return {
    house,
    projections,
    projectId,
    async retain(inDays, options = {}) {
      const { retentionDays = 30, onPause, signal = new AbortController().signal } = options
      const clock: Clock = {
        nowMs: () => Date.now() + inDays * DAY_MS,
        sleep() {
          onPause?.()
          return Promise.resolve()
        },
        at: () => () => undefined,
      }
      const shared = { store, projections, engine, clock, newId: () => randomUUID() }
      return await runRetention(
        {
          ...shared,
          deleteContext: createContextDeletion(shared),
          log: {
            info() {},
            warn: (data, message) => assert.fail(`${message} ${JSON.stringify(data)}`),
          },
          projects: () => Promise.resolve([{ projectId, retentionMs: retentionDays * DAY_MS }]),
        },
        signal,
      )
    },
  }
}

function foldedFrom(store: Store) {
  return createProjections({
    store,
    storage: createMemoryProjectionStorage(),
    projections: PROJECTIONS,
  })
}

/** What is folded anew from what is left must be what was folded all along. */
async function assertRebuildsEqual({ house, projections }: World): Promise<void> {
  await projections.catchUp()
  const again = foldedFrom(house.store)
  await again.rebuild()
  const [rebuilt, live] = [await again.dump(), await projections.dump()]
  for (const name of ['runs', 'contexts', 'services', 'evaluations', 'deployments']) {
    assert.deepEqual(rebuilt[name] ?? {}, live[name] ?? {})
  }
  for (const [key, document] of Object.entries(live['services'] ?? {})) {
    const orderOf = (one: typeof document | undefined) => Object.keys(one?.['lastEventTypes'] ?? {})
    assert.deepEqual(orderOf(rebuilt['services']?.[key]), orderOf(document), 'oldest first')
  }
  await again.close()
  assert.equal((await house.store.verify()).broken, undefined)
}

async function send({ house }: World, event: object): Promise<string> {
  const answer = await house.api.send('POST', '/api/v1/event', { token: 'admin', body: event })
  assert.equal(answer.status, 200, answer.text)
  return (answer.json as { keptnContext: string }).keptnContext
}

type Wish = { service?: string; image?: string; context?: string }

async function trigger(world: World, sequence: string, wish: Wish = {}): Promise<string> {
  const { service = 'carts', image, context } = wish
  const change = image === undefined ? {} : { configurationChange: { values: { image } } }
  return await send(world, {
    type: `sh.keptn.event.dev.${sequence}.triggered`,
    source: 'test',
    ...(context === undefined ? {} : { shkeptncontext: context }),
    data: { project: 'shop', stage: 'dev', service, ...change },
  })
}

/** Answers the open task of a context. */
async function finish(world: World, context: string, data: object = {}): Promise<string> {
  const [open] = world.house.engine.openTriggered({ context })
  assert.ok(open)
  const { project, stage, service } = open.data
  await send(world, {
    type: open.type.replace('.triggered', '.finished'),
    source: 'test',
    triggeredid: open.id,
    shkeptncontext: context,
    data: { project, stage, service, status: 'succeeded', result: 'pass', ...data },
  })
  return open.id
}

const EVALUATION = {
  timeStart: '2026-01-02T15:00:00.000Z',
  timeEnd: '2026-01-02T15:05:00.000Z',
  result: 'pass',
  score: 100,
  sloFileContent: '',
  indicatorResults: [],
  comparedEvents: [],
}

async function contextsOf({ projections, projectId }: World): Promise<string[]> {
  await projections.catchUp()
  const { documents } = await projections.list('contexts', { projectId, offset: 0, limit: 100 })
  return documents.map((document) => String(document['context'])).sort()
}

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

type Move =
  | {
      readonly kind: 'deliver' | 'judge'
      readonly service: 'carts' | 'orders'
      readonly again: boolean
    }
  | { readonly kind: 'finish'; readonly result: 'pass' | 'fail'; readonly which: number }
  | { readonly kind: 'invalidate' | 'delete'; readonly which: number }
  | { readonly kind: 'noise' | 'retain' }

const which = fc.nat({ max: 20 })
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('deliver' as const, 'judge' as const),
      service: fc.constantFrom('carts' as const, 'orders' as const),
      again: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('finish' as const),
      result: fc.constantFrom('pass' as const, 'fail' as const),
      which,
    }),
  },
  fc.record({ kind: fc.constantFrom('invalidate' as const, 'delete' as const), which }),
  fc.record({ kind: fc.constantFrom('noise' as const, 'retain' as const) }),
)

test('whatever happened and whatever was deleted, lists folded from what is left are the live ones', async (t) => {
  let gone = 0
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 5, maxLength: 30 }), async (moves) => {
      const world = await aWorld(t)
      await playMoves(world, moves)
      gone += (await world.retain(5_000)).contexts
      await assertRebuildsEqual(world)
    }),
    { numRuns: 25 },
  )
  assert.ok(gone > 0, 'stories in which nothing is ever deleted show nothing')
})

async function playMoves(world: World, moves: readonly Move[]): Promise<void> {
  const { house, projections, projectId } = world
  const contexts: string[] = []
  const evaluations: string[] = []
  const shared = { ...house, projections, newId: () => randomUUID() }
  const deleteContext = createContextDeletion({ ...shared, clock: { nowMs: () => Date.now() } })
  const dataOf = (service: string) => ({ project: 'shop', stage: 'dev', service })
  let days = 31
  for (const made of moves) {
    switch (made.kind) {
      case 'deliver':
      case 'judge': {
        const { kind, service, again } = made
        const known = again ? contexts.at(-1) : undefined
        const context = known === undefined ? {} : { context: known }
        contexts.push(
          await trigger(world, kind, { service, image: `a:${contexts.length}`, ...context }),
        )
        break
      }
      case 'finish': {
        const open = house.engine.openTriggered({ projectId })
        const task = open[made.which % Math.max(1, open.length)]
        if (task?.shkeptncontext === undefined) break
        const evaluation = task.type.includes('evaluation') ? { evaluation: EVALUATION } : {}
        await finish(world, task.shkeptncontext, { result: made.result, ...evaluation })
        evaluations.push(task.id)
        break
      }
      case 'invalidate': {
        const triggeredid = evaluations[made.which % Math.max(1, evaluations.length)]
        if (triggeredid === undefined) break
        const type = 'sh.keptn.event.evaluation.invalidated'
        await send(world, { type, source: 'test', triggeredid, data: dataOf('carts') })
        break
      }
      case 'delete': {
        const context = contexts[made.which % Math.max(1, contexts.length)]
        if (context === undefined) break
        await deleteContext({ projectId, context, reason: 'request', by: 'ada' })
        break
      }
      case 'noise': {
        const data = { ...dataOf('orders'), status: 'succeeded', result: 'pass' }
        const type = 'sh.keptn.event.scan.finished'
        await send(world, { type, source: 'test', triggeredid: randomUUID(), data })
        break
      }
      case 'retain':
        await world.retain(days)
        days += 31
        break
    }
  }
}
