import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { kustomization } from './support/git-repository.ts'
import { AUTO_SYNC, cartsSpec, isHealthy, startSimulation, until } from './support/simulation.ts'

const CARTS = '/api/v1/applications/carts'

test('the list filters, selects from a fixed table of fields, and has no resource health', async () => {
  await using simulation = await startSimulation({
    spec: AUTO_SYNC,
    metadata: { labels: { tier: 'a' } },
  })
  const { api, simulator, repository } = simulation
  await simulator.addApplication(
    cartsSpec(repository, { project: 'other' }, { name: 'orders', namespace: 'team' }),
  )
  await until(simulator, isHealthy)
  const names = async (query: string) => {
    const { body } = await api('GET', `/api/v1/applications${query}`)
    return (body.items ?? []).map((item: { metadata: { name: string } }) => item.metadata.name)
  }
  assert.deepEqual(await names(''), ['carts', 'orders'])
  assert.deepEqual(await names('?projects=other&projects=none'), ['orders'])
  assert.deepEqual(await names('?selector=tier%3Da'), ['carts'])
  assert.deepEqual(await names('?selector=!tier'), ['orders'])
  assert.deepEqual(await names('?appNamespace=team'), ['orders'])
  assert.deepEqual(await names(`?repo=${encodeURIComponent(repository.path)}`), ['carts', 'orders'])
  assert.deepEqual(await names('?repo=https://elsewhere'), [])

  const list = await api('GET', '/api/v1/applications?projects=shop')
  assert.equal(list.body.items[0].status.resources[0].health, undefined)
  const single = await api('GET', CARTS)
  assert.deepEqual(single.body.status.resources[0].health, { status: 'Healthy' })
  assert.equal(typeof single.body.status.history[0].id, 'number')

  const fields =
    'items.metadata.name,items.status.health,items.status.history,items.status.reconciledAt,items.status.operationState.operation.sync'
  const { body } = await api('GET', `/api/v1/applications?projects=shop&fields=${fields}`)
  const { status } = simulator.application('carts')
  assert.deepEqual(body.items, [
    {
      metadata: { name: 'carts' },
      status: {
        health: status.health,
        operationState: { operation: { sync: status.operationState?.syncResult } },
      },
    },
  ])
})

test('details tell the truth about what is deployed', async () => {
  await using simulation = await startSimulation({ spec: AUTO_SYNC })
  const { api, simulator, repository } = simulation
  await until(simulator, isHealthy)
  await simulator.settled()
  const get = async (path: string) => (await api('GET', `${CARTS}${path}`)).body
  const { nodes } = await get('/resource-tree?project=shop')
  assert.deepEqual(
    nodes.map(({ kind }: { kind: string }) => kind),
    ['Deployment', 'ReplicaSet', 'Pod'],
  )
  assert.deepEqual(nodes[0].networkingInfo.externalURLs, [simulator.ingressUrl('carts')])
  assert.equal(nodes[2].parentRefs[0].uid, nodes[1].uid)
  assert.deepEqual(nodes[2].info, [{ name: 'Containers', value: '1/1' }])
  const pod = `namespace=shop&resourceName=${nodes[2].name}&version=v1&group=&kind=Pod`
  const { status } = JSON.parse((await get(`/resource?project=shop&${pod}`)).manifest)
  assert.equal(status.containerStatuses[0].restartCount, 0)
  assert.ok(Date.parse(status.containerStatuses[0].state.running.startedAt) <= Date.now())
  const { items } = await get('/managed-resources?project=shop')
  assert.equal(items[0].modified, false)
  assert.deepEqual(JSON.parse(items[0].targetState), JSON.parse(items[0].liveState))
  const { manifests, revision, sourceType } = await get('/manifests?project=shop')
  assert.equal(sourceType, 'Kustomize')
  assert.equal(revision, await repository.git('rev-parse', 'HEAD'))
  assert.equal(JSON.parse(manifests[0]).kind, 'Deployment')
  const reasons = (await get('/events?project=shop')).items.map(
    ({ reason }: { reason: string }) => reason,
  )
  assert.ok(reasons.includes('OperationStarted') && reasons.includes('OperationCompleted'))
  const resource = 'namespace=shop&resourceName=carts&version=v1&group=apps&kind=Deployment'
  const live = JSON.parse((await get(`/resource?project=shop&${resource}`)).manifest)
  assert.equal(live.status.availableReplicas, 1)
  const missing = await api('GET', `${CARTS}/resource?project=shop&${resource}x`)
  assert.equal(missing.body.code, 3)
})

test('a revision tells its author and the commit it was made for', async () => {
  await using simulation = await startSimulation()
  const { api, repository } = simulation
  const sha = await repository.commit(
    kustomization('1.1.0'),
    'deliver carts 1.1.0\n\nArgocd-reference-commit-sha: abc123\nArgocd-reference-commit-repourl: https://git.example/carts\nArgocd-reference-commit-subject: faster\nArgocd-reference-commit-body: "two\\nlines"',
  )
  await repository.git('tag', 'v1.1.0')
  const { body } = await api('GET', `${CARTS}/revisions/${sha}/metadata?project=shop`)
  assert.equal(body.author, 'Anna <anna@example.com>')
  assert.match(body.date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.match(body.message, /^deliver carts 1\.1\.0/)
  assert.deepEqual(body.tags, ['v1.1.0'])
  assert.deepEqual(body.references, [
    {
      commit: {
        sha: 'abc123',
        repoUrl: 'https://git.example/carts',
        subject: 'faster',
        body: 'two\nlines',
      },
    },
  ])
  const unknown = await api('GET', `${CARTS}/revisions/${'0'.repeat(40)}/metadata?project=shop`)
  assert.equal(unknown.body.code, 2)
})

test('a PATCH writes the whole spec it read: an edit in between is lost', async () => {
  await using simulation = await startSimulation({
    simulator: { timingPreset: 'fast', timing: { patchMs: 300 } },
  })
  const { api, simulator } = simulation
  await simulator.settled()
  const patch = (change: unknown, patchType = 'merge') =>
    api('PATCH', CARTS, { body: { patch: JSON.stringify(change), patchType, project: 'shop' } })
  const slow = patch({ metadata: { annotations: { a: '1' } } })
  await new Promise((resolve) => setTimeout(resolve, 100))
  const other = patch([{ op: 'add', path: '/metadata/annotations', value: { b: '2' } }], 'json')
  await slow
  assert.deepEqual(simulator.application('carts').metadata.annotations, { a: '1' })
  await other
  assert.deepEqual(simulator.application('carts').metadata.annotations, { b: '2' })
  const ignored = await patch({
    status: { health: { status: 'Healthy' } },
    operation: { sync: {} },
  })
  assert.equal(ignored.status, 200)
  assert.equal(simulator.application('carts').operation, undefined)
  assert.equal(simulator.application('carts').status.health.status, 'Missing')
  assert.equal((await patch([{ op: 'remove', path: '/spec/nothing' }], 'json')).body.code, 3)
  assert.equal((await patch({}, 'strategic')).body.code, 3)
  const text = await api('PATCH', CARTS, { body: { patch: { a: 1 }, project: 'shop' } })
  assert.equal(text.body.code, 3)
  const { spec } = simulator.application('carts')
  const put = await api('PUT', `${CARTS}/spec?project=shop`, {
    body: { ...spec, revisionHistoryLimit: 3 },
  })
  assert.equal(put.body.revisionHistoryLimit, 3)
})
