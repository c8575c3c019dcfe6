import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { send } from '../api/test-api.ts'
import { serveProcess } from '../crash/serve-process.ts'
import { emptyRepository, keptnInBranches } from '../git/upstream-world.ts'
import { type GitHttp, openGitHttp } from '../peers/git-http.ts'
import { freePort, type Installation, openInstallation } from './harness.ts'
import { until } from './until.ts'

const PROJECT = '/api/controlPlane/v1/project'
const RESOURCES = '/api/resource-service/v1/project'
const GIT_TOKEN = 'git-token-8472'
/** Argo CD gives up soon; we answer sooner. */
const PROMPT_MS = 1_000

/** No built-in executor takes these: the test is the one who answers. */
const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.2
kind: Shipyard
metadata:
  name: shop
spec:
  stages:
    - name: dev
      sequences:
        - name: delivery
          tasks:
            - name: mytask
    - name: prod
      sequences:
        - name: delivery
          triggeredOn:
            - event: dev.delivery.finished
          tasks:
            - name: mytask
`

type KeptnEvent = { id: string; gitcommitid: string; shkeptncontext: string; data: object }

async function timed<T>(work: () => Promise<T>): Promise<{ answer: T; tookMs: number }> {
  const startedMs = performance.now()
  const answer = await work()
  return { answer, tookMs: performance.now() - startedMs }
}

describe('a project in a repository that Keptn left behind', () => {
  let installation: Installation
  let host: GitHttp
  let repository: Awaited<ReturnType<typeof keptnInBranches>>
  before(async () => {
    host = await openGitHttp()
    repository = await keptnInBranches({ host }, 'shop', SHIPYARD)
    host.requirePassword('tiphys', GIT_TOKEN)
    installation = await openInstallation()
  })
  after(async () => {
    await installation[Symbol.asyncDispose]()
    await host[Symbol.asyncDispose]()
  })

  const gitCredentials = (token = GIT_TOKEN) => ({
    remoteURL: host.urlOf('shop'),
    user: 'tiphys',
    https: { token, insecureSkipTLS: false },
  })
  const ask: Installation['client']['ask'] = (...args) => installation.client.ask(...args)
  const textAt = async (place: string, uri: string, commitId: string) => {
    const answer = await ask(
      'GET',
      `${RESOURCES}/shop${place}/resource/${uri}?gitCommitID=${commitId}`,
    )
    const { resourceContent } = answer.json as { resourceContent?: string }
    return resourceContent && Buffer.from(resourceContent, 'base64').toString()
  }
  const openTask = async (context: string) => {
    const answer = await ask(
      'GET',
      '/api/controlPlane/v1/event/triggered/sh.keptn.event.mytask.triggered',
    )
    const { events } = answer.json as { events: KeptnEvent[] }
    return events.find((event) => event.shkeptncontext === context)
  }
  const opened = (context: string) => until('the task', () => openTask(context))
  const finish = async (task: KeptnEvent) => {
    const { id: triggeredid, shkeptncontext, data } = task
    const body = {
      type: 'sh.keptn.event.mytask.finished',
      source: 'test',
      specversion: '1.0',
      triggeredid,
      shkeptncontext,
      data: { ...data, status: 'succeeded', result: 'pass' },
    }
    assert.equal((await ask('POST', '/api/v1/event', { body })).status, 200)
  }

  it('is adopted with one request, and a refused one leaves nothing', async () => {
    const refused = await ask('POST', PROJECT, {
      body: { name: 'shop', gitCredentials: gitCredentials('wrong') },
    })
    assert.equal(refused.status, 424)
    assert.match(refused.text, /no upstream: .*: it does not accept the credentials/)
    assert.equal((await ask('GET', `${PROJECT}/shop`)).status, 404)
    const body = { name: 'shop', gitCredentials: gitCredentials() }
    const created = await ask('POST', PROJECT, { body })
    assert.equal(created.status, 201, created.text)
    const project = (await ask('GET', `${PROJECT}/shop`)).json as {
      gitCredentials: object
      isUpstreamAutoProvisioned: boolean
      stages: { stageName: string; services: { serviceName: string }[] }[]
    }
    assert.deepEqual(project.gitCredentials, {
      remoteURL: host.urlOf('shop'),
      user: 'tiphys',
      https: { insecureSkipTLS: false },
    })
    assert.equal(project.isUpstreamAutoProvisioned, false)
    assert.deepEqual(
      project.stages.map(({ stageName, services }) => [stageName, services[0]?.serviceName]),
      [
        ['dev', 'carts'],
        ['prod', 'carts'],
      ],
    )
    assert.equal(JSON.stringify(project).includes(GIT_TOKEN), false)
  })

  it('a run pins both branches, shows its stage’s, and reads at that pin', async () => {
    const dev = await repository.head('dev')
    const context = await installation.client.trigger({ stage: 'dev' })
    const task = await opened(context)
    assert.equal(task.gitcommitid, dev)
    const place = { project: 'shop', stage: 'dev', service: 'carts' }
    const newer = await installation.client.write(place, { 'slo.yaml': '# newer\n' })
    assert.equal(newer, await repository.head('dev'))
    await installation.client.write({ project: 'shop' }, { 'slo.yaml': '# newer project\n' })
    assert.equal(await textAt('/stage/dev/service/carts', 'slo.yaml', dev), '# dev\n')
    assert.equal(await textAt('', 'slo.yaml', dev), '# project\n')
    assert.equal(await textAt('/stage/dev/service/carts', 'slo.yaml', newer), '# newer\n')
    await finish(task)
    const next = await opened(context)
    assert.equal(next.gitcommitid, await repository.head('prod'))
    assert.equal(await textAt('', 'slo.yaml', next.gitcommitid), '# newer project\n')
    await finish(next)
  })

  it('a commit that somebody has just pushed can be named in a trigger', async () => {
    const pushed = await repository.commit({ 'carts/slo.yaml': '# by hand\n' }, { branch: 'dev' })
    const context = await installation.client.trigger({
      stage: 'dev',
      envelope: { gitcommitid: pushed },
    })
    const task = await opened(context)
    assert.equal(task.gitcommitid, pushed)
    await finish(task)
    const unknown = await installation.client.post({
      stage: 'dev',
      envelope: { gitcommitid: '0'.repeat(40) },
    })
    assert.equal(unknown.status, 400)
    const read = await ask('GET', `${RESOURCES}/shop/stage/dev/service/carts/resource/slo.yaml`)
    assert.match(read.text, new RegExp(Buffer.from('# by hand\n').toString('base64')))
  })

  it('while the upstream is down triggers are taken at once, writes are not', async () => {
    const dev = await repository.head('dev')
    await host.goDown()
    const place = { project: 'shop', stage: 'dev', service: 'carts' }
    const refused = await installation.client.tryToWrite(place, { 'slo.yaml': 'x' })
    assert.equal(refused.status, 424)
    assert.match(refused.text, /the upstream did not take the change: .*: it cannot be reached/)
    const service = await ask('POST', `${PROJECT}/shop/service`, { body: { serviceName: 'late' } })
    assert.equal(service.status, 424)
    const startedMs = performance.now()
    const context = await installation.client.trigger({ stage: 'dev' })
    assert.ok(performance.now() - startedMs < PROMPT_MS)
    assert.equal((await opened(context)).gitcommitid, dev)
    const down = (await ask('GET', '/api/tiphys/v1/projects/shop/upstream')).json
    const { reachable, message, layout } = down as Record<string, unknown>
    assert.equal(reachable, false)
    assert.match(String(message), /it cannot be reached/)
    assert.equal(layout, 'branch-per-stage')
    await installation.restart()
    assert.ok(await openTask(context))
    await host.comeBack()
    await installation.client.write(place, { 'slo.yaml': 'after' })
    const up = (await ask('GET', '/api/tiphys/v1/projects/shop/upstream')).json
    assert.equal((up as { reachable: boolean }).reachable, true)
  })

  it('an upstream that hangs holds up a reader once, and no trigger', async () => {
    host.delay(60_000)
    const read = () => ask('GET', `${RESOURCES}/shop/stage/dev/service/carts/resource/slo.yaml`)
    const status = () => ask('GET', '/api/tiphys/v1/projects/shop/upstream')
    const first = await timed(status)
    assert.match(first.answer.text, /"reachable":false,"message":"it has not answered within 3 s"/)
    assert.ok(first.tookMs < 8 * PROMPT_MS, String(first.tookMs))
    const second = await timed(read)
    assert.equal(second.answer.status, 200)
    assert.ok(second.tookMs < PROMPT_MS, String(second.tookMs))
    const post = await timed(() => installation.client.post({ stage: 'dev' }))
    assert.equal(post.answer.status, 200)
    assert.ok(post.tookMs < PROMPT_MS, String(post.tookMs))
    host.delay(0)
    await installation.restart()
  })

  it('an embedded project can be given an upstream later', async () => {
    await installation.client.createProject('late', SHIPYARD, ['orders'])
    const later = await emptyRepository({ host }, 'late')
    const body = {
      name: 'late',
      gitCredentials: { ...gitCredentials(), remoteURL: host.urlOf('late') },
    }
    const given = await ask('PUT', PROJECT, { body })
    assert.equal(given.status, 201, given.text)
    assert.match(await later.show('.keptn-stages/prod/orders/metadata.yaml'), /orders/)
    const taken = await ask('PUT', PROJECT, { body: { ...body, gitCredentials: gitCredentials() } })
    assert.equal(taken.status, 409)
    const deleted = await ask('DELETE', `${PROJECT}/late/service/orders`)
    assert.equal(deleted.status, 200, deleted.text)
    assert.deepEqual((await later.subjects()).slice(-1), ['Removed service: orders'])
    assert.equal((await ask('DELETE', `${PROJECT}/late`)).status, 200)
    assert.equal((await later.subjects()).length > 0, true)
  })
})

it('a server that is killed between its push and its answer has the commit afterwards', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-upstream-kill-'))
  const host = await openGitHttp()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = serveProcess(folder, url)
  const ask = (method: string, path: string, body?: unknown) =>
    send(url, method, path, { token: 'kill-test-token-of-some-length', body })
  try {
    const repository = await keptnInBranches({ host }, 'shop', SHIPYARD)
    const settings = `port: ${port}\napiToken: kill-test-token-of-some-length\ngit: {protocols: [http]}\n`
    await writeFile(join(folder, 'tiphys.yaml'), settings)
    await server.start()
    const gitCredentials = { remoteURL: host.urlOf('shop') }
    const created = await ask('POST', PROJECT, { name: 'shop', gitCredentials })
    assert.equal(created.status, 201, created.text)
    host.afterPush(() => {
      void server.kill()
      return 'drop'
    })
    const path = `${RESOURCES}/shop/stage/dev/service/carts/resource`
    const resources = [
      { resourceURI: 'slo.yaml', resourceContent: Buffer.from('killed').toString('base64') },
    ]
    await assert.rejects(ask('POST', path, { resources }))
    assert.equal(await repository.show('carts/slo.yaml', 'dev'), 'killed')
    host.afterPush(undefined)
    await server.kill()
    await server.start()
    const read = await ask('GET', `${path}/slo.yaml`)
    const { resourceContent, metadata } = read.json as {
      resourceContent: string
      metadata: { version: string }
    }
    assert.equal(Buffer.from(resourceContent, 'base64').toString(), 'killed', server.output())
    assert.equal(metadata.version, await repository.head('dev'))
    const again = await ask('POST', path, { resources })
    assert.equal(again.status, 201, again.text)
    assert.equal(await repository.head('dev'), metadata.version)
  } finally {
    await server.kill()
    await host[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
})
