import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import { deployment, kustomization } from './support/git-repository.ts'
import { AUTO_SYNC, isHealthy, startSimulation, until } from './support/simulation.ts'

const CARTS = '/api/v1/applications/carts'
const IN_SHOP = { project: 'shop' }

// They mostly wait, each for its own simulator.
describe('operations', { concurrency: 3 }, () => {
  test('there is one operation at a time, and terminating ends it as Failed', async () => {
    await using simulation = await startSimulation({
      simulator: { timingPreset: 'fast', timing: { syncMs: 5000 } },
    })
    const { api, simulator } = simulation
    assert.equal((await api('POST', `${CARTS}/sync`, { body: IN_SHOP })).status, 200)
    const second = await api('POST', `${CARTS}/sync`, { body: IN_SHOP })
    assert.equal(second.status, 400)
    assert.equal(second.body.code, 9)
    assert.match(second.body.message, /another operation is already in progress/)
    const running = await until(
      simulator,
      ({ status }) => status.operationState?.syncResult !== undefined,
    )
    assert.equal(running.status.operationState?.phase, 'Running')
    assert.equal(running.status.operationState?.finishedAt, undefined)
    assert.match(running.status.operationState?.syncResult?.revision ?? '', /^[0-9a-f]{40}$/)
    assert.equal((await api('DELETE', `${CARTS}/operation?project=shop`)).status, 200)
    const ended = await until(simulator, ({ operation }) => operation === undefined)
    assert.equal(ended.status.operationState?.phase, 'Failed')
    assert.equal(ended.status.operationState?.message, 'Operation terminated')
    const again = await api('DELETE', `${CARTS}/operation?project=shop`)
    assert.deepEqual([again.status, again.body.code], [400, 3])
    assert.equal(simulator.application('carts').status.history, undefined)
  })

  test('while a retry waits, the phase is Running and finishedAt is set', async () => {
    await using simulation = await startSimulation()
    const { api, simulator } = simulation
    simulator.refuseNextApply('carts', 'admission webhook said no')
    await api('POST', `${CARTS}/sync`, {
      body: {
        ...IN_SHOP,
        retryStrategy: { limit: 2, backoff: { duration: '300ms', factor: 1, maxDuration: '1s' } },
      },
    })
    const waiting = await until(simulator, ({ status }) => status.operationState?.retryCount === 1)
    const { operationState } = waiting.status
    assert.equal(operationState?.phase, 'Running')
    assert.ok(operationState?.finishedAt)
    assert.match(
      operationState?.message ?? '',
      /^one or more objects failed to apply, reason: admission webhook said no\. Retrying attempt #1 at \d+:\d\d[AP]M\.$/,
    )
    assert.equal(operationState?.syncResult?.resources?.[0]?.status, 'SyncFailed')
    assert.ok(waiting.operation)
    const ended = await until(simulator, isHealthy)
    assert.equal(ended.status.operationState?.phase, 'Succeeded')
    assert.equal(ended.status.operationState?.retryCount, 1)
  })

  test('without retries left the operation is Failed and leaves no history', async () => {
    const annotated = deployment('registry.example/sample:1.0.0').replace(
      '  name: carts\nspec:',
      "  name: carts\n  annotations: { simulator.tiphys.dev/apply-error: 'quota exceeded' }\nspec:",
    )
    await using simulation = await startSimulation({
      files: { 'carts/deployment.yaml': annotated },
    })
    const { api, simulator } = simulation
    await api('POST', `${CARTS}/sync`, {
      body: { ...IN_SHOP, retryStrategy: { limit: 1, backoff: { duration: '1ms' } } },
    })
    const ended = await until(simulator, ({ operation }) => operation === undefined)
    assert.equal(ended.status.operationState?.phase, 'Failed')
    assert.match(
      ended.status.operationState?.message ?? '',
      /quota exceeded \(retried 1 times\)\.$/,
    )
    assert.equal(ended.status.history, undefined)
    await simulator.settled()
    assert.equal(simulator.application('carts').status.health.status, 'Missing')
  })

  test('dry runs and partial syncs leave no history; a partial sync changes what it names', async () => {
    const files = {
      'carts/a.yaml': deployment('sample:1.0.0', { name: 'a' }),
      'carts/b.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\ndata: { k: v }\n',
    }
    await using simulation = await startSimulation({ files })
    const { api, simulator } = simulation
    await api('POST', `${CARTS}/sync`, { body: { ...IN_SHOP, dryRun: true } })
    await simulator.settled()
    assert.equal(simulator.application('carts').status.operationState?.phase, 'Succeeded')
    assert.equal(simulator.application('carts').status.sync.status, 'OutOfSync')
    await api('POST', `${CARTS}/sync`, {
      body: { ...IN_SHOP, resources: [{ kind: 'ConfigMap', name: 'b' }] },
    })
    await simulator.settled()
    const { status } = simulator.application('carts')
    assert.equal(status.history, undefined)
    assert.deepEqual(
      status.resources?.map(({ kind, status: sync }) => [kind, sync]),
      [
        ['ConfigMap', 'Synced'],
        ['Deployment', 'OutOfSync'],
      ],
    )
  })

  test('with auto-sync another revision and a rollback are refused', async () => {
    await using simulation = await startSimulation({ spec: AUTO_SYNC })
    const { api, simulator, repository } = simulation
    await until(simulator, isHealthy)
    const sha = await repository.git('rev-parse', 'HEAD')
    const sync = await api('POST', `${CARTS}/sync`, { body: { ...IN_SHOP, revision: sha } })
    assert.equal(sync.body.code, 9)
    assert.equal(sync.body.message, `Cannot sync to ${sha}: auto-sync currently set to main`)
    const rollback = await api('POST', `${CARTS}/rollback`, { body: { ...IN_SHOP, id: 0 } })
    assert.equal(rollback.status, 400)
    assert.equal(rollback.body.message, 'rollback cannot be initiated when auto-sync is enabled')
    const same = await api('POST', `${CARTS}/sync`, { body: { ...IN_SHOP, revision: 'main' } })
    assert.equal(same.status, 200)
  })

  test('a rollback deploys a history entry and leaves the application OutOfSync', async () => {
    await using simulation = await startSimulation()
    const { api, simulator, repository } = simulation
    const sync = async () => {
      assert.equal((await api('POST', `${CARTS}/sync`, { body: IN_SHOP })).status, 200)
      await simulator.settled()
    }
    await sync()
    const first = simulator.application('carts').status.history?.[0]?.revision
    await repository.commit(kustomization('1.1.0'))
    await sync()
    const unknown = await api('POST', `${CARTS}/rollback`, { body: { ...IN_SHOP, id: 7 } })
    assert.equal(unknown.body.message, 'application carts does not have deployment with id 7')
    const rollback = await api('POST', `${CARTS}/rollback`, { body: { ...IN_SHOP, id: 0 } })
    assert.equal(rollback.status, 200)
    await simulator.settled()
    const { status } = simulator.application('carts')
    assert.deepEqual(
      status.history?.map(({ id }) => id),
      [0, 1, 2],
    )
    assert.equal(status.history?.[2]?.revision, first)
    assert.equal(status.sync.status, 'OutOfSync')
    assert.equal(status.health.status, 'Healthy')
    assert.deepEqual(status.summary.images, ['registry.example/sample:1.0.0'])
  })

  test('a sync window refuses the request, and holds an operation that was already requested', async () => {
    await using simulation = await startSimulation({
      simulator: { timingPreset: 'fast', timing: { operationPickupMs: 100 } },
    })
    const { api, simulator } = simulation
    const always = { schedule: '* * * * *', duration: '1h', applications: ['*'] }
    await api('POST', `${CARTS}/sync`, { body: IN_SHOP })
    simulator.setSyncWindows('shop', [{ kind: 'deny', ...always }])
    const blocked = await until(
      simulator,
      ({ status }) => status.operationState?.message !== undefined,
    )
    assert.equal(blocked.status.operationState?.phase, 'Running')
    assert.equal(blocked.status.operationState?.message, 'Sync operation blocked by sync window')
    await simulator.settled()
    const windows = await api('GET', `${CARTS}/syncwindows?project=shop`)
    assert.equal(windows.body.canSync, false)
    assert.equal(windows.body.activeWindows[0].kind, 'deny')
    const refused = await api('POST', `${CARTS}/sync`, { body: IN_SHOP })
    assert.deepEqual(
      [refused.status, refused.body.code, refused.body.message],
      [403, 7, 'cannot sync: blocked by sync window'],
    )
    simulator.setSyncWindows('shop', [{ kind: 'deny', ...always, manualSync: true }])
    const ended = await until(simulator, isHealthy)
    assert.equal(ended.status.operationState?.phase, 'Succeeded')
  })

  test('waves wait for health, a broken one fails the operation', async () => {
    const wave = (name: string, image: string, number: number) =>
      deployment(image, { name }).replace(
        `  name: ${name}\nspec:`,
        `  name: ${name}\n  annotations: { argocd.argoproj.io/sync-wave: '${number}' }\nspec:`,
      )
    const files = {
      'carts/a.yaml': wave('a', 'sample:1.0.0-lazy1', 0),
      'carts/b.yaml': wave('b', 'sample:1.0.0', 1),
    }
    await using simulation = await startSimulation({ files })
    const { api, simulator, repository } = simulation
    await api('POST', `${CARTS}/sync`, { body: IN_SHOP })
    const waiting = await until(
      simulator,
      ({ status }) =>
        status.operationState?.message === 'waiting for healthy state of apps/Deployment/a',
    )
    assert.equal(waiting.status.operationState?.syncResult?.resources?.length, 1)
    const ended = await until(simulator, ({ operation }) => operation === undefined)
    assert.equal(ended.status.operationState?.phase, 'Succeeded')
    assert.equal(ended.status.operationState?.syncResult?.resources?.length, 2)
    await simulator.settled()
    await repository.commit({ 'carts/a.yaml': wave('a', 'sample:1.0.0-crash', 0) })
    await api('POST', `${CARTS}/sync`, { body: IN_SHOP })
    const failed = await until(simulator, ({ operation }) => operation === undefined)
    assert.equal(failed.status.operationState?.phase, 'Failed')
    assert.equal(
      failed.status.operationState?.message,
      'one or more synchronization tasks completed unsuccessfully',
    )
  })

  test('pruning is skipped unless asked for, and then the application is Synced', async () => {
    const extra = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: extra }\n'
    const files = { 'carts/d.yaml': deployment('sample:1.0.0'), 'carts/extra.yaml': extra }
    await using simulation = await startSimulation({ files })
    const { api, simulator, repository } = simulation
    const sync = async (prune: boolean) => {
      await api('POST', `${CARTS}/sync`, { body: { ...IN_SHOP, prune } })
      await simulator.settled()
      return simulator.application('carts').status
    }
    assert.equal((await sync(false)).sync.status, 'Synced')
    await repository.commit({ 'carts/extra.yaml': null })
    const kept = await sync(false)
    assert.equal(kept.sync.status, 'OutOfSync')
    assert.equal(kept.operationState?.phase, 'Succeeded')
    assert.deepEqual(
      kept.resources?.filter(({ requiresPruning }) => requiresPruning).map(({ name }) => name),
      ['extra'],
    )
    const pruned = await sync(true)
    assert.equal(pruned.sync.status, 'Synced')
    assert.ok(
      pruned.operationState?.syncResult?.resources?.some(({ status }) => status === 'Pruned'),
    )
  })

  test('a deleted application stays for a moment, takes no sync, and then is gone', async () => {
    await using simulation = await startSimulation({
      simulator: { timingPreset: 'fast', timing: { deletionMs: 300 } },
    })
    const { api, simulator } = simulation
    const url = simulator.ingressUrl('carts')
    assert.equal((await api('DELETE', `${CARTS}?project=shop`)).status, 200)
    assert.ok((await api('GET', CARTS)).body.metadata.deletionTimestamp)
    const sync = await api('POST', `${CARTS}/sync`, { body: IN_SHOP })
    assert.deepEqual([sync.body.code, sync.body.message], [9, 'application is deleting'])
    await simulator.settled()
    assert.equal((await api('GET', `${CARTS}?project=shop`)).status, 404)
    await assert.rejects(fetch(url))
  })
})
