import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { kustomization } from './support/git-repository.ts'
import { AUTO_SYNC, isHealthy, startSimulation, until } from './support/simulation.ts'

test('a sync deploys what Git says, and it really answers', async () => {
  await using simulation = await startSimulation()
  const { simulator, api, repository } = simulation
  await simulator.settled()
  assert.equal(simulator.application('carts').status.sync.status, 'OutOfSync')
  const sha = await repository.git('rev-parse', 'HEAD')

  const answer = await api('POST', '/api/v1/applications/carts/sync', {
    body: { project: 'shop', infos: [{ name: 'tiphys.dev/run', value: 'run-1' }] },
  })
  assert.equal(answer.status, 200)
  assert.equal(answer.body.operation.sync.revision, sha)
  assert.equal(answer.body.status.operationState, undefined)

  await simulator.settled()
  const { status } = simulator.application('carts')
  assert.equal(status.operationState?.phase, 'Succeeded')
  assert.equal(status.operationState?.syncResult?.revision, sha)
  assert.deepEqual(status.operationState?.operation.info, [
    { name: 'tiphys.dev/run', value: 'run-1' },
  ])
  assert.equal(status.health.status, 'Healthy')
  assert.equal(status.sync.status, 'Synced')
  assert.deepEqual(status.summary.images, ['registry.example/sample:1.0.0'])
  assert.equal(status.history?.length, 1)
  const [url] = status.summary.externalURLs ?? []
  const served = await fetch(new URL('/version', url))
  assert.deepEqual(await served.json(), { version: '1.0.0' })
})

test('auto-sync deploys a commit by itself', async () => {
  await using simulation = await startSimulation({ spec: AUTO_SYNC })
  const { simulator, repository } = simulation
  await until(simulator, isHealthy)
  const sha = await repository.commit(kustomization('1.1.0'))
  const after = await until(
    simulator,
    (application) => isHealthy(application) && application.status.sync.revision === sha,
  )
  assert.equal(after.status.operationState?.operation.initiatedBy.automated, true)
  assert.deepEqual(simulator.counts().applications['argocd/carts']?.operations.length, 2)
  await simulator.settled()
  const served = await fetch(new URL('/version', simulator.ingressUrl('carts')))
  assert.deepEqual(await served.json(), { version: '1.1.0' })
})
