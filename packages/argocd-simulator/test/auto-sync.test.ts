import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { kustomization } from './support/git-repository.ts'
import { AUTO_SYNC, isHealthy, startSimulation, until } from './support/simulation.ts'

const CARTS = '/api/v1/applications/carts'
const RESOURCE =
  'namespace=shop&resourceName=carts&version=v1&group=apps&kind=Deployment&project=shop'

// They mostly wait, each for its own simulator.
describe('auto-sync', { concurrency: 3 }, () => {
  test('self-heal undoes an edit of a live object, and says that it was one', async () => {
    await using simulation = await startSimulation({
      spec: { syncPolicy: { automated: { selfHeal: true } } },
    })
    const { api, simulator } = simulation
    await until(simulator, isHealthy)
    const edited = await api('POST', `${CARTS}/resource?${RESOURCE}`, {
      body: JSON.stringify(
        JSON.stringify({
          spec: { template: { spec: { containers: [{ image: 'sample:9.9.9' }] } } },
        }),
      ),
    })
    assert.equal(edited.status, 200)
    const healed = await until(
      simulator,
      ({ status, operation }) =>
        operation === undefined &&
        status.operationState?.operation.sync.autoHealAttemptsCount === 1 &&
        status.sync.status === 'Synced',
    )
    assert.deepEqual(healed.status.operationState?.operation.sync.resources, [
      { group: 'apps', kind: 'Deployment', name: 'carts' },
    ])
    assert.equal(healed.status.history?.length, 1)
    const counted = simulator.counts().applications['argocd/carts']?.operations
    assert.deepEqual(
      counted?.map(({ selfHeal }) => selfHeal),
      [false, true],
    )
  })

  test('without self-heal an edit stays OutOfSync', async () => {
    await using simulation = await startSimulation({ spec: AUTO_SYNC })
    const { api, simulator } = simulation
    await until(simulator, isHealthy)
    await api('POST', `${CARTS}/resource?${RESOURCE}`, {
      body: JSON.stringify('{"spec":{"replicas":0,"progressDeadlineSeconds":9,"selector":null}}'),
    })
    await until(simulator, ({ status }) => status.sync.status === 'OutOfSync')
    await simulator.settled()
    assert.equal(simulator.application('carts').status.sync.status, 'OutOfSync')
    assert.equal(simulator.counts().applications['argocd/carts']?.operations.length, 1)
  })

  test('a revision that failed is not tried again, and a condition says so', async () => {
    await using simulation = await startSimulation({
      spec: { syncPolicy: { automated: {}, retry: { limit: 0 } } },
    })
    const { simulator, repository } = simulation
    await until(simulator, isHealthy)
    simulator.refuseNextApply('carts', 'no')
    const sha = await repository.commit(kustomization('1.1.0'))
    const stuck = await until(
      simulator,
      ({ status }) => status.conditions?.[0]?.type === 'SyncError',
    )
    assert.match(
      stuck.status.conditions?.[0]?.message ?? '',
      new RegExp(`^Failed last sync attempt to ${sha}: `),
    )
    await simulator.settled()
    assert.equal(simulator.counts().applications['argocd/carts']?.operations.length, 2)
    await repository.commit(kustomization('1.1.1'))
    const healthy = await until(simulator, isHealthy)
    assert.equal(healthy.status.conditions, undefined)
  })

  test('a broken repository is an error at once on refresh, and patience on polls', async () => {
    await using simulation = await startSimulation({
      spec: AUTO_SYNC,
      simulator: { timingPreset: 'fast', timing: { repositoryGraceMs: 60_000 } },
    })
    const { api, simulator, repository } = simulation
    const before = await until(simulator, isHealthy)
    await repository.commit({ 'carts/kustomization.yaml': 'resources: [missing.yaml]\n' })
    await new Promise((resolve) => setTimeout(resolve, 1500))
    assert.equal(simulator.application('carts').status.sync.status, 'Synced')
    assert.equal(simulator.application('carts').status.conditions, undefined)
    assert.ok(before.status.reconciledAt)
    const refreshed = await api('GET', `${CARTS}?project=shop&refresh=normal`)
    assert.equal(refreshed.body.status.sync.status, 'Unknown')
    assert.equal(refreshed.body.status.conditions[0].type, 'ComparisonError')
    assert.match(refreshed.body.status.conditions[0].message, /missing\.yaml/)
    const sync = await api('POST', `${CARTS}/sync`, {
      body: { project: 'shop', retryStrategy: { limit: 0 } },
    })
    assert.equal(sync.status, 200)
    await simulator.settled()
    assert.equal(simulator.application('carts').status.operationState?.phase, 'Error')
  })

  test('a helm parameter written by PATCH is deployed at the same revision', async () => {
    const files = {
      'carts/Chart.yaml': 'name: carts\nversion: 0.1.0\nappVersion: 1.0.0\n',
      'carts/values.yaml': 'image:\n  repository: registry.example/sample\n',
    }
    await using simulation = await startSimulation({ spec: AUTO_SYNC, files })
    const { api, simulator } = simulation
    const before = await until(simulator, isHealthy)
    const patch = {
      spec: { source: { helm: { parameters: [{ name: 'image.tag', value: '1.2.0' }] } } },
    }
    const patched = await api('PATCH', CARTS, {
      body: { patch: JSON.stringify(patch), patchType: 'merge', project: 'shop' },
    })
    assert.equal(patched.status, 200)
    const after = await until(
      simulator,
      (application) =>
        isHealthy(application) &&
        application.status.summary.images?.[0] === 'registry.example/sample:1.2.0',
    )
    assert.equal(after.status.sync.revision, before.status.sync.revision)
    assert.equal(after.status.sourceType, 'Helm')
    assert.equal(after.status.history?.length, 2)
  })

  test('switching auto-sync off stops it, switching it on deploys what waited', async () => {
    await using simulation = await startSimulation({ spec: AUTO_SYNC })
    const { api, simulator, repository } = simulation
    await until(simulator, isHealthy)
    const patch = (automated: unknown) =>
      api('PATCH', CARTS, {
        body: {
          patch: JSON.stringify({ spec: { syncPolicy: { automated } } }),
          patchType: 'merge',
          project: 'shop',
        },
      })
    assert.equal((await patch(null)).status, 200)
    await repository.commit(kustomization('1.1.0'))
    await until(simulator, ({ status }) => status.sync.status === 'OutOfSync')
    await simulator.settled()
    assert.equal(simulator.counts().applications['argocd/carts']?.operations.length, 1)
    assert.equal((await patch({ prune: true })).status, 200)
    await until(
      simulator,
      (application) => isHealthy(application) && application.status.history?.length === 2,
    )
  })
})
