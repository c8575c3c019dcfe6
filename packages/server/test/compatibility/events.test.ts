import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Keptn, openKeptn, PREFIX, task, type WireEvent } from './keptn-client.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: dev
      sequences:
        - name: delivery
          tasks:
${task('deployment', ', strategy: direct')}
${task('test')}
        - name: deliver
          tasks:
${task('deliver')}
    - name: prod
      sequences:
        - name: delivery
          triggeredOn:
            - event: dev.delivery.finished
          tasks:
${task('deployment')}
`
const SERVICES = [
  ...['envelope', 'merge', 'status', 'several', 'foreign', 'argocd', 'progress', 'whole'],
  ...['page1', 'page2', 'page3'],
]
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The wire of Keptn v1: what is kept to the letter, and what is mended (docs/compatibility.md). */
describe('events', () => {
  let keptn: Keptn
  before(async () => {
    keptn = await openKeptn(SHIPYARD, SERVICES)
  })
  after(async () => await keptn.installation[Symbol.asyncDispose]())

  const trigger = (service: string, wish: object = {}) =>
    keptn.installation.client.trigger({ stage: 'dev', service, ...wish })

  it('come in the order, with the sources and ids that Keptn wrote', async () => {
    const context = await trigger('envelope')
    for (const name of ['deployment', 'test']) {
      await keptn.reply(await keptn.last(context, `${name}.triggered`), 'started')
      const open = await keptn.last(context, `${name}.triggered`)
      await keptn.reply(open, 'finished', { status: 'succeeded', result: 'pass' })
    }
    const events = await keptn.events(context)
    const shown = events.map(({ type, source }) => `${type.replace(PREFIX, '')} ${source}`)
    assert.deepEqual(shown, [
      'dev.delivery.triggered end-to-end-test',
      'deployment.triggered shipyard-controller',
      'deployment.started a-client',
      'deployment.finished a-client',
      'test.triggered shipyard-controller',
      'test.started a-client',
      'test.finished a-client',
      'dev.delivery.finished shipyard-controller',
      'prod.delivery.triggered shipyard-controller',
      'deployment.triggered shipyard-controller',
    ])
    const [first, task, , , , , , end, next] = events
    assert.equal(task?.triggeredid, undefined)
    assert.equal(end?.triggeredid, first?.id)
    assert.equal(next?.triggeredid, undefined)
    assert.match(first?.gitcommitid ?? '', /^[0-9a-f]{40}$/)
    for (const event of events) {
      assert.match(event.id, UUID)
      assert.match(event.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      assert.equal(event.shkeptncontext, context)
    }
    assert.deepEqual(Object.keys(end?.data ?? {}).sort(), [
      'message',
      'project',
      'result',
      'service',
      'stage',
      'status',
    ])
  })

  it('have the time of acceptance, and keep the one the client wrote', async () => {
    const sent = { id: 'my-id', time: '2019-01-01T00:00:00Z' }
    const context = await trigger('envelope', { envelope: sent })
    const [event] = await keptn.events(context)
    assert.ok(Date.now() - Date.parse(event?.time ?? '') < 60_000, event?.time)
    assert.equal(event?.['tiphysclienttime'], sent.time)
    assert.notEqual(event?.id, sent.id)
    await keptn.ask('POST', `/api/controlPlane/v1/sequence/shop/${context}/control`, {
      body: { state: 'abort' },
    })
  })

  it('with any text as context have one UUID for it, also when two begin with the same 16 letters', async () => {
    const contextOf = async (shkeptncontext: string) => {
      const answer = await keptn.post({
        type: `${PREFIX}nowhere.delivery.triggered`,
        shkeptncontext,
        data: { project: 'shop', stage: 'nowhere', service: 'envelope' },
      })
      return (answer.json as { keptnContext: string }).keptnContext
    }
    const first = await contextOf('pipeline-shop-main-build-1')
    const second = await contextOf('pipeline-shop-main-build-2')
    assert.match(first, UUID)
    assert.notEqual(first, second)
    assert.equal(await contextOf('pipeline-shop-main-build-1'), first)
    const uuid = '6D3C1F0E-1111-4111-8111-111111111111'
    assert.equal(await contextOf(uuid), uuid.toLowerCase())
  })

  it('that change nothing are kept too', async () => {
    const context = '6d3c1f0e-2222-4222-8222-222222222222'
    const sent = [
      { type: 'sh.keptn.log.error', data: { project: 'shop', message: 'it broke' } },
      { type: 'sh.keptn.events.problem', data: { project: 'shop', State: 'OPEN' } },
      { type: `${PREFIX}monitoring.configure`, data: { project: 'shop', type: 'prometheus' } },
      {
        type: `${PREFIX}test.finished`,
        triggeredid: 'of-nobody',
        data: { project: 'shop', stage: 'dev', service: 'status', result: 'pass' },
      },
    ]
    for (const event of sent) {
      assert.equal((await keptn.post({ ...event, shkeptncontext: context })).status, 200)
    }
    const kept = (await keptn.events(context)).map(({ type }) => type)
    assert.deepEqual(
      kept,
      sent.map(({ type }) => type),
    )
  })

  it('that finish a task without a status have it from their result; without a result they are refused', async () => {
    const context = await trigger('status')
    const open = await keptn.last(context, 'deployment.triggered')
    const body = {
      type: `${PREFIX}deployment.finished`,
      triggeredid: open.id,
      data: { ...open.data },
    }
    const refused = await keptn.post({ ...body, data: { ...body.data, status: 'succeeded' } })
    assert.deepEqual(refused.json, {
      code: 400,
      message: 'a finished event needs data.result: pass, warning or fail',
    })
    await keptn.reply(open, 'finished', { result: 'fail' })
    const { data } = await keptn.last(context, 'dev.delivery.finished')
    assert.deepEqual([data['status'], data['result']], ['succeeded', 'fail'])
  })

  it('of several handlers: a task ends when as many finished as started, whatever ids they carry', async () => {
    const context = await trigger('several')
    const open = await keptn.last(context, 'deployment.triggered')
    const finished = { status: 'succeeded', result: 'pass' }
    const same = { id: 'one-id-for-all', time: '2026-01-01T00:00:00Z' }
    for (const source of ['helm-service', 'notification-service', 'a-client']) {
      await keptn.reply(open, 'started', {}, { source })
    }
    await keptn.reply(open, 'finished', finished, same)
    await keptn.reply(open, 'finished', finished, same)
    const types = async () => (await keptn.events(context)).map(({ type }) => type)
    assert.ok(!(await types()).includes(`${PREFIX}test.triggered`))
    await keptn.reply(open, 'finished', { ...finished, result: 'warning' }, same)
    assert.equal((await types()).at(-1), `${PREFIX}test.triggered`)
    const before = (await keptn.installation.client.context(context)).runs
    await keptn.reply(open, 'finished', { ...finished, result: 'fail' }, same)
    assert.deepEqual((await keptn.installation.client.context(context)).runs, before)
    assert.equal(before[0]?.tasks[0]?.result, 'warning')
  })

  it('of another project answer no task of this one', async () => {
    const { client } = keptn.installation
    await client.createProject('other', SHIPYARD, ['carts'])
    const token = await client.mintToken('of-other', ['answer'], ['other'])
    const context = await trigger('foreign')
    const open = await keptn.last(context, 'deployment.triggered')
    const body = {
      type: `${PREFIX}deployment.finished`,
      source: 'a-client',
      triggeredid: open.id,
      shkeptncontext: context,
      data: { project: 'other', stage: 'dev', service: 'carts', result: 'pass' },
    }
    assert.equal((await keptn.ask('POST', '/api/v1/event', { token, body })).status, 200)
    const claimed = { ...body, data: { ...body.data, project: 'shop' } }
    const refused = await keptn.ask('POST', '/api/v1/event', { token, body: claimed })
    assert.equal(refused.status, 403)
    assert.equal((await client.context(context)).runs[0]?.tasks[0]?.state, 'open')
  })

  it('of the Argo CD integration of Keptn: no status, and its ids among the attributes', async () => {
    const context = await trigger('argocd', { sequence: 'deliver' })
    const open = await keptn.last(context, 'deliver.triggered')
    const answer = await keptn.post({
      type: `${PREFIX}deliver.finished`,
      source: 'argocd',
      specversion: '1.0',
      contenttype: 'application/json',
      triggeredid: open.id,
      shkeptncontext: context,
      data: {
        project: 'shop',
        stage: 'dev',
        service: 'argocd',
        result: 'pass',
        deployment: { deploymentURIsPublic: ['http://carts.example.com'] },
        labels: { appname: 'carts' },
      },
    })
    assert.equal(answer.status, 200)
    const { verdict } = await keptn.installation.client.ended(context)
    assert.equal(verdict, 'pass')
  })

  it('status.changed is taken, shown as progress, and restarts no deadline', async () => {
    const context = await trigger('progress')
    const open = await keptn.last(context, 'deployment.triggered')
    await keptn.reply(open, 'started')
    const { client } = keptn.installation
    const before = (await client.context(context)).runs[0]?.tasks[0]
    await keptn.reply(open, 'status.changed', { message: '3 of 5 pods' })
    const [run] = (await client.context(context)).runs
    assert.equal(run?.tasks[0]?.progress?.message, '3 of 5 pods')
    assert.equal(run?.tasks[0]?.finishBy, before?.finishBy)
    assert.equal(run?.waiting[0]?.message, 'deployment is under way: 3 of 5 pods')
  })

  it('carry merged data: the later value wins, new list elements come first, the message is emptied', async () => {
    const data = {
      message: 'from the trigger',
      deployment: { replicas: 1, ready: false, hosts: ['a'], keep: 'me' },
    }
    const context = await trigger('merge', { data })
    const open = await keptn.last(context, 'deployment.triggered')
    assert.deepEqual(open.data['deployment'], {
      ...data.deployment,
      executor: 'external',
      strategy: 'direct',
    })
    assert.equal(open.data['message'], '')
    const more = { replicas: 2, ready: true, hosts: ['b'], keep: null }
    const finished = { status: 'succeeded', result: 'warning', message: 'done', deployment: more }
    await keptn.reply(open, 'finished', finished)
    const next = await keptn.last(context, 'test.triggered')
    const { deployment, status, result, message } = next.data
    assert.deepEqual(deployment, {
      replicas: 2,
      ready: true,
      hosts: ['b', 'a'],
      keep: '',
    })
    assert.deepEqual([status, result, message], ['succeeded', 'warning', ''])
    await keptn.reply(next, 'finished', { status: 'succeeded', result: 'pass', test: { hits: 7 } })
    const child = await keptn.last(context, 'prod.delivery.triggered')
    assert.equal(child.data['stage'], 'prod')
    assert.equal(child.data['message'], '')
    assert.deepEqual(child.data['deployment'], deployment)
    assert.deepEqual((child.data['test'] as { hits: number }).hits, 7)
  })

  it('that began a sequence are open until its end, as those of its tasks', async () => {
    const context = await trigger('whole', { sequence: 'deliver' })
    const path = `/api/controlPlane/v1/event/triggered/${PREFIX}dev.deliver.triggered`
    const listed = async (query: string, token?: string) => {
      const answer = await keptn.ask('GET', path + query, token === undefined ? {} : { token })
      assert.equal(answer.status, 200, answer.text)
      return (answer.json as { events: WireEvent[] }).events
    }
    const [first] = await keptn.events(context)
    assert.deepEqual(await listed('?project=shop&stage=dev&service=whole'), [first])
    assert.deepEqual(await listed(`?eventID=${first?.id}`), [first])
    assert.deepEqual(await listed('?service=nobody'), [])
    const other = await keptn.installation.client.mintToken('elsewhere', ['answer'], ['other'])
    assert.deepEqual(await listed('', other), [])
    await keptn.reply(await keptn.last(context, 'deliver.triggered'), 'finished', {
      result: 'pass',
    })
    assert.deepEqual(await listed('?project=shop&service=whole'), [])
  })

  it('that are open come in pages, each of them once', async () => {
    for (const service of ['page1', 'page2', 'page3']) await trigger(service)
    const open = `/api/controlPlane/v1/event/triggered/${PREFIX}deployment.triggered?project=shop`
    const all = ((await keptn.ask('GET', open)).json as { events: WireEvent[] }).events
    assert.ok(all.length >= 3, `${all.length} are open`)
    const seen: string[] = []
    for (let key = ''; key !== '0'; ) {
      const answer = await keptn.ask('GET', `${open}&pageSize=2&nextPageKey=${key}`)
      const page = answer.json as { events: WireEvent[]; nextPageKey: string }
      seen.push(...page.events.map(({ id }) => id))
      key = page.nextPageKey
    }
    assert.deepEqual(
      seen,
      all.map(({ id }) => id),
    )
  })
})
