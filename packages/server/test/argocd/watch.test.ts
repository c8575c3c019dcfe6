import { strict as assert } from 'node:assert'
import type http from 'node:http'
import { test } from 'node:test'
import { createArgoCdClient } from '../../src/adapters/argocd/client.ts'
import { StreamReader } from '../../src/adapters/argocd/event-stream.ts'
import type { WatchNews } from '../../src/ports/argocd.ts'
import { virtualClock } from '../simulation/virtual-clock.ts'
import { startStub } from './stub-server.ts'

function change(name: string, type = 'MODIFIED'): string {
  return JSON.stringify({
    result: { type, application: { metadata: { name, namespace: 'argocd' } } },
  })
}

test('the stream is cut into messages wherever the network cuts it', () => {
  const text = `data: ${change('carts')} \n\n:\n\ndata: ${change('größe')}\n\n${change('plain')}\n`
  for (let size = 1; size < 40; size += 7) {
    const reader = new StreamReader()
    const names: string[] = []
    for (let at = 0; at < text.length; at += size) {
      for (const item of reader.push(text.slice(at, at + size))) {
        names.push(item.code === 'changed' ? `${item.namespace}/${item.name}` : item.code)
      }
    }
    assert.deepEqual(names, ['argocd/carts', 'argocd/größe', 'argocd/plain'])
  }
})

test('an error in the stream and a broken line are told apart from changes', () => {
  const reader = new StreamReader()
  const error = { error: { grpc_code: 16, http_code: 401, message: 'token is expired' } }
  assert.deepEqual(reader.push(`data: ${JSON.stringify(error)}\n`), [
    { code: 'error', grpcCode: 16, words: 'token is expired' },
  ])
  assert.deepEqual(reader.push('data: {"half": \n'), [{ code: 'unreadable' }])
})

test('it wakes on changes, notices silence, reconnects with back-off and ends with the signal', async () => {
  const streams: http.ServerResponse[] = []
  await using stub = await startStub(() => ({
    handle: (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      streams.push(response)
    },
  }))
  const clock = virtualClock(1_000_000)
  const argocd = createArgoCdClient({
    connection: { name: 'default', url: stub.url, token: 't' },
    clock,
  })
  const stop = new AbortController()
  const news = argocd.watch(stop.signal)[Symbol.asyncIterator]()
  const next = async (): Promise<WatchNews> => {
    const { value, done } = await news.next()
    assert.equal(done, false)
    return value
  }

  assert.deepEqual(await next(), { code: 'connected' })
  assert.equal(stub.seen[0]?.headers.accept, 'text/event-stream')
  streams[0]?.write(`data: ${change('carts')}\n\n`)
  assert.deepEqual(await next(), { code: 'changed', name: 'carts', namespace: 'argocd' })

  // A comment line puts the silence off.
  const beforeKeepAlive = next()
  clock.jump(40_000)
  streams[0]?.write(`:\n\ndata: ${change('orders')}\n\n`)
  assert.equal((await beforeKeepAlive).code, 'changed')
  const silent = next()
  assert.ok(clock.step(clock.nowMs() + 45_000))
  const lost = await silent
  assert.ok(lost.code === 'disconnected')
  assert.match(lost.failure.message, /cannot watch applications on Argo CD default: nothing heard/)

  const again = next()
  await waitFor(() => clock.pendingTimers() > 0)
  clock.step(clock.nowMs() + lost.reconnectInMs)
  assert.deepEqual(await again, { code: 'connected' })
  const refused = next()
  const error = { error: { grpc_code: 16, message: 'token is expired' } }
  streams[1]?.write(`data: ${JSON.stringify(error)}\n\n`)
  const told = await refused
  assert.ok(told.code === 'disconnected')
  assert.equal(told.failure.code, 'unauthenticated')
  assert.ok(told.reconnectInMs >= lost.reconnectInMs)

  const end = news.next()
  stop.abort()
  assert.equal((await end).done, true)
  assert.equal(clock.pendingTimers(), 0)
})

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}
