import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { Application } from '@tiphys/contract/argocd-application.ts'
import { createMemoryDocuments } from '../../src/adapters/memory/memory-documents.ts'
import { createHealthHistory, HEALTH_KIND } from '../../src/argocd/health-history.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'

const START_MS = Date.UTC(2026, 0, 1)
const DAY_MS = 24 * 60 * 60 * 1000

function open() {
  const documents = createMemoryDocuments()
  let nowMs = START_MS
  const clock = { ...virtualClock(START_MS), nowMs: () => nowMs }
  const history = createHealthHistory(documents, 'default', clock)
  const app = (health: string, sync = 'Synced', changedMs?: number, uid = 'u-1') => {
    const lastTransitionTime =
      changedMs === undefined ? undefined : new Date(changedMs).toISOString()
    return Application.parse({
      metadata: { name: 'carts', namespace: 'argocd', uid },
      spec: {},
      status: { health: { status: health, lastTransitionTime }, sync: { status: sync } },
    })
  }
  const pass = (byMs: number) => {
    nowMs += byMs
  }
  return { documents, history, app, pass, nowMs: () => nowMs }
}

test('changes are kept with the time that Argo CD says, and nothing is written where nothing changed', async () => {
  const { documents, history, app, pass } = open()
  await history.saw(app('Healthy', 'Synced', START_MS - 5_000))
  const first = await documents.get(HEALTH_KIND, 'default/argocd/carts')
  pass(60_000)
  await history.saw(app('Healthy', 'Synced', START_MS - 5_000))
  assert.deepEqual(await documents.get(HEALTH_KIND, 'default/argocd/carts'), first)
  await history.saw(app('Degraded', 'OutOfSync', START_MS + 50_000))
  const { health, sync } = await history.of(app('Degraded'))
  assert.deepEqual(health, [
    { atMs: START_MS - 5_000, value: 'Healthy' },
    { atMs: START_MS + 50_000, value: 'Degraded' },
  ])
  assert.deepEqual(sync, [
    { atMs: START_MS, value: 'Synced' },
    { atMs: START_MS + 60_000, value: 'OutOfSync' },
  ])
})

test('another application of the same name begins anew, and one that is gone is forgotten', async () => {
  const { documents, history, app } = open()
  await history.saw(app('Healthy'))
  await history.saw(app('Degraded', 'Synced', undefined, 'u-2'))
  assert.equal((await history.of(app('Degraded', 'Synced', undefined, 'u-2'))).health.length, 1)
  assert.deepEqual((await history.of(app('Healthy'))).health, [])
  await history.keepOnly(new Set(['argocd/carts']))
  assert.equal((await documents.list(HEALTH_KIND)).length, 1)
  await history.keepOnly(new Set())
  assert.deepEqual(await documents.list(HEALTH_KIND), [])
})

test('a week is kept, with what was at its beginning, and no application fills the disk', async () => {
  const { history, app, pass, nowMs } = open()
  await history.saw(app('Healthy'))
  pass(DAY_MS)
  await history.saw(app('Degraded'))
  pass(8 * DAY_MS)
  await history.saw(app('Healthy'))
  assert.deepEqual(
    (await history.of(app('Healthy'))).health.map(({ value }) => value),
    ['Degraded', 'Healthy'],
  )
  for (let flap = 0; flap < 700; flap++) {
    pass(1_000)
    await history.saw(app(flap % 2 === 0 ? 'Degraded' : 'Healthy'))
  }
  const { health } = await history.of(app('Healthy'))
  assert.equal(health.length, 500)
  assert.equal(health.at(-1)?.atMs, nowMs())
})

test('the times in which nobody looked are kept, the newest of them', async () => {
  const { history, app } = open()
  for (let one = 0; one < 120; one++)
    await history.away(START_MS + one * 10, START_MS + one * 10 + 5)
  await history.away(START_MS + 8 * DAY_MS, START_MS + 9 * DAY_MS)
  const { outages } = await history.of(app('Healthy'))
  assert.deepEqual(outages, [{ fromMs: START_MS + 8 * DAY_MS, toMs: START_MS + 9 * DAY_MS }])
})
