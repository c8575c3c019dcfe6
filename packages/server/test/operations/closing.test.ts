import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import fastify from 'fastify'
import { CLOSING_LIMIT_MS, createClosing } from '../../src/operations/closing.ts'
import { drain } from '../../src/operations/drain.ts'

test('what is pushed is undone in reverse; what throws or hangs is said and left behind', async () => {
  const told: string[] = []
  const said: object[] = []
  // The clock says that the time of all together is over, so that a hang costs half a second here.
  let nowMs = 0
  const clock = {
    nowMs: () => {
      nowMs += CLOSING_LIMIT_MS
      return nowMs
    },
  }
  const closing = createClosing({ clock, log: { warn: (data) => void said.push(data) } })
  closing.push(() => void told.push('store'))
  closing.push(function hangs() {
    told.push('executor')
    return new Promise(() => {})
  })
  closing.push(
    () => Promise.reject(new Error('broken')),
    () => void told.push('listener'),
  )
  await Promise.all([closing.close(), closing.close()])
  await closing.close()
  assert.deepEqual(told, ['listener', 'executor', 'store'])
  assert.equal(said.length, 2)
  assert.match(JSON.stringify(said[1]), /"part":"hangs"/)
})

async function aServer() {
  const app = fastify({ logger: false, forceCloseConnections: 'idle' })
  const slow = Promise.withResolvers<string>()
  const arrived = Promise.withResolvers<void>()
  app.get('/slow', async () => {
    arrived.resolve()
    return await slow.promise
  })
  app.get('/quick', () => 'quick')
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, url, slow, arrived }
}

test('requests under way are answered, new ones find nobody', async () => {
  const { app, url, slow, arrived } = await aServer()
  assert.equal(await (await fetch(`${url}/quick`)).text(), 'quick')
  const answer = fetch(`${url}/slow`).then((response) => response.text())
  await arrived.promise
  const drained = drain(app, { warn: () => assert.fail('nothing had to be cut off') })
  await assert.rejects(once(connect(Number(new URL(url).port), '127.0.0.1'), 'connect'))
  slow.resolve('late')
  assert.equal(await answer, 'late')
  await drained
})

test('a client that never ends is cut off', async () => {
  const { app, url, arrived } = await aServer()
  const answer = fetch(`${url}/slow`)
  const rejected = assert.rejects(answer)
  await arrived.promise
  const said: string[] = []
  await drain(app, { warn: (_data, message) => void said.push(message) }, 100)
  await rejected
  assert.equal(said.length, 1)
})
