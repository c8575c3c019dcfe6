import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '../end-to-end/until.ts'
import { type LoggedLine, type ObservedServer, openObservedServer } from './observed-server.ts'

const PLACE = { project: 'shop', stage: 'staging', service: 'carts', sequence: 'delivery' }
const REQUEST_ID = 'ci-job-4711.retry-2'

describe('the log of a server', () => {
  let server: ObservedServer
  let context: string
  before(async () => {
    server = await openObservedServer()
    const headers = { 'x-request-id': REQUEST_ID }
    context = await server.client.trigger({ headers })
    const report = async (task: string, result: string, message = '') => {
      const triggeredId = await server.client.openTask(context, task)
      await server.client.report(triggeredId, { result, message })
    }
    await report('deployment', 'pass')
    await report('evaluation', 'warning', 'rt_p95 was 512 ms')
    await server.client.openTask(context, 'approval')
  })
  after(async () => await server[Symbol.asyncDispose]())

  const ofContext = () => server.lines.filter(({ data }) => data['context'] === context)

  it('has one line for each run that is over: how it ended, how long it took, and why', () => {
    const ended = ofContext().filter(({ message }) => message.startsWith('run ended'))
    const [line] = ended
    assert.equal(ended.length, 1)
    assert.ok(line)
    assert.equal(line.level, 'info')
    assert.equal(line.message, 'run ended: warning')
    const { durationMs, runId, ...told } = line.data
    assert.ok(typeof durationMs === 'number' && durationMs > 0)
    assert.ok(typeof runId === 'string')
    const why = { result: 'warning', cause: 'completed', reason: 'rt_p95 was 512 ms' }
    assert.deepEqual(told, { context, ...PLACE, ...why })
  })

  it('says of every line about a run which run that is', async () => {
    const begins = await until('the approval to be with its executor', () =>
      ofContext().find(
        ({ message, data }) => message === 'executor ended' && data['task'] === 'approval',
      ),
    )
    assert.equal(begins.data['stage'], 'production')
    assert.equal(begins.data['outcome'], 'left-open')
    const about = server.lines.filter(({ data }) => 'runId' in data)
    assert.ok(about.length >= 3)
    for (const { data, message } of about) {
      for (const field of ['context', 'project', 'stage', 'service', 'sequence']) {
        assert.equal(typeof data[field], 'string', `${message}: ${field}`)
      }
    }
  })

  it('ties a context to the request that began it, at debug', () => {
    const line = (message: string): LoggedLine | undefined =>
      server.lines.find((one) => one.message === message && one.data['requestId'] === REQUEST_ID)
    const accepted = line('event accepted')
    assert.equal(accepted?.level, 'debug')
    assert.equal(accepted?.data['context'], context)
    assert.equal(accepted?.data['type'], 'sh.keptn.event.staging.delivery.triggered')
    const request = line('request')
    assert.equal(request?.data['url'], '/api/v1/event')
    assert.equal(request?.data['status'], 200)
    assert.equal(typeof request?.data['by'], 'string')
  })

  it('names no trace where none is exported', () => {
    assert.ok(server.lines.every(({ data }) => !('traceId' in data)))
  })
})

it('takes the id of a request from whoever sends it, when it can stand in a log', async () => {
  await using server = await openObservedServer()
  const idFor = async (given: string) => {
    const answer = await server.client.ask('GET', '/healthz', {
      headers: { 'x-request-id': given },
    })
    return answer.headers.get('x-request-id') ?? ''
  }
  const longest = 'a'.repeat(64)
  for (const good of [REQUEST_ID, longest, '0af7651916cd43dd8448eb211c80319c']) {
    assert.equal(await idFor(good), good)
  }
  for (const bad of [
    'short',
    `${longest}a`,
    'with space in it',
    'quote"quote"',
    '-begins-with-dash',
  ]) {
    assert.match(await idFor(bad), /^[0-9a-f-]{36}$/, bad)
  }
})
