import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Actor } from '../../src/intake/actor.ts'
import type { RegistrationWish } from '../../src/integrations/integration.ts'
import { LOG, openDesk, REGISTRATION, registration, subscription } from './integration-desk.ts'

const TEST = 'sh.keptn.event.test.triggered'
const tokenOf = (...projects: string[]): Actor => ({ name: 'team', scopes: ['answer'], projects })
const wish = (hostname: string, projects: string[] = []): RegistrationWish => ({
  name: 'tester',
  namespace: 'keptn',
  hostname,
  podName: '',
  deploymentName: '',
  location: '',
  integrationVersion: '',
  distributorVersion: '',
  subscriptions: [{ event: TEST, projects, stages: [], services: [] }],
})
const inProject = (project: string) => ({ project, stage: 'dev', service: 'carts' })

test('registering needs the scope answer, looking read', async (t) => {
  const { api } = await openDesk(t)
  const body = registration({})
  const post = (token: string | undefined) => api.send('POST', REGISTRATION, { body, token })
  assert.equal((await post(undefined)).status, 401)
  assert.equal((await post('reader')).status, 403)
  assert.equal((await post('trigger')).status, 403)
  assert.equal((await post('answerer')).status, 201)
  assert.equal((await api.send('GET', REGISTRATION, { token: 'trigger' })).status, 403)
  assert.equal((await api.send('POST', LOG, { body: { logs: [] }, token: 'reader' })).status, 403)
})

test('whatever it subscribes to, an integration hears of the projects of its token only', async (t) => {
  const { integrations } = await openDesk(t)
  await integrations.register(wish('n1'), tokenOf('shop'))
  assert.equal(integrations.isSubscribed('test', inProject('shop')), true)
  assert.equal(integrations.isSubscribed('test', inProject('bank')), false)
  await integrations.register({ ...wish('n1', ['bank']), name: 'spy' }, tokenOf('shop'))
  assert.equal(integrations.isSubscribed('test', inProject('bank')), false)
})

test('the list says what an integration really hears, its ping what it asked for', async (t) => {
  const { api, integrations } = await openDesk(t)
  const registered = await integrations.register(wish('n1'), tokenOf('shop'))
  assert.ok('id' in registered)
  type Shown = { subscriptions: { filter: { projects: string[] } }[] }
  const listed = await api.send('GET', '/api/tiphys/v1/integrations', { token: 'reader' })
  const [one] = (listed.json as { integrations: Shown[] }).integrations
  assert.deepEqual(one?.subscriptions[0]?.filter.projects, ['shop'])
  const ping = await api.send('PUT', `${REGISTRATION}/${registered.id}/ping`)
  assert.deepEqual((ping.json as Shown).subscriptions[0]?.filter.projects, [])
})

test('two teams may have a service of one name; neither touches the other', async (t) => {
  const { integrations } = await openDesk(t)
  const first = await integrations.register(wish('n1'), tokenOf('shop'))
  const second = await integrations.register(wish('n2'), tokenOf('bank'))
  assert.deepEqual([first.code, second.code], ['created', 'created'])
  assert.ok('id' in first && 'id' in second && first.id !== second.id)
  const taken = await integrations.register(wish('n1'), tokenOf('zoo'))
  assert.equal(taken.code, 'forbidden')
  const ping = await integrations.ping(first.id, tokenOf('bank'))
  assert.deepEqual(ping, {
    code: 'forbidden',
    message: 'integration tester was registered by a token of other projects than bank',
  })
  assert.equal((await integrations.unregister(first.id, tokenOf('bank'))).code, 'forbidden')
  assert.equal((await integrations.ping(first.id, tokenOf('shop', 'bank'))).code, 'found')
})

test('a token of some projects sees what concerns them, and no name of another project', async (t) => {
  const { api, integrations } = await openDesk(t)
  const everywhere = tokenOf('*')
  await integrations.register({ ...wish('n1', ['shop', 'bank']), name: 'both' }, everywhere)
  await integrations.register({ ...wish('n1', ['bank']), name: 'bank-only' }, everywhere)
  await integrations.register({ ...wish('n1'), name: 'all' }, everywhere)
  const answer = await api.send('GET', '/api/tiphys/v1/integrations', { token: 'shop-reader' })
  const { integrations: seen } = answer.json as {
    integrations: { name: string; subscriptions: { filter: { projects: string[] } }[] }[]
  }
  assert.deepEqual(
    seen.map((one) => [one.name, one.subscriptions[0]?.filter.projects]),
    [
      ['all', ['shop']],
      ['both', ['shop']],
    ],
  )
})

test('a token of some projects logs for its own integrations and reads those', async (t) => {
  const { api, integrations } = await openDesk(t)
  const own = await integrations.register(wish('n1'), tokenOf('shop'))
  const body = registration({ name: 'everywhere', subscriptions: [subscription(TEST)] })
  const foreign = (await api.send('POST', REGISTRATION, { body })).json as { id: string }
  assert.ok('id' in own)
  const entry = (integrationid: string) => ({ integrationid, message: 'it broke' })
  const logs = [entry(own.id), entry(foreign.id)]
  assert.equal((await api.send('POST', LOG, { body: { logs } })).status, 200)
  const ofOwn = { logs: [entry(own.id)] }
  assert.equal((await api.send('POST', LOG, { body: ofOwn, token: 'shop-answerer' })).status, 200)
  const both = await api.send('POST', LOG, { body: { logs }, token: 'shop-answerer' })
  assert.equal(both.status, 403)
  const answer = await api.send('GET', LOG, { token: 'shop-reader' })
  const { logs: seen } = answer.json as { logs: { integrationid: string }[] }
  assert.deepEqual(
    seen.map(({ integrationid }) => integrationid),
    [own.id, own.id],
  )
  const remove = (query: string) => api.send('DELETE', LOG + query, { token: 'shop-configurer' })
  assert.equal((await remove('')).status, 403)
  assert.equal((await remove(`?integrationId=${foreign.id}`)).status, 403)
  assert.equal((await remove(`?integrationId=${own.id}`)).status, 200)
})
