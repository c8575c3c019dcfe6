import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { deployment } from './support/git-repository.ts'
import { startSimulation, until } from './support/simulation.ts'

function job(name: string, phase: string, version: string): string {
  return deployment(`sample:${version}`, { name })
    .replace('apps/v1', 'batch/v1')
    .replace('kind: Deployment', 'kind: Job')
    .replace(
      `  name: ${name}\nspec:`,
      `  name: ${name}\n  annotations: { argocd.argoproj.io/hook: ${phase} }\nspec:`,
    )
}

test('hooks really run; a failed PostSync fails the operation and leaves the application Healthy', async () => {
  const files = {
    'carts/d.yaml': deployment('sample:1.0.0'),
    'carts/pre.yaml': job('pre', 'PreSync', '1.0.0'),
    'carts/post.yaml': job('post', 'PostSync', '1.0.0'),
    'carts/fail.yaml': job('fail', 'SyncFail', '1.0.0'),
  }
  await using simulation = await startSimulation({ files })
  const { api, simulator, repository } = simulation
  const sync = async (change = {}) => {
    await api('POST', '/api/v1/applications/carts/sync', { body: { project: 'shop', ...change } })
    const { status } = await until(simulator, ({ operation }) => operation === undefined)
    const results = status.operationState?.syncResult?.resources ?? []
    return {
      phase: status.operationState?.phase,
      results: results.map(({ name, hookPhase }) => `${name} ${hookPhase}`),
    }
  }
  assert.deepEqual(await sync(), {
    phase: 'Succeeded',
    results: ['pre Succeeded', 'carts Running', 'post Succeeded'],
  })
  await simulator.settled()
  assert.equal(simulator.application('carts').status.sync.status, 'Synced')
  await repository.commit({ 'carts/post.yaml': job('post', 'PostSync', '1.0.0-errors100') })
  assert.deepEqual(await sync(), {
    phase: 'Failed',
    results: ['pre Succeeded', 'carts Running', 'post Failed', 'fail Succeeded'],
  })
  await simulator.settled()
  assert.equal(simulator.application('carts').status.health.status, 'Healthy')
  assert.deepEqual(await sync({ strategy: { apply: {} } }), {
    phase: 'Succeeded',
    results: ['carts Running'],
  })
  await repository.commit({ 'carts/pre.yaml': job('pre', 'PreSync', '1.0.0-stuck') })
  await api('POST', '/api/v1/applications/carts/sync', { body: { project: 'shop' } })
  await until(
    simulator,
    ({ status }) =>
      status.operationState?.message === 'waiting for completion of hook job.batch/pre',
  )
  assert.equal((await api('DELETE', '/api/v1/applications/carts/operation')).status, 200)
  const ended = await until(simulator, ({ operation }) => operation === undefined)
  assert.equal(ended.status.operationState?.message, 'Operation terminated')
})
