import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startComposed, TOKEN } from '../api/composed-server.ts'
import { base64, SHIPYARD } from '../api/house.ts'
import { send } from '../api/test-api.ts'
import { openSse } from './sse-reader.ts'

const STREAM = '/api/tiphys/v1/projects/shop/events/stream'

test('a restart is a pause: the reader goes on where it was', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-streams-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const type = 'sh.keptn.event.dev.delivery.triggered'
  const data = { project: 'shop', stage: 'dev', service: 'carts' }
  const options = { token: TOKEN }
  const trigger = (url: string) =>
    send(url, 'POST', '/api/v1/event', { ...options, body: { type, source: 't', data } })

  const first = await startComposed(folder)
  const shop = { name: 'shop', shipyard: base64(SHIPYARD) }
  const project = '/api/controlPlane/v1/project'
  await send(first.url, 'POST', project, { ...options, body: shop })
  const service = { serviceName: 'carts' }
  await send(first.url, 'POST', `${project}/shop/service`, { ...options, body: service })
  const reader = await openSse(first.url + STREAM, options)
  await trigger(first.url)
  await reader.events(2)
  await first.close()
  await reader.ended
  assert.equal(reader.frames.at(-1)?.comment, 'the server is stopping; connect again')

  const second = await startComposed(folder)
  t.after(second.close)
  await trigger(second.url)
  const back = await openSse(second.url + STREAM, { ...options, lastEventId: reader.lastId() })
  const fromStart = await openSse(`${second.url}${STREAM}?from=beginning`, options)
  // The lane is taken: of the second run there is no more than its beginning.
  await back.events(1)
  const before = reader.eventIds()
  await fromStart.events(before.length + 1)
  assert.deepEqual([...before, ...back.eventIds()], fromStart.eventIds())
  back.close()
  fromStart.close()
})
