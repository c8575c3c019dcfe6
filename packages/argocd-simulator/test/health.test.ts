import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { rfc3339 } from '../src/time.ts'
import { deployment, kustomization } from './support/git-repository.ts'
import {
  AUTO_SYNC,
  eventually,
  isHealthy,
  NO_CHANCE,
  startSimulation,
  until,
} from './support/simulation.ts'

const CARTS = '/api/v1/applications/carts'

// They mostly wait, each for its own simulator.
describe('health', { concurrency: 3 }, () => {
  test('a version that crashes becomes Degraded while the old one serves on', async () => {
    await using simulation = await startSimulation({ spec: AUTO_SYNC })
    const { api, simulator, repository } = simulation
    await until(simulator, isHealthy)
    await repository.commit(kustomization('1.1.0-crash'))
    const degraded = await until(simulator, ({ status }) => status.health.status === 'Degraded')
    assert.equal(degraded.status.operationState?.phase, 'Succeeded')
    assert.equal(degraded.status.sync.status, 'Synced')
    const { body } = await api('GET', `${CARTS}/resource-tree?project=shop`)
    const pods = body.nodes.filter(({ kind }: { kind: string }) => kind === 'Pod')
    // Three instances, of which two were restarts; the old pod tells of none.
    assert.deepEqual(
      pods.map(({ info }: { info: object[] }) => info[1]),
      [undefined, { name: 'Restart Count', value: '2' }],
    )
    const pod = `namespace=${pods[1].namespace}&resourceName=${pods[1].name}&version=v1&group=&kind=Pod`
    const live = await api('GET', `${CARTS}/resource?project=shop&${pod}`)
    const [container] = JSON.parse(live.body.manifest).status.containerStatuses
    assert.deepEqual(container.state, { waiting: { reason: 'CrashLoopBackOff' } })
    assert.equal(container.restartCount, 2)
    assert.ok(Date.parse(container.lastState.terminated.finishedAt) > 0)
    const served = await fetch(new URL('/version', simulator.ingressUrl('carts')))
    assert.deepEqual(await served.json(), { version: '1.0.0' })
  })

  test('a version that never gets ready is Progressing until its deadline, then Degraded', async () => {
    const stuck = deployment('sample:1.0.0-stuck', { extra: '  progressDeadlineSeconds: 1' })
    await using simulation = await startSimulation({
      spec: AUTO_SYNC,
      files: { 'carts/deployment.yaml': stuck },
    })
    const { simulator } = simulation
    await until(simulator, ({ status }) => status.health.status === 'Progressing')
    const degraded = await until(simulator, ({ status }) => status.health.status === 'Degraded')
    assert.match(degraded.status.health.message ?? '', /exceeded its progress deadline/)
    const refused = await fetch(simulator.ingressUrl('carts'))
    assert.equal(refused.status, 503)
    await refused.text()
  })

  test('a version that loses its readiness leaves Healthy, and a good one heals it', async () => {
    await using simulation = await startSimulation({
      spec: AUTO_SYNC,
      files: kustomization('1.0.0-degraded1'),
    })
    const { simulator, repository } = simulation
    await until(simulator, isHealthy)
    await until(simulator, ({ status }) => status.health.status === 'Progressing')
    await repository.commit(kustomization('1.0.1'))
    await until(
      simulator,
      (application) =>
        isHealthy(application) &&
        application.status.summary.images?.[0]?.endsWith(':1.0.1') === true,
    )
  })

  test('right after a sync the application still looks Healthy, with an old reconciledAt', async () => {
    await using simulation = await startSimulation({
      simulator: {
        timingPreset: 'fast',
        traps: NO_CHANCE,
        timing: { reconcileLagMs: 400, staleHealthMs: 300, pollMs: 60_000 },
      },
    })
    const { api, simulator, repository } = simulation
    const sync = async () => {
      await api('POST', `${CARTS}/sync`, { body: { project: 'shop' } })
      return await until(simulator, ({ operation }) => operation === undefined)
    }
    await sync()
    await simulator.settled()
    const { reconciledAt } = simulator.application('carts').status
    // Times have whole seconds: the next operation has to end in another one to be told apart.
    await eventually(
      () => rfc3339(Date.now()),
      (now) => now !== reconciledAt,
    )
    await repository.commit(kustomization('1.1.0-lazy1'))
    const { status } = await sync()
    assert.equal(status.operationState?.phase, 'Succeeded')
    assert.equal(status.health.status, 'Healthy')
    assert.equal(status.sync.status, 'Synced')
    assert.notEqual(status.sync.revision, status.operationState?.syncResult?.revision)
    assert.ok(
      Date.parse(status.reconciledAt ?? '') < Date.parse(status.operationState?.finishedAt ?? ''),
    )
    const startedMs = performance.now()
    const refreshed = await api('GET', `${CARTS}?project=shop&refresh=normal`)
    assert.ok(
      performance.now() - startedMs >= 390,
      'refresh blocks until the controller has looked',
    )
    assert.equal(refreshed.body.metadata.annotations, undefined)
    await simulator.settled()
    const settled = simulator.application('carts')
    assert.ok(isHealthy(settled))
    assert.equal(settled.status.sync.revision, status.operationState?.syncResult?.revision)
    assert.ok(
      Date.parse(settled.status.reconciledAt ?? '') >=
        Date.parse(status.operationState?.finishedAt ?? ''),
    )
  })

  test('a paused Deployment is Suspended and starts nothing', async () => {
    const paused = deployment('sample:1.0.0', { extra: '  paused: true' })
    await using simulation = await startSimulation({
      spec: AUTO_SYNC,
      files: { 'carts/deployment.yaml': paused },
    })
    await until(simulation.simulator, ({ status }) => status.health.status === 'Suspended')
    const answer = await fetch(simulation.simulator.ingressUrl('carts'))
    assert.equal(answer.status, 503)
    await answer.text()
  })

  test('a rolling update answers every request', async () => {
    await using simulation = await startSimulation({ spec: AUTO_SYNC })
    const { simulator, repository } = simulation
    await until(simulator, isHealthy)
    const url = new URL('/version', simulator.ingressUrl('carts'))
    const versions = new Set<string>()
    let isOver = false
    const load = async () => {
      while (!isOver) {
        const answer = await fetch(url)
        assert.equal(answer.status, 200)
        versions.add(((await answer.json()) as { version: string }).version)
      }
    }
    const clients = [load(), load(), load()]
    await repository.commit(kustomization('1.1.0'))
    await eventually(
      () => versions,
      (seen) => seen.has('1.1.0'),
    )
    await simulator.settled()
    isOver = true
    await Promise.all(clients)
    assert.deepEqual([...versions].sort(), ['1.0.0', '1.1.0'])
  })
})
