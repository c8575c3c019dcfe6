import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ContextTimeline } from '@tiphys/contract/http/native-run.ts'
import type { TiphysServer } from '../../src/main.ts'
import { startComposed, TOKEN } from './composed-server.ts'
import { base64, SHIPYARD } from './house.ts'
import { type Answer, type SendOptions, send } from './test-api.ts'

/** The server as it is composed for users: SQLite and Git on disk, real tokens and secrets. */
describe('the composed server', () => {
  let folder = ''
  let server: TiphysServer
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiphys-api-'))
    server = await start()
  })
  after(async () => {
    await server.close()
    await rm(folder, { recursive: true })
  })

  function start(): Promise<TiphysServer> {
    return startComposed(folder)
  }

  function ask(method: string, path: string, options: SendOptions = {}): Promise<Answer> {
    return send(server.url, method, path, { token: TOKEN, ...options })
  }

  async function until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
    const deadline = Date.now() + 10_000
    for (;;) {
      const found = await look()
      if (found !== undefined) return found
      assert.ok(Date.now() < deadline, `${what} within ten seconds`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async function timeline(context: string): Promise<ContextTimeline> {
    return ContextTimeline.parse((await ask('GET', `/api/tiphys/v1/contexts/${context}`)).json)
  }

  async function reportOpenTask(context: string, token: string): Promise<void> {
    const id = await until(async () => {
      const tasks = (await timeline(context)).runs.flatMap((run) => run.tasks)
      return tasks.find((task) => task.state === 'open' && task.carrier === 'external')?.triggeredId
    }, 'an open task')
    const body = { result: 'pass' }
    const answer = await ask('POST', `/api/tiphys/v1/tasks/${id}/result`, { body, token })
    assert.equal(answer.status, 200, answer.text)
  }

  let context = ''

  it('creates, configures and delivers, each with the token for it', async () => {
    const mint = async (scope: string) => {
      const body = { name: `only-${scope}`, scopes: [scope], projects: ['shop'] }
      const answer = await ask('POST', '/api/tiphys/v1/tokens', { body })
      assert.equal(answer.status, 201, answer.text)
      return (answer.json as { token: string }).token
    }
    const project = '/api/controlPlane/v1/project'
    const shop = { name: 'shop', shipyard: base64(SHIPYARD) }
    assert.equal((await ask('POST', project, { body: shop })).status, 201)
    const configure = { token: await mint('configure') }
    const cart = { serviceName: 'cart' }
    const service = await ask('POST', `${project}/shop/service`, { ...configure, body: cart })
    assert.equal(service.status, 200, service.text)
    const place = '/api/resource-service/v1/project/shop/stage/dev/service/cart/resource'
    const resources = [{ resourceURI: 'jmeter/load.jmx', resourceContent: base64('<jmx/>') }]
    const written = await ask('POST', place, { ...configure, body: { resources } })
    assert.equal(written.status, 201, written.text)
    const { commitID } = written.json as { commitID: string }
    const read = await ask('GET', `${place}/jmeter%2Fload.jmx?gitCommitID=${commitID}`)
    assert.equal((read.json as { resourceContent: string }).resourceContent, base64('<jmx/>'))

    const trigger = { token: await mint('trigger') }
    const body = {
      type: 'sh.keptn.event.dev.delivery.triggered',
      source: 'argocd',
      specversion: '1.0',
      data: {
        project: 'shop',
        stage: 'dev',
        service: 'cart',
        labels: { buildId: '17' },
        deployment: { deploymentURIsPublic: ['http://127.0.0.1:9'] },
      },
    }
    const headers = { 'idempotency-key': 'build-17' }
    const event = await ask('POST', '/api/v1/event', { ...trigger, body, headers })
    context = (event.json as { keptnContext: string }).keptnContext
    const again = await ask('POST', '/api/v1/event', { ...trigger, body, headers })
    assert.deepEqual(again.json, { keptnContext: context })
    assert.equal(again.headers.get('tiphys-duplicate'), 'true')
    const forbidden = await ask('POST', '/api/v1/event', { ...configure, body })
    assert.equal(forbidden.status, 403)

    const answerer = await mint('answer')
    await reportOpenTask(context, answerer)
    await reportOpenTask(context, answerer)
    const approval = await until(async () => {
      const answer = await ask('GET', '/api/tiphys/v1/approvals?project=shop')
      return (answer.json as { approvals: { triggeredId: string }[] }).approvals[0]
    }, 'an approval')
    const decide = `/api/tiphys/v1/approvals/${approval.triggeredId}`
    const decision = { body: { decision: 'pass' } }
    assert.equal((await ask('POST', decide, { ...decision, token: answerer })).status, 403)
    const approver = await mint('approve')
    assert.equal((await ask('POST', decide, { ...decision, token: approver })).status, 200)
    await reportOpenTask(context, answerer)
    const end = await until(async () => {
      const now = await timeline(context)
      return now.open ? undefined : now
    }, 'the end')
    assert.equal(end.verdict, 'pass')
    assert.equal(end.runs[1]?.tasks[0]?.message, 'approved by only-approve')
  })

  it('shows the same after a restart', async () => {
    const paths = [
      `/api/tiphys/v1/contexts/${context}`,
      '/api/controlPlane/v1/project',
      '/api/controlPlane/v1/sequence/shop',
      `/api/mongodb-datastore/event?project=shop&keptnContext=${context}&pageSize=100`,
      '/api/resource-service/v1/project/shop/stage/dev/service/cart/resource',
      '/api/tiphys/v1/tokens',
    ]
    const before = await Promise.all(paths.map(async (path) => (await ask('GET', path)).json))
    await server.close()
    server = await start()
    for (const [index, path] of paths.entries()) {
      assert.deepEqual((await ask('GET', path)).json, before[index], path)
    }
  })

  it('keeps secrets to itself', async () => {
    const path = '/api/secrets/v1/secret'
    const body = { name: 'prometheus', data: { PASSWORD: 'not to be seen' } }
    assert.equal((await ask('POST', path, { body })).status, 201)
    assert.equal((await ask('POST', path, { body })).status, 409)
    const listed = await ask('GET', path)
    assert.equal(listed.text.includes('not to be seen'), false)
    assert.deepEqual((listed.json as { Secrets: { keys: string[] }[] }).Secrets[0]?.keys, [
      'PASSWORD',
    ])
  })

  it('refuses the files of ours that are wrong, at file, line and column', async () => {
    const place = '/api/resource-service/v1/project/shop/resource/tiphys%2Fproject.yaml'
    const body = { resourceContent: base64('sliProvidre: prometheus\n') }
    const answer = await ask('PUT', place, { body })
    assert.equal(answer.status, 400)
    const error = answer.json as { message: string; problems: object[] }
    assert.match(error.message, /project\.yaml:1:1: .*sliProvidre.*sliProvider/)
    assert.equal(error.problems.length, 1)
  })

  it('takes no path tricks to the disk', async () => {
    const place = '/api/resource-service/v1/project/shop/resource'
    for (const uri of ['../x', '.git/hooks/post-update', '.keptn-stages/dev/x', 'a/.GIT/x']) {
      const resources = [{ resourceURI: uri, resourceContent: 'eA==' }]
      const answer = await ask('POST', place, { body: { resources } })
      assert.equal(answer.status, 400, `${uri}: ${answer.text}`)
      const read = await ask('GET', `${place}/${encodeURIComponent(uri)}`)
      assert.ok(read.status === 400 || read.status === 404, `${uri}: ${read.text}`)
    }
    for (const commit of ['HEAD', '--all', 'main', '0'.repeat(40), "'; drop"]) {
      const query = `gitCommitID=${encodeURIComponent(commit)}`
      const read = await ask('GET', `${place}/shipyard.yaml?${query}`)
      assert.equal(read.status, 404, `${commit}: ${read.text}`)
    }
  })

  it('slows down whoever guesses tokens', async () => {
    const statuses: number[] = []
    for (let guess = 0; guess < 30; guess++) {
      statuses.push((await ask('POST', '/api/v1/auth', { token: `guess-${guess}` })).status)
    }
    assert.equal(statuses[0], 401)
    assert.equal(statuses.at(-1), 429)
    // Who was in before stays in.
    assert.equal((await ask('POST', '/api/v1/auth')).status, 200)
  })
})
