import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RegistrationBody } from '@tiphys/contract/http/keptn-uniform.ts'
import { registrationWish } from '../../src/integrations/integration.ts'
import { openDesk, REGISTRATION, registration, subscription } from './integration-desk.ts'

/** The example of facts/keptn-v1.md 2.3: SHA-1 of `int-ns-n1`. */
const ID = 'ea4caa30233315068a5d2e3e7bb480851379c1e9'
const GREETING = 'sh.keptn.event.greeting.triggered'
const HOUR_MS = 60 * 60 * 1000

test('a service registers, and learns with each ping what to listen to', async (t) => {
  const { api, clock } = await openDesk(t)
  const body = registration({ subscriptions: [subscription(GREETING, ['shop'])] })
  const first = await api.send('POST', REGISTRATION, { body, token: 'answerer' })
  assert.deepEqual([first.status, first.json], [201, { id: ID }])
  clock.nowMs += 5000
  const ping = await api.send('PUT', `${REGISTRATION}/${ID}/ping`, { token: 'answerer' })
  assert.equal(ping.status, 200)
  assert.deepEqual(ping.json, {
    id: ID,
    name: 'int',
    metadata: {
      hostname: 'n1',
      integrationversion: '0.1',
      distributorversion: '0.15.0',
      location: 'remote-execution-plane',
      kubernetesmetadata: { namespace: 'ns', podname: 'pod1', deploymentname: 'int' },
      lastseen: '2026-01-02T00:00:05.000Z',
    },
    subscriptions: [
      {
        id: 'subscription-1',
        event: GREETING,
        filter: { projects: ['shop'], stages: [], services: [] },
      },
    ],
  })
  const listed = await api.send('GET', REGISTRATION, { token: 'reader' })
  assert.deepEqual(listed.json, [ping.json])
})

test('one that is known is answered 200: its subscriptions stay, what it says of itself is new', async (t) => {
  const { api } = await openDesk(t)
  const body = registration({ subscriptions: [subscription(GREETING)] })
  await api.send('POST', REGISTRATION, { body })
  const moved = registration({
    hostname: 'n2',
    version: '0.2',
    subscriptions: [subscription('sh.keptn.event.test.triggered')],
  })
  const again = await api.send('POST', REGISTRATION, { body: moved })
  assert.deepEqual([again.status, again.json], [200, { id: ID }])
  const [known] = (await api.send('GET', REGISTRATION)).json as [
    {
      metadata: { hostname: string; integrationversion: string }
      subscriptions: { event: string }[]
    },
  ]
  assert.deepEqual([known.metadata.hostname, known.metadata.integrationversion], ['n2', '0.2'])
  assert.deepEqual(
    known.subscriptions.map(({ event }) => event),
    [GREETING],
  )
})

test('one that has no subscriptions adopts those it comes with', async (t) => {
  const { api } = await openDesk(t)
  await api.send('POST', REGISTRATION, { body: registration({}) })
  const body = registration({ subscriptions: [subscription(GREETING), subscription('')] })
  await api.send('POST', REGISTRATION, { body })
  const answer = await api.send('GET', `${REGISTRATION}/${ID}/subscription`)
  assert.deepEqual(answer.json, [
    { id: 'subscription-1', event: GREETING, filter: { projects: [], stages: [], services: [] } },
  ])
})

test('a registration that is not complete is refused with what is missing', async (t) => {
  const { api } = await openDesk(t)
  const cases: [unknown, number, string][] = [
    [registration({ name: '' }), 400, 'incomplete integration: name must be set'],
    [
      { name: 'a' },
      400,
      'incomplete integration: metadata.kubernetesmetadata.namespace, metadata.hostname must be set',
    ],
    [
      registration({ hostname: '', namespace: '' }),
      400,
      'incomplete integration: metadata.kubernetesmetadata.namespace, metadata.hostname must be set',
    ],
  ]
  for (const [body, status, message] of cases) {
    const answer = await api.send('POST', REGISTRATION, { body })
    assert.deepEqual([answer.status, answer.json], [status, { code: status, message }])
  }
  for (const body of [[], { name: 7 }, { name: 'a', subscriptions: [{}] }]) {
    assert.equal((await api.send('POST', REGISTRATION, { body })).status, 400)
  }
  assert.deepEqual((await api.send('GET', REGISTRATION)).json, [])
})

test('subscriptions are added, read, replaced and removed', async (t) => {
  const { api } = await openDesk(t)
  await api.send('POST', REGISTRATION, { body: registration({}) })
  const path = `${REGISTRATION}/${ID}/subscription`
  const added = await api.send('POST', path, { body: subscription(GREETING, ['shop']) })
  assert.deepEqual([added.status, added.json], [201, { id: 'subscription-1' }])
  const one = `${path}/subscription-1`
  const filter = { projects: ['bank'], stages: ['dev'], services: ['carts'] }
  const replaced = await api.send('PUT', one, { body: { event: GREETING, filter } })
  assert.deepEqual([replaced.status, replaced.json], [201, { id: 'subscription-1' }])
  assert.deepEqual((await api.send('GET', one)).json, {
    id: 'subscription-1',
    event: GREETING,
    filter,
  })
  assert.deepEqual((await api.send('DELETE', one)).json, {})
  assert.equal((await api.send('GET', one)).status, 404)
  assert.deepEqual((await api.send('GET', path)).json, [])
  const empty = await api.send('POST', path, { body: { event: '' } })
  assert.deepEqual(empty.json, { code: 400, message: 'a subscription needs an event' })
})

test('what nobody registered is not found, and may be removed', async (t) => {
  const { api } = await openDesk(t)
  const answer = await api.send('PUT', `${REGISTRATION}/unknown/ping`)
  assert.deepEqual(answer.json, { code: 404, message: 'uniform integration not found: unknown' })
  const path = `${REGISTRATION}/unknown/subscription`
  assert.equal((await api.send('POST', path, { body: subscription(GREETING) })).status, 404)
  assert.equal((await api.send('GET', path)).status, 404)
  assert.equal((await api.send('DELETE', `${REGISTRATION}/unknown`)).status, 200)
})

test('the list is searched by what registrations and their filters name', async (t) => {
  const { api } = await openDesk(t)
  const names = async (query: string) =>
    ((await api.send('GET', `${REGISTRATION}?${query}`)).json as { name: string }[]).map(
      ({ name }) => name,
    )
  const shop = [
    { event: GREETING, filter: { projects: ['shop'], stages: ['dev'], services: ['a'] } },
  ]
  await api.send('POST', REGISTRATION, { body: registration({ name: 'a', subscriptions: shop }) })
  await api.send('POST', REGISTRATION, {
    body: registration({ name: 'b', hostname: 'n2', namespace: 'm' }),
  })
  assert.deepEqual(await names(''), ['a', 'b'])
  assert.deepEqual(await names('name=b'), ['b'])
  assert.deepEqual(await names('project=shop'), ['a'])
  assert.deepEqual(await names('stage=dev&service=a'), ['a'])
  assert.deepEqual(await names('stage=prod'), [])
  assert.deepEqual(await names('hostname=n2&namespace=m'), ['b'])
})

test('without a sign of life for 48 hours a registration is gone; time without a server does not count', async (t) => {
  const { api, clock, restarted } = await openDesk(t)
  await api.send('POST', REGISTRATION, { body: registration({}) })
  clock.nowMs += 100 * HOUR_MS
  assert.deepEqual((await api.send('GET', REGISTRATION)).json, [])
  assert.equal((await api.send('PUT', `${REGISTRATION}/${ID}/ping`)).status, 404)
  const later = await restarted()
  const ping = await later.ping(ID, { name: 'a', scopes: ['admin'], projects: ['*'] })
  assert.equal(ping.code, 'found')
})

test('when an integration was seen last is known after a restart, to the minute', async (t) => {
  const { api, clock, restarted } = await openDesk(t)
  const admin = { name: 'a', scopes: ['admin'], projects: ['*'] } as const
  const seenMs = async () => (await restarted()).list(admin)[0]?.lastSeenMs
  await api.send('POST', REGISTRATION, { body: registration({}) })
  const firstMs = clock.nowMs
  const ping = async (laterMs: number) => {
    clock.nowMs += laterMs
    await api.send('PUT', `${REGISTRATION}/${ID}/ping`)
  }
  await ping(5000)
  assert.equal(await seenMs(), firstMs)
  await ping(55_000)
  assert.equal(await seenMs(), clock.nowMs)
})

test('what was subscribed once stays known, also after the integration left', async (t) => {
  const { api, integrations, restarted } = await openDesk(t)
  const place = { project: 'shop', stage: 'dev', service: 'carts' }
  const filter = { projects: ['shop'], stages: ['dev'], services: null }
  const body = registration({
    subscriptions: [{ event: 'sh.keptn.event.release.triggered', filter }],
  })
  assert.equal(integrations.isSubscribed('release', place), false)
  await api.send('POST', REGISTRATION, { body })
  assert.deepEqual(
    integrations.subscribersOf('release', place).map(({ name }) => name),
    ['int'],
  )
  await api.send('DELETE', `${REGISTRATION}/${ID}`)
  const server = await restarted()
  assert.deepEqual(server.subscribersOf('release', place), [])
  assert.equal(server.isSubscribed('release', place), true)
  assert.equal(server.isSubscribed('release', { ...place, stage: 'prod' }), false)
  assert.equal(server.isSubscribed('release', { ...place, project: 'bank' }), false)
  assert.equal(server.isSubscribed('test', place), false)
})

test('of two copies that register at once, one is created and the other finds it', async (t) => {
  const { integrations } = await openDesk(t)
  const admin = { name: 'a', scopes: ['admin'], projects: ['*'] } as const
  const register = (hostname: string) =>
    integrations.register(
      registrationWish(RegistrationBody.parse(registration({ hostname }))),
      admin,
    )
  const answers = await Promise.all([register('n1'), register('n2')])
  assert.deepEqual(answers, [
    { code: 'created', id: ID },
    { code: 'known', id: ID },
  ])
  assert.equal(integrations.list(admin).length, 1)
})
