import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { argocdYaml } from '../end-to-end/argocd-side.ts'
import { type Installation, openInstallation } from '../end-to-end/harness.ts'
import { TESTS_YAML } from '../end-to-end/project-files.ts'
import { type BareRepository, openBareRepository } from '../peers/bare-repository.ts'
import { assertGolden } from './golden.ts'
import { ended, type Situation, waiting } from './situation.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: deliver
          tasks: [{ name: deployment }]
        - name: check
          tasks: [{ name: test }]
        - name: judge
          tasks: [{ name: evaluation }]
        - name: ask
          tasks: [{ name: approval }]
        - name: undo
          tasks: [{ name: rollback }]
        - name: release
          tasks: [{ name: release }]
`

const SLO = 'objectives:\n  - sli: response_time_p95\n    pass:\n      - criteria: ["<=200"]\n'
const WINDOW = { start: '2026-01-02T15:00:00Z', end: '2026-01-02T15:05:00Z' }

type Data = Readonly<Record<string, unknown>>

/** What an executor does comes from files and settings alone (behaviour.md 5): one negative test for each. */
describe('what users read: event data that tries to steer', () => {
  let installation: Installation
  let decoy: BareRepository
  let listener: Server
  let requests = 0
  let listenerUrl = ''
  before(async () => {
    listener = createServer((_request, response) => {
      requests += 1
      response.end('{}')
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    listenerUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
    installation = await openInstallation({
      argocd: {
        applications: [{ stage: 'staging' }, { stage: 'staging', service: 'other' }],
      },
    })
    const { client, argocd, folder } = installation
    const files = { 'apps/carts/staging/kustomization.yaml': await tagFile() }
    decoy = await openBareRepository(join(folder, 'decoy.git'), files)
    await client.createProject('shop', SHIPYARD, ['carts', 'alone'])
    await client.write(
      { project: 'shop', stage: 'staging', service: 'carts' },
      { 'argocd.yaml': argocdYaml(argocd.repository) },
    )
    await client.write({ project: 'shop' }, { 'tiphys/tests.yaml': TESTS_YAML })
    for (const service of ['carts', 'alone']) {
      await client.write(
        { project: 'shop', stage: 'staging', service },
        { 'slo.yaml': SLO, 'test-results/sli.yaml': 'indicators: { x: requests }\n' },
      )
    }
  })
  after(async () => {
    await installation[Symbol.asyncDispose]()
    listener.closeAllConnections()
    await new Promise((resolve) => listener.close(resolve))
  })

  const situations: Situation[] = []
  const tagFile = () => installation.argocd.gitops.show('apps/carts/staging/kustomization.yaml')

  async function run(situation: string, sequence: string, data: Data, service = 'carts') {
    const { client } = installation
    const timeline = await client.ended(await client.trigger({ sequence, service, data }))
    situations.push(ended(situation, timeline))
    return timeline
  }

  it('deployment: goes where argocd.yaml says, whatever the event says', async () => {
    const { argocd } = installation
    const untouched = await decoy.head()
    const steering = {
      application: 'other-staging',
      instance: 'another',
      repository: decoy.url,
      branch: 'main',
      path: 'apps/other/staging',
      file: '../outside.yaml',
    }
    await run('deployment: another application, repository, path and file', 'deliver', {
      ...steering,
      deployment: { ...steering, properties: steering },
      argocd: steering,
      configurationChange: { ...steering, values: { ...steering, image: 'sample:1.1.0' } },
    })
    assert.equal(await argocd.tagInGit('staging'), '1.1.0')
    assert.equal(await argocd.tagInGit('staging', 'other'), '1.0.0')
    assert.equal(await decoy.head(), untouched)
    assert.equal(argocd.counts('staging', 'other').operations.length, 1)
  })

  it('test: goes only where the project allows', async () => {
    const addresses: readonly (readonly [string, string])[] = [
      ['an address of nobody known', 'http://shop.example.com'],
      ['a port of this machine', listenerUrl],
      ['the server itself', installation.url],
      ['the metadata of a cloud', 'http://169.254.169.254/latest/meta-data'],
      ['an address of the private network', 'http://10.0.0.1'],
      ['a file', 'file:///etc/passwd'],
      ['an address with credentials', 'http://admin:secret@shop.example.com'],
      ['no URL', 'not a url'],
    ]
    for (const [situation, address] of addresses) {
      const deployment = { deploymentURIsPublic: [address] }
      await run(`test: ${situation}`, 'check', { deployment }, 'alone')
    }
    const targets = { target: listenerUrl, targets: ['*'], tests: [{ name: 'mine' }] }
    await run(
      'test: targets, tests and a command of its own',
      'check',
      {
        ...targets,
        test: { ...targets, command: ['id'] },
        deployment: { deploymentURIsPublic: [listenerUrl] },
      },
      'alone',
    )
  })

  it('evaluation: asks whom the files name, what the files ask', async () => {
    const steering = { sliProvider: 'prometheus', url: listenerUrl, query: 'vector(1)' }
    await run('evaluation: a provider, an address and a query', 'judge', {
      ...steering,
      evaluation: { ...WINDOW, ...steering },
      'get-sli': { ...steering, indicators: ['response_time_p95'] },
    })
    await run('evaluation: an slo.yaml and values of its own', 'judge', {
      evaluation: {
        ...WINDOW,
        result: 'pass',
        score: 100,
        sloFileContent: Buffer.from('objectives: []').toString('base64'),
        indicatorResults: [],
      },
      'get-sli': { indicatorValues: [{ metric: 'response_time_p95', value: 1, success: true }] },
    })
    await run('evaluation: figures of tests that this run never made', 'judge', {
      evaluation: WINDOW,
      test: { results: { response_time_p95: 1, measured: 'response_time_p95', run: 'mine' } },
    })
  })

  it('approval, rollback and release: follow shipyard, records and Argo CD', async () => {
    const { client, argocd } = installation
    const policy = { pass: 'automatic', warning: 'automatic' }
    const data = { result: 'pass', approval: { ...policy, properties: policy }, properties: policy }
    const asked = await client.trigger({ sequence: 'ask', service: 'alone', data })
    await client.openTask(asked, 'approval')
    situations.push(waiting('approval: a policy of its own', await client.context(asked)))
    const commits = (await argocd.gitops.subjects()).length
    await run('rollback: a target of its own', 'undo', {
      rollback: { revision: 'HEAD~1', image: 'sample:0.9.0', application: 'other-staging' },
      deployment: { application: 'other-staging', before: { image: 'sample:0.9.0' } },
    })
    assert.equal((await argocd.gitops.subjects()).length, commits)
    await run('release: a Rollout that is said to be paused', 'release', {
      deployment: { paused: true, application: 'other-staging' },
    })
    assert.equal(argocd.counts('staging', 'other').operations.length, 1)
  })

  it('asked nobody whom only an event named', () => assert.equal(requests, 0))

  it('reads as the golden file says', () =>
    assertGolden('Event data that tries to steer', situations, [
      [/\brevision [0-9a-f]{8}\b/g, 'revision <commit>'],
    ]))
})
