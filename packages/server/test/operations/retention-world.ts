import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { createMemoryProjectionStorage } from '../../src/adapters/memory/memory-projection-storage.ts'
import { createProjections } from '../../src/adapters/projections/projections.ts'
import { createContextDeletion } from '../../src/operations/delete-context.ts'
import { runRetention } from '../../src/operations/retention.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Store } from '../../src/ports/store.ts'
import { PROJECTIONS } from '../../src/projections/all-projections.ts'
import { type House, startHouse } from '../api/house.ts'

const DAY_MS = 86_400_000
export const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
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

export const JOINED = `${SHIPYARD}    - name: prod
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

export type World = {
  readonly house: House
  readonly projections: ReturnType<typeof createProjections>
  readonly projectId: string
  /** A pass as it would be so many days from now. */
  retain(inDays: number, options?: RetainOptions): Promise<{ contexts: number; rows: number }>
}

export async function aWorld(t: TestContext, shipyard = SHIPYARD): Promise<World> {
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
export async function assertRebuildsEqual({ house, projections }: World): Promise<void> {
  await projections.catchUp()
  const again = foldedFrom(house.store)
  await again.rebuild()
  const [rebuilt, live] = [await again.dump(), await projections.dump()]
  const lists = ['runs', 'contexts', 'services', 'evaluations', 'references', 'deployments']
  for (const name of lists) {
    assert.deepEqual(rebuilt[name] ?? {}, live[name] ?? {})
  }
  for (const [key, document] of Object.entries(live['services'] ?? {})) {
    const orderOf = (one: typeof document | undefined) => Object.keys(one?.['lastEventTypes'] ?? {})
    assert.deepEqual(orderOf(rebuilt['services']?.[key]), orderOf(document), 'oldest first')
  }
  await again.close()
  assert.equal((await house.store.verify()).broken, undefined)
}

export async function send({ house }: World, event: object): Promise<string> {
  const answer = await house.api.send('POST', '/api/v1/event', { token: 'admin', body: event })
  assert.equal(answer.status, 200, answer.text)
  return (answer.json as { keptnContext: string }).keptnContext
}

type Wish = { service?: string; image?: string; context?: string }

export async function trigger(world: World, sequence: string, wish: Wish = {}): Promise<string> {
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
export async function finish(world: World, context: string, data: object = {}): Promise<string> {
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

/** What a person says about an evaluation; answers the status. */
export async function correct(
  { house }: World,
  how: 'POST' | 'DELETE',
  triggeredId: string,
  what: 'invalidation' | 'pin',
): Promise<number> {
  const path = `/api/tiphys/v1/evaluations/${triggeredId}/${what}`
  const why = { reason: 'a test', person: 'ada' }
  const answer =
    how === 'POST'
      ? await house.api.send('POST', path, { token: 'admin', body: why })
      : await house.api.send('DELETE', `${path}?reason=a+test&person=ada`, { token: 'admin' })
  return answer.status
}

export const EVALUATION = {
  timeStart: '2026-01-02T15:00:00.000Z',
  timeEnd: '2026-01-02T15:05:00.000Z',
  result: 'pass',
  score: 100,
  sloFileContent: '',
  indicatorResults: [
    {
      score: 1,
      value: { metric: 'rt', value: 5, success: true },
      displayName: '',
      passTargets: [],
      warningTargets: null,
      keySli: false,
      status: 'pass',
    },
  ],
  comparedEvents: [],
}

export async function contextsOf({ projections, projectId }: World): Promise<string[]> {
  await projections.catchUp()
  const { documents } = await projections.list('contexts', { projectId, offset: 0, limit: 100 })
  return documents.map((document) => String(document['context'])).sort()
}
