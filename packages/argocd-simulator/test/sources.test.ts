import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { startGitHttp } from './support/git-http.ts'
import { createTestRepository, kustomization } from './support/git-repository.ts'
import { isHealthy, startSimulation, until } from './support/simulation.ts'

test('with several sources there are several revisions, and one can be named by its position', async () => {
  await using values = await createTestRepository({ 'prod.yaml': 'image: { tag: 1.0.0 }\n' })
  const first = await values.git('rev-parse', 'HEAD')
  await using chart = await createTestRepository({
    'chart/Chart.yaml': 'name: carts\nversion: 0.1.0\n',
    'chart/values.yaml': 'image: { repository: sample }\n',
  })
  const chartRevision = await chart.git('rev-parse', 'HEAD')
  await using simulation = await startSimulation({
    spec: {
      source: { repoURL: 'https://ignored.example' },
      sources: [
        {
          repoURL: `file://${chart.path}`,
          path: 'chart',
          helm: { valueFiles: ['$env/prod.yaml'] },
        },
        { repoURL: values.path, ref: 'env', targetRevision: 'main' },
      ],
    },
  })
  const { api, simulator } = simulation
  const second = await values.commit({ 'prod.yaml': 'image: { tag: 2.0.0 }\n' })
  const sync = (body = {}) =>
    api('POST', '/api/v1/applications/carts/sync', { body: { project: 'shop', ...body } })
  assert.equal((await sync()).status, 200)
  const { status } = await until(simulator, isHealthy)
  assert.deepEqual(status.sync.revisions, [chartRevision, second])
  assert.equal(status.operationState?.syncResult?.revision, '')
  assert.deepEqual(status.operationState?.syncResult?.revisions, [chartRevision, second])
  assert.deepEqual(status.summary.images, ['sample:2.0.0'])
  await simulator.settled()
  assert.equal((await sync({ revisions: [first] })).body.code, 3)
  assert.equal((await sync({ revisions: [first], sourcePositions: [2] })).status, 200)
  await simulator.settled()
  const after = simulator.application('carts').status
  assert.deepEqual(after.summary.images, ['sample:1.0.0'])
  assert.deepEqual(after.history?.at(-1)?.revisions, [chartRevision, first])
  assert.equal(after.sync.status, 'OutOfSync')
})

test('a short commit id, a tag and HEAD name revisions; what does not exist is refused', async () => {
  await using simulation = await startSimulation()
  const { api, simulator, repository } = simulation
  const first = await repository.git('rev-parse', 'HEAD')
  await repository.git('tag', '-a', 'v1', '-m', 'first')
  await repository.commit({ 'other.txt': 'x' })
  const revisionOf = async (revision: string) => {
    const { body } = await api('POST', '/api/v1/applications/carts/sync', {
      body: { project: 'shop', revision, dryRun: true },
    })
    await simulator.settled()
    return body.code ?? body.operation.sync.revision
  }
  assert.equal(await revisionOf('v1'), first)
  assert.equal(await revisionOf(first.slice(0, 8)), first)
  assert.notEqual(await revisionOf('HEAD'), first)
  assert.equal(await revisionOf('nowhere'), 9)
})

test('the repository may stand behind smart HTTP; when it is gone the status stays, then says so', async () => {
  await using repository = await createTestRepository(kustomization('1.0.0'))
  const server = await startGitHttp(repository.path)
  await using simulation = await startSimulation({
    spec: { source: { repoURL: server.url, path: 'carts' }, syncPolicy: { automated: {} } },
  })
  const { api, simulator } = simulation
  await until(simulator, isHealthy)
  const sha = await repository.commit(kustomization('1.1.0'))
  const push = { repository: { html_url: 'https://x.example', clone_url: server.url } }
  assert.equal((await api('POST', '/api/webhook', { token: null, body: push })).status, 200)
  await until(
    simulator,
    (application) => isHealthy(application) && application.status.sync.revision === sha,
  )
  await server[Symbol.asyncDispose]()
  const { body } = await api('GET', '/api/v1/applications/carts?refresh=normal')
  assert.equal(body.status.sync.status, 'Unknown')
  assert.match(body.status.conditions[0].message, /^Failed to load target state: /)
  const sync = await api('POST', '/api/v1/applications/carts/sync', { body: { project: 'shop' } })
  assert.deepEqual([sync.status, sync.body.code], [400, 9])
  // What was seen above may have been the stale health of a rollout that still goes on; what runs is not touched by the outage.
  await until(simulator, (application) => application.status.health.status === 'Healthy')
})
