import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import type { JsonObject } from '@tiphys/contract/json.ts'
import { eventually, IMAGE, kustomization } from './argocd-world.ts'
import { type EngineWorld, openEngineWorld } from './engine-world.ts'

const AUTO = { autoSync: true } as const
const SECOND_MS = 1_000
const PERIODS_MS = 700

/** Kubernetes times have whole seconds: what begins in the second of the connection counts as before it. */
async function nextSecond(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SECOND_MS + 50 - (Date.now() % SECOND_MS)))
}

/** Two periods of the reconciler in which nothing happens. */
async function silence(world: EngineWorld): Promise<void> {
  await world.simulator.settled()
  const before = (await world.log()).length
  await new Promise((resolve) => setTimeout(resolve, 2 * PERIODS_MS))
  const rows = (await world.log()).slice(before).map(({ event }) => event.type)
  assert.deepEqual(rows, [], 'the log is silent')
}

/** As a person who pushes straight to Git. */
async function push(world: EngineWorld, tag: string): Promise<string> {
  return await world.repository.commit(kustomization(tag), { message: `by hand ${tag}` })
}

function startedAt(world: EngineWorld): string {
  return world.simulator.application('carts').status.operationState?.startedAt ?? ''
}

function uid(world: EngineWorld): string {
  return world.simulator.application('carts').metadata.uid
}

// Most of the time is waiting for Argo CD's whole seconds, so several wait together.
describe('deployments that Argo CD makes by itself', { concurrency: 3 }, () => {
  test('a deployment that Argo CD makes by itself starts one run, and then there is silence', async () => {
    await using world = await openEngineWorld(AUTO)
    await nextSecond()
    const commit = await push(world, '1.3.0')
    await world.untilEnded(1)
    assert.deepEqual(await world.runs(), ['dev.verify'])
    const [start] = (await world.log()).filter(({ meta }) => meta?.['k'] === 'start')
    const data = start?.event.data as Record<string, JsonObject> | undefined
    assert.equal(start?.event.source, 'argocd')
    assert.equal(data?.['deployment']?.['gitCommit'], commit)
    assert.deepEqual(data?.['argocd']?.['images'], [`${IMAGE}:1.3.0`])
    assert.equal(data?.['labels']?.['argocdOutcome'], 'deployed')
    assert.equal(
      (start?.meta?.['origin'] as JsonObject | undefined)?.['operation'],
      startedAt(world),
    )
    await silence(world)
  })

  test('what was deployed before Argo CD was connected starts nothing, nor does what is no deployment', async () => {
    await using world = await openEngineWorld({ autoSync: false })
    await nextSecond()
    const ref = { name: 'carts', project: 'shop' }
    const api = (body: JsonObject) =>
      fetch(`${world.simulator.url}/api/v1/applications/carts/sync`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${world.simulator.token}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ ...ref, ...body }),
      })
    for (const body of [
      { dryRun: true },
      { resources: [{ group: 'apps', kind: 'Deployment', name: 'carts' }] },
    ]) {
      const before = startedAt(world)
      assert.equal((await api(body)).status, 200)
      await eventually(() => !['', before].includes(startedAt(world)))
      await world.simulator.settled()
      await nextSecond()
    }
    await silence(world)
    assert.deepEqual(await world.runs(), [])
    // And a whole sync by hand is one.
    assert.equal((await api({})).status, 200)
    await world.untilEnded(1)
    assert.deepEqual(await world.runs(), ['dev.verify'])
  })

  test('way A on auto-sync: its operations are known by their trailers and start nothing', async () => {
    await using world = await openEngineWorld(AUTO)
    await nextSecond()
    await world.trigger('delivery', `${IMAGE}:1.2.0-bad`)
    await world.untilEnded(2)
    await silence(world)
    assert.deepEqual(await world.runs(), ['dev.delivery', 'dev.rollback'])
    assert.deepEqual(await world.repository.subjects(), [
      'first',
      `deploy carts to dev: ${IMAGE}:1.2.0-bad`,
      `roll back carts in dev: ${IMAGE}:1.0.0`,
    ])
    assert.equal(world.counts().syncsAccepted, 0)
  })

  test('notifications, repeated and of every kind, and the reconciler together make one run', async () => {
    await using world = await openEngineWorld(AUTO)
    await nextSecond()
    const before = startedAt(world)
    await push(world, '1.3.0')
    await eventually(() => !['', before].includes(startedAt(world)))
    const id = (outcome: string) => `argocd:${uid(world)}:${startedAt(world)}:${outcome}`
    const labels = { argocdApp: 'argocd/carts', team: 'blue' }
    for (const [context, outcome] of [
      ['one', 'deployed'],
      ['two', 'deployed'],
      ['three', 'degraded'],
    ] as const) {
      await world.submit('dev.verify.triggered', { labels }, context, id(outcome))
    }
    await world.untilEnded(1)
    await silence(world)
    assert.deepEqual(await world.runs(), ['dev.verify'])
  })

  test('what a notification tells about an operation from before the connection starts nothing', async () => {
    await using world = await openEngineWorld({ ...AUTO, observe: false })
    await nextSecond()
    const before = startedAt(world)
    await push(world, '1.3.0')
    await eventually(() => !['', before].includes(startedAt(world)))
    await nextSecond()
    world.startObserving()
    const labels = { argocdApp: 'argocd/carts' }
    const id = `argocd:${uid(world)}:${startedAt(world)}:deployed`
    await world.submit('dev.verify.triggered', { labels }, 'too-early', id)
    await silence(world)
    assert.deepEqual(await world.runs(), [])
  })

  test('a notification starts its run in the context and the sequence that its sender was told', async () => {
    // A poll that is far away: only the notification and its stream can tell.
    await using world = await openEngineWorld({ ...AUTO, periodMs: 600_000, isDeaf: true })
    await nextSecond()
    const before = startedAt(world)
    await push(world, '1.3.0')
    await eventually(() => !['', before].includes(startedAt(world)))
    await world.simulator.settled()
    const labels = { argocdApp: 'argocd/carts', team: 'blue' }
    const id = `argocd:${uid(world)}:${startedAt(world)}:deployed`
    await world.submit('dev.judge.triggered', { labels, mine: true }, 'promised', id)
    await world.untilEnded(1)
    const [start] = (await world.log()).filter(({ meta }) => meta?.['k'] === 'start')
    assert.deepEqual(await world.runs(), ['dev.judge'])
    assert.equal(start?.event.shkeptncontext, 'promised')
    assert.equal(start?.event.data['mine'], true)
    const told = start?.event.data as Record<string, JsonObject> | undefined
    assert.equal(told?.['labels']?.['team'], 'blue')
  })

  test('a notification about our own operation starts nothing', async () => {
    await using world = await openEngineWorld(AUTO)
    await nextSecond()
    await world.trigger('delivery', `${IMAGE}:1.1.0`)
    await world.untilEnded(1)
    const labels = { argocdApp: 'argocd/carts' }
    const id = `argocd:${uid(world)}:${startedAt(world)}:deployed`
    await world.submit('dev.verify.triggered', { labels }, 'news', id)
    await silence(world)
    assert.deepEqual(await world.runs(), ['dev.delivery'])
  })

  test('from an Argo CD that is not connected a notification is believed, once per operation', async () => {
    await using world = await openEngineWorld({ autoSync: false })
    const labels = { argocdApp: 'argocd/elsewhere' }
    for (const outcome of ['deployed', 'deployed', 'degraded']) {
      const id = `argocd:other-uid:2026-01-01T00:00:00Z:${outcome}`
      await world.submit('dev.verify.triggered', { labels, message: outcome }, `c-${outcome}`, id)
      await world.untilEnded(1)
    }
    await eventually(async () =>
      (await world.log()).some(({ event }) => event.type === 'sh.keptn.events.problem'),
    )
    assert.deepEqual(await world.runs(), ['dev.verify'])
  })

  test('an event of the seed form is news while its operation is fresh and has a run, and else starts one', async () => {
    await using world = await openEngineWorld(AUTO)
    await nextSecond()
    await push(world, '1.3.0')
    await world.untilEnded(1)
    await world.submit('dev.verify.triggered', {}, 'seed-1', 'seed')
    await silence(world)
    assert.deepEqual(await world.runs(), ['dev.verify'])
    // Of another service no application says that it is it: an ordinary event.
    await world.submit('dev.verify.triggered', { service: 'orders' }, 'seed-2', 'seed')
    await world.untilEnded(2)
    assert.equal((await world.log()).at(-1)?.event.shkeptncontext, 'seed-2')
  })

  test('an event of the seed form that comes first counts as the run of the operation', async () => {
    await using world = await openEngineWorld({
      ...AUTO,
      yaml: '    settle: 3s'.replace('    settle: 3s', ''),
    })
    await nextSecond()
    const before = startedAt(world)
    await push(world, '1.3.0')
    await eventually(() => !['', before].includes(startedAt(world)))
    await world.submit('dev.verify.triggered', {}, 'seed-first', 'seed')
    await world.untilEnded(1)
    await silence(world)
    assert.deepEqual(await world.runs(), ['dev.verify'])
  })

  test('a restart forgets nothing, and finds what happened meanwhile', async () => {
    await using world = await openEngineWorld(AUTO)
    await nextSecond()
    await push(world, '1.3.0')
    await world.untilEnded(1)
    await world.restart()
    await silence(world)
    assert.deepEqual(await world.runs(), ['dev.verify'])
    await world.observer()?.close()
    await push(world, '1.4.0')
    await eventually(
      () => world.simulator.application('carts').status.summary.images?.[0] === `${IMAGE}:1.4.0`,
    )
    await world.restart()
    await world.untilEnded(2)
    assert.deepEqual(await world.runs(), ['dev.verify', 'dev.verify'])
  })

  test('Argo CD down when the poll comes: it is found when it is back', async () => {
    await using world = await openEngineWorld(AUTO)
    await nextSecond()
    world.simulator.setFault({ down: true })
    await push(world, '1.3.0')
    await eventually(
      () => world.simulator.application('carts').status.summary.images?.[0] === `${IMAGE}:1.3.0`,
    )
    await world.simulator.settled()
    world.simulator.clearFaults()
    await world.untilEnded(1)
    assert.deepEqual(await world.runs(), ['dev.verify'])
  })

  test('a deployment of Argo CD’s own is rolled back only where the stage says so', async () => {
    for (const rollback of ['none', 'git'] as const) {
      await using world = await openEngineWorld({ ...AUTO, stage: { rollback } })
      await nextSecond()
      await push(world, '1.3.0-bad')
      await world.untilEnded(2)
      await silence(world)
      assert.deepEqual(await world.runs(), ['dev.verify', 'dev.rollback'])
      const end = (await world.ends()).at(-1) ?? ''
      if (rollback === 'none') {
        assert.match(end, /^dev\.rollback pass: nothing to roll back: Argo CD made this deployment/)
        assert.equal(await world.tagInGit(), '1.3.0-bad')
      } else {
        assert.match(end, /^dev\.rollback pass: rolled back to the state before the deployment/)
        assert.equal(await world.tagInGit(), '1.0.0')
      }
    }
  })

  test('health that is lost after the deployment is news: to its run, or a problem when that is over', async () => {
    await using world = await openEngineWorld(AUTO)
    await nextSecond()
    await push(world, '1.3.0-dies1')
    await world.untilEnded(1)
    await eventually(async () =>
      (await world.log()).some(({ event }) => event.type === 'sh.keptn.events.problem'),
    )
    const problems = (await world.log()).filter(({ event }) =>
      event.type.endsWith('events.problem'),
    )
    assert.equal(problems.length, 1)
    assert.equal(problems[0]?.event.data['ImpactedEntity'], 'argocd/carts')
  })

  test('a sync that fails is judged too: one run, with the result in it', async () => {
    await using world = await openEngineWorld()
    await nextSecond()
    await push(world, '1.3.0')
    world.simulator.refuseNextApply('carts', 'admission webhook said no')
    await world.argocd.sync({ name: 'carts', project: 'shop' }, { infos: [] })
    await world.untilEnded(1)
    const [start] = (await world.log()).filter(({ meta }) => meta?.['k'] === 'start')
    assert.equal(start?.event.data['result'], 'fail')
    assert.match(String(start?.event.data['message']), /admission webhook said no/)
    await silence(world)
    assert.deepEqual(await world.runs(), ['dev.verify'])
  })
})
