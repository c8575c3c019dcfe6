import { strict as assert } from 'node:assert'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { createFrameReader } from '../src/client/sse-frames.ts'
import { CONTEXT, PROJECT, run, timelineOf } from './fake-project.ts'
import { startFakeServer } from './fake-server.ts'
import { createCli } from './run-cli.ts'

const EVENTS = '/api/mongodb-datastore/event'
const STREAM = '/api/tiphys/v1/projects/shop/events/stream'
const CONTEXT_PATH = `/api/tiphys/v1/contexts/${CONTEXT}`

function event(id: string, type = 'test.started') {
  return {
    id,
    type: `sh.keptn.event.${type}`,
    source: 'here',
    specversion: '1.0',
    time: '2026-01-02T15:04:05.000Z',
    shkeptncontext: CONTEXT,
    data: { project: 'shop', stage: 'dev', service: 'carts' },
  }
}

function frame(id: string, name = 'keptn'): string {
  return `id: cursor-${id}\nevent: ${name}\ndata: ${JSON.stringify(event(id))}\n\n`
}

test('however a stream is cut into pieces, its frames are the same', () => {
  const text = [
    ': a comment\r\nid: 1\r\n\r\n',
    frame('2'),
    'data: one\ndata:two\n\n',
    'event: end\rdata\r\r',
    ': nothing\n\n',
    'retry: 5\n\n',
    'data: not over',
  ].join('')
  const whole = createFrameReader()(text)
  assert.deepEqual(
    whole.map(({ event: name, id }) => [name, id]),
    [
      ['message', '1'],
      ['keptn', 'cursor-2'],
      ['message', undefined],
      ['end', undefined],
    ],
  )
  assert.equal(whole[2]?.data, 'one\ntwo')
  for (let first = 0; first <= text.length; first++) {
    for (let second = first; second <= text.length; second += STEP) {
      const read = createFrameReader()
      const pieces = [text.slice(0, first), text.slice(first, second), text.slice(second)]
      assert.deepEqual(pieces.flatMap(read), whole)
    }
  }
})

/** Every place for the first cut, every seventh for the second. */
const STEP = 7

test('get events --watch streams, and goes on behind its last event after a restart', async (t) => {
  let connections = 0
  const streamAfter = (cursor: string) => (response: ServerResponse) => {
    connections += 1
    const last = Number(cursor.replace('cursor-', ''))
    const frames = [1, 2, 3, 4].filter((id) => id > last).map((id) => frame(`${id}`))
    const text = `: open\nid: ${cursor}\n\n${frames.join('')}`
    // The first connection breaks in the middle of the third event; what was read before is the kernel's choice.
    if (connections > 1) response.write(text)
    else response.write(text.slice(0, text.indexOf('"id":"3"')), () => response.socket?.destroy())
  }
  const server = await startFakeServer(t, {
    [`GET ${EVENTS}`]: {
      body: { events: [event('1'), event('0')], nextPageKey: '0', pageSize: 20, totalCount: 2 },
    },
    [`GET ${STREAM}`]: ({ headers }) => ({
      stream: streamAfter(String(headers['last-event-id'] ?? 'cursor-0')),
    }),
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const watching = cli.start(['get', 'events', '--project=shop', '--stage=dev', '--watch'])
  await watching.printed('"id":"4"')
  watching.process.kill('SIGINT')
  const { stdout, stderr } = await watching.ended
  const ids = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).id)
  assert.deepEqual(ids, ['0', '1', '2', '3', '4'])
  assert.equal(stderr, `cannot reach ${server.url}: the connection was closed; still trying\n`)
  const asked = server.of('GET', STREAM)
  assert.deepEqual(
    asked.map(({ path }) => path.split('?')[1]),
    ['stage=dev', 'stage=dev'],
  )
  assert.equal(asked[0]?.headers['last-event-id'], undefined)
  assert.match(String(asked[1]?.headers['last-event-id']), /^cursor-[0-2]$/)
  assert.equal(asked[0]?.headers['x-token'], 'secret')
  assert.equal(server.of('GET', EVENTS).length, 1)
})

test('where the server has no streams, or no room for one, it is polled', async (t) => {
  for (const status of [404, 503]) {
    let looks = 0
    const server = await startFakeServer(t, {
      [`GET ${EVENTS}`]: () => {
        looks += 1
        const events = looks === 1 ? [event('1')] : [event('2'), event('1')]
        return { body: { events, nextPageKey: '0', pageSize: 20, totalCount: 2 } }
      },
      [`GET ${STREAM}`]: { status, body: { code: status, message: 'no streams' } },
    })
    const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
    const args = ['get', 'events', '--project=shop', '--watch', '--watch-time=3s', '-o', 'json']
    const { code, stdout, stderr } = await cli.run(args)
    assert.deepEqual([code, stderr], [0, ''])
    const ids = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id)
    assert.deepEqual(ids, ['1', '2'])
  }
})

test('a token that is not valid any more ends the watching with its sentence', async (t) => {
  let asked = 0
  const server = await startFakeServer(t, {
    [`GET ${EVENTS}`]: { body: { events: [], nextPageKey: '0', pageSize: 20, totalCount: 0 } },
    [`GET ${STREAM}`]: () => {
      asked += 1
      return asked === 1 ? { stream: (response) => response.end() } : { status: 401 }
    },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const { code, stderr } = await cli.run(['get', 'events', '--project=shop', '--watch'])
  assert.equal(code, 2)
  assert.match(stderr, /the server does not know this token/)
})

test('--wait looks when the stream tells news, and seldom otherwise', async (t) => {
  const started = run({ stage: 'staging', tasks: [{ name: 'test', from: 0 }] })
  const passed = run({ stage: 'staging', to: 9, tasks: [{ name: 'test', from: 0, to: 8 }] })
  const state = { runs: [started], stream: undefined as ServerResponse | undefined }
  const looked: number[] = []
  const server = await startFakeServer(t, {
    'GET /api/controlPlane/v1/project/shop': { body: PROJECT },
    'POST /api/v1/event': { body: { keptnContext: CONTEXT } },
    [`GET ${CONTEXT_PATH}`]: () => {
      looked.push(Date.now())
      return { body: timelineOf(state.runs) }
    },
    [`GET ${CONTEXT_PATH}/events/stream`]: {
      stream: (response) => {
        state.stream = response
        response.write(': open\nid: cursor-0\n\n')
      },
    },
  })
  const cli = createCli(t, { TIPHYS_ENDPOINT: server.url, TIPHYS_API_TOKEN: 'secret' })
  const args = ['trigger', 'delivery', '--project=shop', '--service=carts', '--image=a:1', '--wait']
  const waiting = cli.start(args)
  await waiting.printed('test triggered')
  // Polling once a second would have looked three times more.
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
  const before = looked.length
  assert.ok(before <= 3, `${before} looks in ${QUIET_MS} ms without news`)
  state.runs = [passed]
  const toldMs = Date.now()
  state.stream?.write(frame('finished'))
  const { code } = await waiting.ended
  assert.equal(code, 0)
  assert.equal(looked.length, before + 1)
  assert.ok((looked.at(-1) ?? 0) - toldMs < 1_000)
  assert.equal(
    server.of('GET', `${CONTEXT_PATH}/events/stream`)[0]?.path.split('?')[1],
    'project=shop&from=now&keptnOnly=false',
  )
})

const QUIET_MS = 2_500
