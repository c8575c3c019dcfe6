import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Installation, openInstallation } from './harness.ts'

/** `release` is built in and passes by itself, unless somebody subscribed to it. */
const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: dev
      sequences:
        - name: ship
          tasks:
            - name: release
    - name: prod
      sequences:
        - name: ship
          tasks:
            - name: release
`

/** The form in which the distributor of Keptn 1.4.5 and its go-sdk register (models.Integration of go-utils). */
const REGISTRATION = {
  id: '',
  name: 'release-service',
  metadata: {
    hostname: 'n2',
    integrationversion: '1.4.5',
    distributorversion: '0.9.0',
    location: 'remote',
    kubernetesmetadata: { namespace: 'keptn', podname: 'p', deploymentname: 'release-service' },
    lastseen: '0001-01-01T00:00:00Z',
  },
  subscriptions: [
    {
      id: '',
      event: 'sh.keptn.event.release.triggered',
      filter: { projects: ['shop'], stages: ['dev'], services: [] },
    },
  ],
}
const UNIFORM = '/api/controlPlane/v1/uniform/registration'
const OPEN = '/api/controlPlane/v1/event/triggered/sh.keptn.event.release.triggered'

type OpenEvents = { events: { id: string; shkeptncontext: string; gitcommitid: string }[] }

describe('a service behind a distributor of Keptn', () => {
  let installation: Installation
  let token: string
  let id: string
  before(async () => {
    installation = await openInstallation()
    await installation.client.createProject('shop', SHIPYARD, ['carts'])
    token = await installation.client.mintToken('release-service', ['answer'], ['shop'])
  })
  after(async () => await installation[Symbol.asyncDispose]())

  const ask = (method: string, path: string, body?: unknown) =>
    installation.client.ask(method, path, { token, body })
  const ship = (stage: string) =>
    installation.client.trigger({ stage, sequence: 'ship', service: 'carts' })

  it('leaves a neutral task to Tiphys as long as nobody subscribed to it', async () => {
    const { verdict, runs } = await installation.client.ended(await ship('dev'))
    assert.deepEqual([verdict, runs[0]?.tasks[0]?.carrier], ['pass', 'tiphys'])
  })

  it('registers with a token that may answer in its project', async () => {
    const created = await ask('POST', UNIFORM, REGISTRATION)
    assert.equal(created.status, 201)
    id = (created.json as { id: string }).id
    const ping = await ask('PUT', `${UNIFORM}/${id}/ping`)
    const { subscriptions } = ping.json as { subscriptions: { event: string; filter: object }[] }
    assert.deepEqual(subscriptions[0]?.filter, REGISTRATION.subscriptions[0]?.filter)
  })

  it('then gets the task by polling, and answers it', async () => {
    const context = await ship('dev')
    const { waiting } = (
      await installation.client.ask('GET', `/api/tiphys/v1/contexts/${context}/why`)
    ).json as { waiting: { message: string }[] }
    assert.match(
      waiting[0]?.message ?? '',
      /^release was triggered and nobody has answered yet; subscribed: release-service, last seen /,
    )
    const polled = await ask('GET', `${OPEN}?project=shop&stage=dev`)
    const [event] = (polled.json as OpenEvents).events
    assert.ok(event)
    assert.equal(event.shkeptncontext, context)
    const data = { project: 'shop', stage: 'dev', service: 'carts' }
    for (const [kind, more] of [
      ['started', {}],
      ['finished', { status: 'succeeded', result: 'warning', message: 'by the service' }],
    ] as const) {
      const answer = await ask('POST', '/api/v1/event', {
        specversion: '1.0',
        id: `${event.id}-${kind}`,
        source: 'release-service',
        type: `sh.keptn.event.release.${kind}`,
        datacontenttype: 'application/json',
        shkeptncontext: event.shkeptncontext,
        triggeredid: event.id,
        data: { ...data, ...more },
      })
      assert.equal(answer.status, 200, answer.text)
    }
    const { verdict, runs } = await installation.client.ended(context)
    assert.deepEqual([verdict, runs[0]?.tasks[0]?.carrier], ['warning', 'external'])
    assert.deepEqual(((await ask('GET', OPEN)).json as OpenEvents).events, [])
  })

  it('concerns the stages of its filter only', async () => {
    const { verdict } = await installation.client.ended(await ship('prod'))
    assert.equal(verdict, 'pass')
  })

  it('is still registered after a restart', async () => {
    await installation.restart()
    const ping = await ask('PUT', `${UNIFORM}/${id}/ping`)
    assert.equal(ping.status, 200)
    const again = await ask('POST', UNIFORM, REGISTRATION)
    assert.deepEqual([again.status, again.json], [200, { id }])
  })

  it('that left keeps its task from passing unseen; the waiting list says that it is gone', async () => {
    assert.equal((await ask('DELETE', `${UNIFORM}/${id}`)).status, 200)
    const context = await ship('dev')
    const { waiting } = (
      await installation.client.ask('GET', `/api/tiphys/v1/contexts/${context}/why`)
    ).json as { waiting: { code: string; message: string }[] }
    assert.deepEqual(
      waiting.map(({ code, message }) => [code, message]),
      [
        [
          'nobody',
          'release was triggered and nobody has answered yet; whoever was subscribed to it is no longer registered',
        ],
      ],
    )
  })
})
