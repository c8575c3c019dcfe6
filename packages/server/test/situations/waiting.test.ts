import { after, before, describe, it } from 'node:test'
import { type Installation, openInstallation } from '../end-to-end/harness.ts'
import type { TriggerWish } from '../end-to-end/tiphys-client.ts'
import { assertGolden } from './golden.ts'
import { ended, type Situation, waiting } from './situation.ts'

/** One sequence for each way in which a run can wait or run out of time. */
const SHIPYARD = `apiVersion: spec.keptn.sh/0.2.3
kind: Shipyard
metadata: { name: shop }
spec:
  stages:
    - name: staging
      sequences:
        - name: delivery
          tasks:
            - name: deployment
              properties: { executor: external }
        - name: announce
          tasks:
            - name: announcement
        - name: ask
          tasks:
            - name: approval
        - name: later
          tasks:
            - name: deployment
              triggeredAfter: 1h
              properties: { executor: external }
        - name: hurried
          tasks:
            - name: deployment
              properties: { executor: external, timeout: 300ms }
        - name: limited
          timeout: 300ms
          tasks:
            - name: deployment
              properties: { executor: external }
        - name: askbriefly
          tasks:
            - name: approval
              properties: { timeout: 300ms }
        - name: unreleased
          tasks:
            - name: release
`

describe('what users read: waiting, and waiting no longer', () => {
  let installation: Installation
  before(async () => {
    installation = await openInstallation()
    await installation.client.createProject('shop', SHIPYARD, SERVICES)
  })
  after(async () => await installation[Symbol.asyncDispose]())

  const situations: Situation[] = []
  const trigger = (service: string, sequence: string, more: TriggerWish = {}) =>
    installation.client.trigger({ service, sequence, ...more })
  const control = (context: string, action: string) =>
    installation.client.ask('POST', `/api/tiphys/v1/contexts/${context}/control`, {
      body: { action },
    })
  const noteEnd = async (situation: string, context: string) => {
    situations.push(ended(situation, await installation.client.ended(context)))
  }
  const noteWait = async (situation: string, context: string, code: string) => {
    const { client } = installation
    const seen = await client.seen(context, situation, (timeline) =>
      timeline.runs.some((run) => run.waiting.some((one) => one.code === code))
        ? timeline
        : undefined,
    )
    situations.push(waiting(situation, seen))
  }

  it('says what runs wait for', async () => {
    const { client } = installation
    const first = await trigger('carts', 'delivery')
    await noteWait('a task that somebody outside carries out', first, 'answer')
    const id = await client.openTask(first, 'deployment')
    const data = { project: 'shop', stage: 'staging', service: 'carts' }
    const started = {
      type: 'sh.keptn.event.deployment.started',
      source: 'helm',
      triggeredid: id,
      data,
    }
    await client.ask('POST', '/api/v1/event', { body: started })
    const news = {
      ...started,
      type: 'sh.keptn.event.deployment.status.changed',
      data: { ...data, message: '3 of 5 pods' },
    }
    await client.ask('POST', '/api/v1/event', { body: news })
    await noteWait('a task under way', first, 'finish')
    const second = await trigger('carts', 'delivery')
    await noteWait('a run whose lane is taken', second, 'lane')
    await control(first, 'pause')
    await noteWait('a paused run', first, 'paused')
    await control(second, 'abort')
    await noteEnd('a run that was aborted before its turn', second)
    await control(first, 'resume')
    await control(first, 'abort')
    await noteEnd('a run that was aborted', first)
    await noteWait('a task that nobody is there for', await trigger('orders', 'announce'), 'nobody')
    const uniform = '/api/controlPlane/v1/uniform/registration'
    const filter = { projects: ['shop'], stages: ['staging'], services: ['ratings'] }
    const registered = await client.ask('POST', uniform, {
      body: {
        name: 'announcer',
        metadata: { hostname: 'host-1', kubernetesmetadata: { namespace: 'tests' } },
        subscriptions: [{ event: 'sh.keptn.event.announcement.triggered', filter }],
      },
    })
    const subscribed = await trigger('ratings', 'announce')
    await noteWait('a task whose service is registered and silent', subscribed, 'answer')
    const { id: announcer } = registered.json as { id: string }
    await client.ask('DELETE', `${uniform}/${announcer}`)
    await noteWait('a task whose service is registered no more', subscribed, 'nobody')
    await noteWait('a task that is to begin later', await trigger('users', 'later'), 'delay')
    const asking = await trigger('mail', 'ask')
    await noteWait('an approval', asking, 'approval')
    await trigger('mail', 'ask')
    await noteEnd('an approval that a newer run made pointless', asking)
  })

  it('says why it gave up', async () => {
    const { client } = installation
    const hurried = await trigger('payment', 'hurried')
    await noteEnd('a task that nobody answered in time', hurried)
    const started = await trigger('shipping', 'hurried')
    const id = await client.openTask(started, 'deployment')
    await client.ask('POST', '/api/v1/event', {
      body: {
        type: 'sh.keptn.event.deployment.started',
        source: 'helm',
        triggeredid: id,
        data: { project: 'shop', stage: 'staging', service: 'shipping' },
      },
    })
    await noteEnd('a task that was begun and not finished in time', started)
    const limited = await client.ended(await trigger('search', 'limited'))
    situations.push({
      situation: 'a sequence that ran out of time',
      outcome: `${limited.runs[0]?.status} / ${limited.runs[0]?.result}`,
      sentence: limited.runs[0]?.message ?? '',
    })
    await noteEnd('an approval that nobody gave in time', await trigger('ads', 'askbriefly'))
    const declined = await trigger('stock', 'ask')
    const approval = await client.openTask(declined, 'approval')
    await client.ask('POST', `/api/tiphys/v1/approvals/${approval}`, {
      body: { decision: 'fail', comment: 'not on a Friday', person: 'medea' },
    })
    await noteEnd('an approval that was declined', declined)
    await noteEnd('a release with nothing to release', await trigger('wishes', 'unreleased'))
  })

  it('reads as the golden file says', () => assertGolden('Waiting', situations))
})

const SERVICES = [
  'carts',
  'ratings',
  'orders',
  'users',
  'mail',
  'payment',
  'shipping',
  'search',
  'ads',
  'stock',
  'wishes',
]
