import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  SequenceExecutionPage,
  type SequenceState,
  SequenceStatePage,
} from '@tiphys/contract/http/keptn-sequence.ts'
import { base64, type House, SHIPYARD, startHouse } from './house.ts'

type Shown = { id: string; type: string; shkeptncontext: string; data: Record<string, unknown> }

const SEQUENCE = '/api/controlPlane/v1/sequence/shop'
const STORE = '/api/mongodb-datastore/event'

describe('a delivery as clients of Keptn see it', () => {
  let house: House
  let context = ''
  before(async () => {
    house = await startHouse()
    const shop = { name: 'shop', shipyard: base64(SHIPYARD) }
    await send('POST', '/api/controlPlane/v1/project', { body: shop })
    const cart = { serviceName: 'cart' }
    await send('POST', '/api/controlPlane/v1/project/shop/service', { body: cart })
    context = await trigger('cart:1.0')
  })
  after(() => house.close())

  const send: House['api']['send'] = (...args) => house.api.send(...args)

  async function trigger(image: string): Promise<string> {
    const answer = await send('POST', '/api/v1/event', {
      body: {
        type: 'sh.keptn.event.dev.delivery.triggered',
        source: 'https://github.com/keptn/keptn/cli#configuration-change',
        data: {
          project: 'shop',
          stage: 'dev',
          service: 'cart',
          labels: { build: '1' },
          configurationChange: { values: { image } },
        },
      },
    })
    assert.equal(answer.status, 200)
    return (answer.json as { keptnContext: string }).keptnContext
  }

  async function open(task: string, query = ''): Promise<readonly Shown[]> {
    const type = `sh.keptn.event.${task}.triggered`
    const answer = await send('GET', `/api/controlPlane/v1/event/triggered/${type}?${query}`)
    assert.equal(answer.status, 200)
    return (answer.json as { events: readonly Shown[] }).events
  }

  async function finish(task: string, extra: object = {}): Promise<void> {
    const event = (await open(task)).find((one) => one.shkeptncontext === context)
    assert.ok(event, `${task} is open`)
    const { project, stage, service } = event.data
    const data = { project, stage, service, status: 'succeeded', result: 'pass', ...extra }
    for (const action of ['started', 'finished']) {
      const answer = await send('POST', '/api/v1/event', {
        body: {
          type: `sh.keptn.event.${task}.${action}`,
          source: 'a-service',
          shkeptncontext: context,
          triggeredid: event.id,
          data,
        },
      })
      assert.equal(answer.status, 200)
    }
    await house.engine.settled()
  }

  async function state(): Promise<SequenceState> {
    const answer = await send('GET', `${SEQUENCE}?keptnContext=${context}`)
    const page = SequenceStatePage.parse(answer.json)
    assert.equal(page.totalCount, 1)
    assert.equal('nextPageKey' in page, false)
    const [only] = page.states
    assert.ok(only)
    return only
  }

  it('is started, with the image and the last event of its stage', async () => {
    const now = await state()
    assert.equal(now.name, 'delivery')
    assert.equal(now.service, 'cart')
    assert.equal(now.project, 'shop')
    assert.equal(now.state, 'started')
    const [dev] = now.stages
    assert.equal(dev?.name, 'dev')
    assert.equal(dev?.state, 'triggered')
    assert.equal(dev?.image, 'cart:1.0')
    assert.equal(dev?.latestEvent?.type, 'sh.keptn.event.deployment.triggered')
  })

  it('lists the open task to whoever polls, by project, stage, service and id', async () => {
    const [event] = await open('deployment', 'project=shop&stage=dev&service=cart')
    assert.equal(event?.shkeptncontext, context)
    assert.equal((await open('deployment', 'stage=prod')).length, 0)
    assert.equal((await open('deployment', `eventID=${event?.id}`)).length, 1)
    assert.equal((await open('deployment', 'eventID=other')).length, 0)
    const unknown = await send(
      'GET',
      '/api/controlPlane/v1/event/triggered/sh.keptn.event.deployment.triggered?project=none',
    )
    assert.deepEqual(unknown.json, { code: 404, message: 'Project not found: none' })
  })

  it('pauses and resumes', async () => {
    const control = `${SEQUENCE}/${context}/control`
    const paused = await send('POST', control, { body: { state: 'pause' } })
    assert.deepEqual([paused.status, paused.text], [200, '{}'])
    assert.equal((await state()).state, 'paused')
    assert.equal((await send('POST', control, { body: { state: 'resume' } })).status, 200)
    assert.equal((await state()).state, 'started')
    const wrong = await send('POST', control, { body: { state: 'stop' } })
    assert.deepEqual(wrong.json, {
      code: 400,
      message: 'state must be one of pause, resume, abort',
    })
    const other = `${SEQUENCE}/00000000-0000-4000-8000-000000000000/control`
    assert.equal((await send('POST', other, { body: { state: 'pause' } })).status, 200)
  })

  it('shows a second delivery of the service as waiting for its turn', async () => {
    const second = await trigger('cart:2.0')
    const waiting = SequenceStatePage.parse((await send('GET', `${SEQUENCE}?state=waiting`)).json)
    assert.deepEqual(
      waiting.states.map((one) => [one.shkeptncontext, one.state]),
      [[second, 'waiting']],
    )
    const [reason] = waiting.states[0]?.waiting ?? []
    assert.equal(reason?.code, 'lane')
    assert.match(reason?.message ?? '', /^waits for its turn in dev\/cart: held by delivery/)
    await send('POST', `${SEQUENCE}/${second}/control`, { body: { state: 'abort' } })
    const aborted = await send('GET', `${SEQUENCE}?keptnContext=${second}`)
    assert.equal(SequenceStatePage.parse(aborted.json).states[0]?.state, 'aborted')
  })

  it('goes on to the next stage and waits for an approval', async () => {
    await finish('deployment', { deployment: { deploymentURIsPublic: ['http://127.0.0.1:1'] } })
    await finish('test')
    const now = await state()
    assert.equal(now.state, 'waitingForApproval')
    assert.deepEqual(
      now.stages.map((stage) => [stage.name, stage.state]),
      [
        ['dev', 'succeeded'],
        ['prod', 'triggered'],
      ],
    )
    const dev = await send('GET', '/api/controlPlane/v1/project/shop/stage/dev/service/cart')
    const service = dev.json as { deployedImage: string; lastEventTypes: Record<string, unknown> }
    assert.equal(service.deployedImage, 'cart:1.0')
    const last = service.lastEventTypes['sh.keptn.event.test.finished'] as Record<string, string>
    assert.equal(last['keptnContext'], context)
    assert.match(last['time'] ?? '', /^\d{19}$/)
  })

  it('shows executions', async () => {
    const query = `project=shop&keptnContext=${context}`
    const answer = await send('GET', `/api/controlPlane/v1/sequence-execution?${query}`)
    const page = SequenceExecutionPage.parse(answer.json)
    const [prod, dev] = page.sequenceExecutions
    assert.equal(prod?.status.state, 'waitingForApproval')
    assert.equal(prod?.status.currentTask.name, 'approval')
    assert.equal(dev?.status.state, 'finished')
    assert.deepEqual(
      dev?.status.previousTasks.map((task) => [task.name, task.result, task.status]),
      [
        ['deployment', 'pass', 'succeeded'],
        ['test', 'pass', 'succeeded'],
      ],
    )
    assert.equal(dev?.scope.keptnContext, context)
    assert.deepEqual(dev?.scope.labels, { build: '1' })
    const missing = await send('GET', '/api/controlPlane/v1/sequence-execution')
    assert.deepEqual(missing.json, { code: 400, message: 'query parameter project is missing' })
  })

  it('finishes when the approval and the deployment did', async () => {
    await finish('approval')
    await finish('deployment')
    const now = await state()
    assert.equal(now.state, 'finished')
    assert.deepEqual(
      now.stages.map((stage) => stage.state),
      ['succeeded', 'succeeded'],
    )
  })

  it('keeps every event of it in the event store, newest first, without facts of our own', async () => {
    const answer = await send('GET', `${STORE}?project=shop&keptnContext=${context}&pageSize=100`)
    const page = answer.json as { events: Shown[]; nextPageKey: string; totalCount: number }
    const types = page.events.map((event) => event.type.replace('sh.keptn.event.', ''))
    assert.deepEqual(types.toReversed(), [
      'dev.delivery.triggered',
      'deployment.triggered',
      'deployment.started',
      'deployment.finished',
      'test.triggered',
      'test.started',
      'test.finished',
      'dev.delivery.finished',
      'prod.delivery.triggered',
      'approval.triggered',
      'approval.started',
      'approval.started',
      'approval.finished',
      'deployment.triggered',
      'deployment.started',
      'deployment.finished',
      'prod.delivery.finished',
    ])
    assert.equal(page.nextPageKey, '0')
    assert.equal(page.totalCount, 17)
  })

  it('pages, narrows and roots the event store', async () => {
    const page = async (query: string) =>
      (await send('GET', `${STORE}?project=shop&${query}`)).json as {
        events: Shown[]
        nextPageKey: string
      }
    const first = await page(`keptnContext=${context}&pageSize=10`)
    assert.equal(first.nextPageKey, '10')
    const second = await page(`keptnContext=${context}&pageSize=10&nextPageKey=10`)
    assert.equal(second.events.length, 7)
    assert.equal(second.nextPageKey, '0')
    const ids = new Set([...first.events, ...second.events].map((event) => event.id))
    assert.equal(ids.size, 17)
    const [one] = first.events
    assert.equal((await page(`eventID=${one?.id}`)).events.length, 1)
    assert.equal((await page('type=sh.keptn.event.test.finished&stage=dev')).events.length, 1)
    assert.equal((await page('source=a-service&stage=prod')).events.length, 4)
    assert.equal((await page('root=true')).events.length, 2)
    assert.equal((await page('fromTime=2999-01-01T00:00:00.000Z')).events.length, 0)
    assert.equal((await page('beforeTime=2999-01-01T00:00:00.000Z')).events.length, 19)
  })

  it('answers an unknown project with no events, and a time that is none with 400', async () => {
    const none = await send('GET', `${STORE}?project=none`)
    assert.deepEqual(none.json, { events: [], nextPageKey: '0', pageSize: 20, totalCount: 0 })
    const wrong = await send('GET', `${STORE}?project=shop&fromTime=yesterday`)
    assert.equal(wrong.status, 400)
    assert.match((wrong.json as { message: string }).message, /fromTime must be a time like/)
    assert.equal((await send('GET', `${STORE}?project=shop&pageSize=101`)).status, 400)
    const scoped = await send('GET', `${STORE}?keptnContext=${context}`, { token: 'shop-reader' })
    assert.equal(scoped.status, 403)
  })

  it('filters events of a type, and leaves out what was invalidated', async () => {
    const byType = async (type: string, query: string) => {
      const answer = await send('GET', `${STORE}/type/sh.keptn.event.${type}?${query}`)
      return { status: answer.status, events: (answer.json as { events: Shown[] }).events, answer }
    }
    const filter = (text: string) => `filter=${encodeURIComponent(text)}`
    const dev = await byType('test.finished', filter('data.project:shop AND data.stage:dev,prod'))
    assert.equal(dev.events.length, 1)
    const prod = await byType('test.finished', filter('data.project:shop AND data.stage:prod'))
    assert.equal(prod.events.length, 0)
    const both = await byType('deployment.finished', filter(`shkeptncontext:${context}`))
    assert.equal(both.events.length, 2)
    const limited = `${filter('data.project:shop')}&limit=1`
    assert.equal((await byType('deployment.finished', limited)).events.length, 1)
    const everything = await byType('test.finished', filter('data.stage:dev'))
    assert.deepEqual(everything.answer.json, {
      code: 400,
      message: 'filter must name data.project or shkeptncontext',
    })
    assert.equal((await byType('test.finished', filter('data.project'))).status, 400)
    assert.equal((await byType('test.finished', '')).status, 400)

    const [test] = dev.events as (Shown & { triggeredid: string })[]
    await send('POST', '/api/v1/event', {
      body: {
        type: 'sh.keptn.event.test.invalidated',
        source: 'somebody',
        triggeredid: test?.triggeredid,
        data: { project: 'shop', stage: 'dev', service: 'cart' },
      },
    })
    const valid = `${filter('data.project:shop')}&excludeInvalidated=true`
    assert.equal((await byType('test.finished', valid)).events.length, 0)
    assert.equal((await byType('test.finished', filter('data.project:shop'))).events.length, 1)
  })

  it('triggers an evaluation as the CLI does', async () => {
    const path = '/api/controlPlane/v1/project/shop/stage/dev/service/cart/evaluation'
    const answer = await send('POST', path, { body: { timeframe: '10m', labels: { a: 'b' } } })
    assert.equal(answer.status, 200)
    const { keptnContext } = answer.json as { keptnContext: string }
    const query = `project=shop&keptnContext=${keptnContext}&root=true`
    const [event] = ((await send('GET', `${STORE}?${query}`)).json as { events: Shown[] }).events
    assert.equal(event?.type, 'sh.keptn.event.dev.evaluation.triggered')
    const evaluation = event?.data['evaluation'] as {
      start: string
      end: string
      timeframe: string
    }
    assert.equal(evaluation.timeframe, '')
    assert.equal(Date.parse(evaluation.end) - Date.parse(evaluation.start), 600_000)
    assert.deepEqual(event?.data['labels'], { a: 'b' })

    const refused: [string, unknown, string][] = [
      [path, { timeframe: 'soon' }, 'could not parse provided timeframe'],
      [path, { start: '2026-01-01T00:00:00' }, 'no timeframe or end date provided'],
      [path.replace('cart', 'nope'), {}, 'Service not found: nope'],
      [path.replace('dev', 'qa'), {}, 'Stage not found: qa'],
    ]
    for (const [where, body, message] of refused) {
      const wrong = await send('POST', where, { body })
      assert.equal(wrong.status, 400, message)
      assert.ok((wrong.json as { message: string }).message.startsWith(message))
    }
  })
})
