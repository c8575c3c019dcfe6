import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Installation, openInstallation } from './harness.ts'
import { until } from './until.ts'

const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: gate
          tasks:
            - name: evaluation
`
const SLO = `filter: { handler: Items }
objectives:
  - sli: latency
    pass:
      - criteria: ["<=200"]
  - sli: errors
    pass:
      - criteria: ["<=1"]
`
const WINDOW = { start: '2026-01-02T15:00:00.000Z', end: '2026-01-02T15:05:00.000Z' }
const DATA = {
  evaluation: WINDOW,
  deployment: { deploymentNames: ['canary'] },
  labels: { build: '7' },
}

/** The form in which the distributor of Keptn 1.4.5 and its go-sdk register (models.Integration of go-utils). */
const REGISTRATION = {
  name: 'honeycomb-service',
  metadata: {
    hostname: 'n2',
    integrationversion: '1.4.5',
    distributorversion: '0.9.0',
    location: 'remote',
    kubernetesmetadata: { namespace: 'keptn', podname: 'p', deploymentname: 'honeycomb-service' },
  },
  subscriptions: [
    {
      event: 'sh.keptn.event.get-sli.triggered',
      filter: { projects: ['shop'], stages: [], services: [] },
    },
  ],
}
const OPEN = '/api/controlPlane/v1/event/triggered/sh.keptn.event.get-sli.triggered?project=shop'

type OpenEvent = {
  readonly id: string
  readonly shkeptncontext: string
  readonly triggeredid: string
  readonly source: string
  readonly gitcommitid: string
  readonly data: Readonly<Record<string, unknown>>
}

describe('an SLI provider outside', () => {
  let installation: Installation
  let token: string
  before(async () => {
    installation = await openInstallation()
    const { client } = installation
    await client.createProject('shop', SHIPYARD, ['carts', 'orders'])
    for (const service of ['carts', 'orders']) {
      await client.write({ project: 'shop', stage: 'staging', service }, { 'slo.yaml': SLO })
    }
    await client.write(
      { project: 'shop' },
      { 'honeycomb/sli.yaml': 'indicators: { latency: a, errors: b }\n' },
    )
    token = await client.mintToken('honeycomb-service', ['answer'], ['shop'])
  })
  after(async () => await installation[Symbol.asyncDispose]())

  const gate = (service = 'carts') =>
    installation.client.trigger({ sequence: 'gate', service, data: DATA })

  const polled = (context: string) =>
    until(`get-sli.triggered of ${context}`, async () => {
      const { json } = await installation.client.ask('GET', OPEN, { token })
      const { events } = json as { events: readonly OpenEvent[] }
      return events.find((event) => event.shkeptncontext === context)
    })

  const answer = (
    { id, shkeptncontext }: OpenEvent,
    kind: 'started' | 'finished',
    more: object = {},
    options: { readonly as?: string; readonly from?: string } = {},
  ) => {
    const data = { project: 'shop', stage: 'staging', service: 'carts', ...more }
    const source = options.from ?? 'honeycomb-service'
    const type = `sh.keptn.event.get-sli.${kind}`
    const body = { specversion: '1.0', type, source, triggeredid: id, shkeptncontext, data }
    return installation.client.ask('POST', '/api/v1/event', { token: options.as ?? token, body })
  }

  const values = (latency: number, result = 'pass') => ({
    status: 'succeeded',
    result,
    message: '',
    'get-sli': {
      ...WINDOW,
      indicatorValues: [
        { metric: 'latency', value: latency, comparedValue: 0, success: true, message: '' },
        { metric: 'errors', value: 0, comparedValue: 0, success: true, message: '' },
      ],
    },
  })

  const why = async (context: string) => {
    const { json } = await installation.client.ask('GET', `/api/tiphys/v1/contexts/${context}/why`)
    const { waiting } = json as { waiting: readonly { readonly message: string }[] }
    return waiting.map(({ message }) => message).join('\n')
  }

  it('that nobody ever subscribed for ends the evaluation at once, with the reason', async () => {
    const { runs, verdict } = await installation.client.ended(await gate())
    assert.equal(verdict, 'none')
    assert.match(
      runs[0]?.message ?? '',
      /SLI provider honeycomb is not connected, and nobody answers for it$/,
    )
  })

  it('is asked as Keptn asked, by an open event like any other', async () => {
    const registered = await installation.client.ask(
      'POST',
      '/api/controlPlane/v1/uniform/registration',
      { token, body: REGISTRATION },
    )
    assert.equal(registered.status, 201, registered.text)
    const context = await gate()
    const event = await polled(context)
    assert.equal(event.source, 'lighthouse-service')
    assert.match(event.gitcommitid, /^[0-9a-f]{40}$/)
    assert.deepEqual(event.data, {
      project: 'shop',
      stage: 'staging',
      service: 'carts',
      labels: { build: '7' },
      deployment: 'canary',
      'get-sli': {
        sliProvider: 'honeycomb',
        ...WINDOW,
        indicators: ['latency', 'errors'],
        customFilters: [{ key: 'handler', value: 'Items' }],
      },
    })
    assert.match(
      await why(context),
      /^evaluation is waiting for SLI provider honeycomb to answer get-sli; subscribed: honeycomb-service, last seen /,
    )
    await answer(event, 'started')
    assert.match(await why(context), /to answer get-sli, which has begun$/)
    assert.equal((await answer(event, 'finished', values(120))).status, 200)
    const { runs, verdict } = await installation.client.ended(context)
    assert.equal(verdict, 'pass')
    const late = await answer(event, 'finished', values(999))
    assert.equal(late.status, 200)
    const { json } = await installation.client.ask('GET', OPEN, { token })
    assert.equal((json as { totalCount: number }).totalCount, 0)
    const again = await installation.client.context(context)
    assert.deepEqual(again.runs[0]?.result, runs[0]?.result)
  })

  it('is asked once, although the server is restarted while it thinks', async () => {
    const context = await gate()
    const event = await polled(context)
    await answer(event, 'started')
    await installation.restart()
    assert.match(await why(context), /which has begun$/)
    assert.equal((await polled(context)).id, event.id)
    await answer(event, 'finished', values(900))
    const { verdict } = await installation.client.ended(context)
    assert.equal(verdict, 'fail')
    const path = `/api/mongodb-datastore/event?project=shop&keptnContext=${context}&type=sh.keptn.event.get-sli.triggered`
    const { json } = await installation.client.ask('GET', path)
    assert.equal((json as { totalCount: number }).totalCount, 1)
  })

  it('takes no answer from a token that may not answer there', async () => {
    const context = await gate()
    const event = await polled(context)
    const reader = await installation.client.mintToken('reader', ['read', 'trigger'], ['shop'])
    const foreign = await installation.client.mintToken('foreign', ['answer'], ['other'])
    assert.equal((await answer(event, 'finished', values(1), { as: reader })).status, 403)
    assert.equal((await answer(event, 'finished', values(1), { as: foreign })).status, 403)
    assert.equal((await polled(context)).id, event.id)
    await answer(event, 'finished', {
      ...values(1),
      status: 'errored',
      result: 'fail',
      message: 'no quota',
    })
    const { runs, verdict } = await installation.client.ended(context)
    assert.equal(verdict, 'none')
    assert.match(runs[0]?.message ?? '', /unexpected error: no quota$/)
  })

  it('may be several services: all that began are waited for, and the first value counts', async () => {
    const context = await gate()
    const event = await polled(context)
    await answer(event, 'started')
    await answer(event, 'started', {}, { from: 'another-service' })
    await answer(event, 'finished', values(120))
    assert.match(await why(context), /which has begun$/)
    await answer(event, 'finished', values(900), { from: 'another-service' })
    const { verdict } = await installation.client.ended(context)
    assert.equal(verdict, 'pass')
  })

  it('may be a worker of the native API: its feed tells it, and it reports a result', async () => {
    const context = await gate()
    const path = '/api/tiphys/v1/tasks/open?task=get-sli&wait=5s'
    const { json } = await installation.client.ask('GET', path, { token })
    const { tasks } = json as {
      tasks: { triggeredId: string; task: string; keptnContext: string }[]
    }
    const task = tasks.find(({ keptnContext }) => keptnContext === context)
    assert.equal(task?.task, 'get-sli')
    const { status, result, message, ...data } = values(120, 'warning')
    await installation.client.report(task?.triggeredId ?? '', { status, result, message, data })
    assert.equal((await installation.client.ended(context)).verdict, 'pass')
  })

  it('is asked no more when its run is aborted', async () => {
    const context = await gate('orders')
    const event = await polled(context)
    const control = `/api/controlPlane/v1/sequence/shop/${context}/control`
    await installation.client.ask('POST', control, { body: { state: 'abort' } })
    await installation.client.ended(context)
    assert.equal((await answer(event, 'finished', values(1))).status, 200)
    const { json } = await installation.client.ask('GET', OPEN, { token })
    assert.equal((json as { totalCount: number }).totalCount, 0)
  })
})
