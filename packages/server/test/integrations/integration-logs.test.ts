import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOG, openDesk } from './integration-desk.ts'

const HOUR_MS = 60 * 60 * 1000
type Page = { logs: { message: string; time: string }[]; nextPageKey?: number; totalCount: number }
const entry = (message: string, more: object = {}) => ({
  integrationid: 'i1',
  message,
  time: '0001-01-01T00:00:00Z',
  shkeptncontext: 'c1',
  task: 'test',
  triggeredid: 't1',
  gitcommitid: '',
  ...more,
})

test('what integrations tell is kept, newest first, in pages', async (t) => {
  const { api, clock } = await openDesk(t)
  const post = (...logs: object[]) => api.send('POST', LOG, { body: { logs } })
  const posted = await post(entry('first'))
  assert.deepEqual([posted.status, posted.json], [200, {}])
  clock.nowMs += 1000
  await post(entry('second', { integrationid: 'i2' }), entry('third'))
  const page = (await api.send('GET', LOG)).json as Page
  assert.deepEqual(page.logs[2], {
    integrationid: 'i1',
    message: 'first',
    time: '2026-01-02T00:00:00.000Z',
    shkeptncontext: 'c1',
    task: 'test',
    triggeredid: 't1',
    gitcommitid: '',
  })
  assert.deepEqual(
    page.logs.map(({ message }) => message),
    ['third', 'second', 'first'],
  )
  const first = (await api.send('GET', `${LOG}?pageSize=2`)).json as Page
  assert.deepEqual([first.logs.length, first.nextPageKey, first.totalCount], [2, 2, 3])
  const last = (await api.send('GET', `${LOG}?pageSize=2&nextPageKey=2`)).json as Page
  assert.deepEqual([last.logs.length, last.nextPageKey], [1, undefined])
  const own = (await api.send('GET', `${LOG}?integrationId=i2`)).json as Page
  assert.deepEqual(
    own.logs.map(({ message }) => message),
    ['second'],
  )
  const since = (await api.send('GET', `${LOG}?fromTime=2026-01-02T00:00:01.000Z`)).json as Page
  assert.equal(since.totalCount, 2)
})

test('a time of the client holds, unless it is to come', async (t) => {
  const { api } = await openDesk(t)
  const logs = [
    entry('past', { time: '2026-01-01T23:00:00Z' }),
    entry('to come', { time: '2999-01-01T00:00:00Z' }),
    entry('nonsense', { time: 'yesterday' }),
  ]
  await api.send('POST', LOG, { body: { logs } })
  const page = (await api.send('GET', LOG)).json as Page
  assert.deepEqual(
    page.logs.map(({ message, time }) => [message, time]),
    [
      ['nonsense', '2026-01-02T00:00:00.000Z'],
      ['to come', '2026-01-02T00:00:00.000Z'],
      ['past', '2026-01-01T23:00:00.000Z'],
    ],
  )
})

test('secrets are masked, long messages cut, and the oldest forgotten', async (t) => {
  const { api, clock, documents, restarted } = await openDesk(t)
  const logs = [entry('password hunter22 refused'), entry('x'.repeat(10_000))]
  await api.send('POST', LOG, { body: { logs } })
  const [long, masked] = ((await api.send('GET', LOG)).json as Page).logs
  assert.equal(masked?.message, 'password *** refused')
  assert.equal(long?.message.length, 4096)
  const again = (await restarted()).logs.list({})
  assert.equal(again.length, 2)
  clock.nowMs += 121 * HOUR_MS
  assert.equal(((await api.send('GET', LOG)).json as Page).totalCount, 0)
  await api.send('POST', LOG, { body: { logs: [entry('new')] } })
  assert.equal((await documents.list('integration-log')).length, 1)
})

test('bad entries are refused as a whole, and logs can be forgotten', async (t) => {
  const { api } = await openDesk(t)
  for (const body of [{}, { logs: 'x' }, { logs: [entry('good'), { message: 'no id' }] }, []]) {
    assert.equal((await api.send('POST', LOG, { body })).status, 400)
  }
  assert.equal((await api.send('GET', `${LOG}?fromTime=never`)).status, 400)
  assert.equal(((await api.send('GET', LOG)).json as Page).totalCount, 0)
  await api.send('POST', LOG, { body: { logs: [entry('a'), entry('b', { integrationid: 'i2' })] } })
  assert.deepEqual((await api.send('DELETE', `${LOG}?integrationId=i1`)).json, {})
  const page = (await api.send('GET', LOG)).json as Page
  assert.deepEqual(
    page.logs.map(({ message }) => message),
    ['b'],
  )
})
