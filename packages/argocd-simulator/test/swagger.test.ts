import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { kustomization } from './support/git-repository.ts'
import { type Api, eventually, isHealthy, startSimulation, until } from './support/simulation.ts'
import { problemsOf, readSwagger, type Swagger } from './support/swagger.ts'

const swagger = readSwagger()
const skip = swagger === undefined ? 'no ../shared/fixtures/argocd-swagger-subset.json here' : false

/** Holds an answer against what the description says for its path and status. */
function check(
  description: Swagger,
  method: string,
  path: string,
  answer: { status: number; body: unknown },
) {
  const operation = description.paths[path]?.[method]
  assert.ok(operation, `${method} ${path} is not described`)
  const key = answer.status === 200 ? '200' : 'default'
  const schema = operation.responses[key]?.schema
  assert.ok(schema)
  assert.deepEqual(
    problemsOf(description, schema, answer.body),
    [],
    `${method} ${path} ${answer.status}`,
  )
}

async function checkReads(description: Swagger, api: Api, sha: string): Promise<void> {
  const resource = 'namespace=shop&resourceName=carts&version=v1&group=apps&kind=Deployment'
  const reads: [path: string, url: string][] = [
    ['/api/v1/applications', '/api/v1/applications'],
    ['/api/v1/applications/{name}', '/api/v1/applications/carts?project=shop&refresh=normal'],
    ['/api/v1/applications/{name}', '/api/v1/applications/nobody?project=shop'],
    [
      '/api/v1/applications/{applicationName}/resource-tree',
      '/api/v1/applications/carts/resource-tree',
    ],
    [
      '/api/v1/applications/{applicationName}/managed-resources',
      '/api/v1/applications/carts/managed-resources',
    ],
    ['/api/v1/applications/{name}/events', '/api/v1/applications/carts/events'],
    ['/api/v1/applications/{name}/manifests', '/api/v1/applications/carts/manifests'],
    ['/api/v1/applications/{name}/syncwindows', '/api/v1/applications/carts/syncwindows'],
    [
      '/api/v1/applications/{name}/revisions/{revision}/metadata',
      `/api/v1/applications/carts/revisions/${sha}/metadata`,
    ],
    ['/api/v1/applications/{name}/resource', `/api/v1/applications/carts/resource?${resource}`],
    [
      '/api/v1/applications/{name}/resource/actions',
      `/api/v1/applications/carts/resource/actions?${resource}`,
    ],
    ['/api/v1/projects/{name}', '/api/v1/projects/shop'],
    ['/api/v1/projects/{name}/syncwindows', '/api/v1/projects/shop/syncwindows'],
    ['/api/v1/session/userinfo', '/api/v1/session/userinfo'],
    ['/api/version', '/api/version'],
  ]
  for (const [path, url] of reads) check(description, 'get', path, await api('GET', url))
}

test('answers are as Argo CD describes its API', { skip }, async () => {
  assert.ok(swagger)
  const allow = {
    kind: 'allow' as const,
    schedule: '* * * * *',
    duration: '1h',
    applications: ['*'],
  }
  await using simulation = await startSimulation({
    simulator: {
      timingPreset: 'fast',
      projects: [{ name: 'shop', syncWindows: [allow] }],
      applications: [],
    },
  })
  const { api, simulator, repository } = simulation
  const created = await api('POST', '/api/v1/applications', {
    body: {
      metadata: { name: 'carts' },
      spec: {
        project: 'shop',
        source: { repoURL: repository.path, path: 'carts', targetRevision: 'main' },
        destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
      },
    },
  })
  check(swagger, 'post', '/api/v1/applications', created)
  await simulator.settled()
  check(
    swagger,
    'get',
    '/api/v1/applications/{name}',
    await api('GET', '/api/v1/applications/carts'),
  )
  const body = { project: 'shop', infos: [{ name: 'a', value: 'b' }], retryStrategy: { limit: 1 } }
  const synced = await api('POST', '/api/v1/applications/carts/sync', { body })
  check(swagger, 'post', '/api/v1/applications/{name}/sync', synced)
  const refused = await api('POST', '/api/v1/applications/carts/sync', { body })
  assert.equal(refused.status, 400)
  check(swagger, 'post', '/api/v1/applications/{name}/sync', refused)
  await until(simulator, isHealthy)
  await checkReads(swagger, api, await repository.git('rev-parse', 'HEAD'))

  const patched = await api('PATCH', '/api/v1/applications/carts', {
    body: { patch: '{"metadata":{"annotations":{"a":"b"}}}', patchType: 'merge', project: 'shop' },
  })
  check(swagger, 'patch', '/api/v1/applications/{name}', patched)
  await repository.commit({
    ...kustomization('1.1.0'),
    'carts/kustomization.yaml': 'resources: [x.yaml]\n',
  })
  const broken = await api('GET', '/api/v1/applications/carts?refresh=hard')
  assert.equal(broken.body.status.conditions.length, 1)
  check(swagger, 'get', '/api/v1/applications/{name}', broken)
  const rollback = await api('POST', '/api/v1/applications/carts/rollback', {
    body: { id: 0, project: 'shop' },
  })
  check(swagger, 'post', '/api/v1/applications/{name}/rollback', rollback)
  await simulator.settled()
  const terminated = await api('DELETE', '/api/v1/applications/carts/operation?project=shop')
  check(swagger, 'delete', '/api/v1/applications/{name}/operation', terminated)
  const deleted = await api('DELETE', '/api/v1/applications/carts?project=shop')
  check(swagger, 'delete', '/api/v1/applications/{name}', deleted)
})

test('the checker sees what does not fit', { skip }, () => {
  assert.ok(swagger)
  const application = {
    metadata: { name: 'a', creationTimestamp: '2026-01-01T00:00:00.5Z' },
    spec: { sync: true },
    status: { history: [{ id: '1' }], conditions: {} },
  }
  const schema = { $ref: '#/definitions/v1alpha1Application' }
  assert.deepEqual(problemsOf(swagger, schema, application), [
    '$.metadata.creationTimestamp: 2026-01-01T00:00:00.5Z',
    '$.spec.sync: not described',
    '$.status.history[0].id: not an integer: "1"',
    '$.status.conditions: not an array',
  ])
})

test('the stream is as Argo CD describes it', { skip }, async () => {
  assert.ok(swagger)
  const schema = swagger.paths['/api/v1/stream/applications']?.['get']?.responses['200']?.schema
  assert.ok(schema)
  await using simulation = await startSimulation({ spec: { syncPolicy: { automated: {} } } })
  const { simulator } = simulation
  const aborting = new AbortController()
  const response = await fetch(`${simulator.url}/api/v1/stream/applications`, {
    headers: { authorization: `Bearer ${simulator.token}` },
    signal: aborting.signal,
  })
  let text = ''
  const reading = (async () => {
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk)
  })().catch(() => undefined)
  await until(simulator, isHealthy)
  await eventually(
    () => text,
    (seen) => seen.includes('"Healthy"'),
  )
  aborting.abort()
  await reading
  for (const line of text.split('\n').filter((one) => one.endsWith('}'))) {
    assert.deepEqual(problemsOf(swagger, schema, JSON.parse(line)), [])
  }
})
