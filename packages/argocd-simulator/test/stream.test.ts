import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Simulator } from '../src/simulator.ts'
import { AUTO_SYNC, eventually, isHealthy, startSimulation, until } from './support/simulation.ts'

/** Reads a stream in the background. */
async function openStream(simulator: Simulator, query: string, accept?: string) {
  const aborting = new AbortController()
  const response = await fetch(`${simulator.url}/api/v1/stream/applications${query}`, {
    headers: {
      authorization: `Bearer ${simulator.token}`,
      ...(accept === undefined ? {} : { accept }),
    },
    signal: aborting.signal,
  })
  const stream = { response, text: '' }
  const read = (async () => {
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) stream.text += decoder.decode(chunk)
  })().catch(() => undefined)
  return {
    stream,
    ended: read,
    async [Symbol.asyncDispose]() {
      aborting.abort()
      await read
    },
  }
}

test('server-sent events begin with what is there and have a keepalive', async () => {
  await using simulation = await startSimulation({
    simulator: { timingPreset: 'fast', traps: { lostWatchEvents: 0 }, timing: { keepAliveMs: 50 } },
  })
  const { simulator } = simulation
  await simulator.settled()
  await using opened = await openStream(simulator, '', 'text/event-stream')
  const { stream } = opened
  assert.equal(stream.response.headers.get('content-type'), 'text/event-stream')
  await eventually(
    () => stream.text,
    (text) => /\n:\n/.test(text),
  )
  const [first] = stream.text.split('\n\n')
  const event = JSON.parse(first?.replace('data: ', '') ?? '')
  assert.equal(event.result.type, 'ADDED')
  assert.equal(event.result.application.metadata.name, 'carts')
  assert.equal(event.result.application.status.resources[0].health.status, 'Missing')
  await simulator.close()
  await opened.ended
})

test('lines of JSON, from a resourceVersion on, with fields, and no repeats', async () => {
  await using simulation = await startSimulation()
  const { simulator, api } = simulation
  await simulator.settled()
  const list = await api('GET', '/api/v1/applications')
  const fields =
    'result.type,result.application.metadata.name,result.application.status.health.status'
  await using opened = await openStream(
    simulator,
    `?resourceVersion=${list.body.metadata.resourceVersion}&fields=${fields}`,
  )
  const { stream } = opened
  assert.equal(stream.response.headers.get('content-type'), 'application/json')
  await api('POST', '/api/v1/applications/carts/sync', { body: { project: 'shop' } })
  await until(simulator, isHealthy)
  await simulator.removeApplication('carts')
  await eventually(
    () => stream.text,
    (text) => text.includes('DELETED'),
  )
  const lines = stream.text.trim().split('\n')
  assert.deepEqual(JSON.parse(lines.at(-1) ?? ''), {
    result: {
      type: 'DELETED',
      application: { metadata: { name: 'carts' }, status: { health: { status: 'Healthy' } } },
    },
  })
  assert.ok(lines.every((line, index) => line !== lines[index - 1]))
  assert.ok(lines.every((line) => JSON.parse(line).result.type !== 'ADDED'))
})

test('a stream tells only what its caller asked for and may see, and may lose events', async () => {
  await using simulation = await startSimulation({
    spec: AUTO_SYNC,
    simulator: {
      timingPreset: 'fast',
      traps: { lostWatchEvents: 1 },
      tokens: [
        { token: 'all', username: 'admin' },
        { token: 'none', username: 'stranger', rbac: [{ project: 'other', actions: ['get'] }] },
      ],
    },
  })
  const { simulator } = simulation
  await until(simulator, isHealthy)
  await using named = await openStream(simulator, '?name=carts&resourceVersion=1')
  await using elsewhere = await openStream(simulator, '?projects=other')
  await eventually(
    () => named.stream.text,
    (text) => text.includes('"ADDED"'),
  )
  simulator.refreshNow('carts')
  await simulator.settled()
  assert.equal(named.stream.text.trim().split('\n').length, 1)
  assert.equal(elsewhere.stream.text, '')
  const stranger = await fetch(`${simulator.url}/api/v1/applications`, {
    headers: { authorization: 'Bearer none' },
  })
  assert.equal(((await stranger.json()) as { items: unknown }).items, null)
  const selector = await fetch(`${simulator.url}/api/v1/stream/applications?selector=a%20b`, {
    headers: { authorization: 'Bearer all' },
  })
  assert.equal(selector.status, 400)
  await selector.text()
})

test('a cut connection ends the stream and a new one begins again', async () => {
  await using simulation = await startSimulation()
  const { simulator } = simulation
  await using first = await openStream(simulator, '', 'text/event-stream')
  simulator.cutConnections()
  await first.ended
  await using second = await openStream(simulator, '', 'text/event-stream')
  await eventually(
    () => second.stream.text,
    (text) => text.includes('"ADDED"'),
  )
})
