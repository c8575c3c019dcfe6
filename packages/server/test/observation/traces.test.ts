import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { spanIdOf, traceIdOf } from '../../src/observation/traces/span.ts'
import { until } from '../end-to-end/until.ts'
import { type ObservedServer, openObservedServer, sample } from './observed-server.ts'
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from './otlp-receiver.ts'

const SECRET = 'header-secret-of-the-collector'
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const ERROR = 2

describe('traces', () => {
  let collector: OtlpReceiver
  let server: ObservedServer
  before(async () => {
    collector = await startOtlpReceiver()
    server = await openObservedServer({
      traces: {
        url: `${collector.endpoint}/v1/traces`,
        headers: { 'x-collector-key': SECRET },
        resource: { 'service.name': 'tiphys-under-test', 'deployment.environment.name': 'test' },
      },
    })
  })
  after(async () => {
    await server[Symbol.asyncDispose]()
    await collector[Symbol.asyncDispose]()
  })

  async function answer(context: string, task: string, result: string, message = '') {
    const triggeredId = await server.client.openTask(context, task)
    await server.client.report(triggeredId, { result, message })
  }
  /** A delivery that fails, with the rollback that follows. */
  async function delivery(message = '', headers = {}): Promise<string> {
    const context = await server.client.trigger({ headers })
    await answer(context, 'deployment', 'fail', message)
    await answer(context, 'rollback', 'pass')
    await server.client.ended(context)
    return context
  }
  /** Until the four spans of a delivery are there. */
  function received(context: string): Promise<readonly ReceivedSpan[]> {
    return until(`the spans of ${context}`, () => {
      const found = collector.spans.filter((span) => span.traceId === traceIdOf(context))
      return new Set(found.map((span) => span.spanId)).size === 4 ? found : undefined
    })
  }

  it('arrive at the collector, one for each run and task, below one another', async () => {
    const context = await delivery(`it broke on ${SECRET}`, { traceparent: TRACEPARENT })
    const spans = await received(context)
    assert.equal(spans.length, 4)
    const { runs } = await server.client.context(context)
    const root = spans.find((span) => span.name === 'staging.delivery')
    assert.ok(root)
    assert.equal(root.parentSpanId, '', JSON.stringify([runs.map(({ id }) => id), spans]))
    assert.equal(root.spanId, spanIdOf(runs[0]?.id ?? ''))
    assert.equal(root.status.code, ERROR)
    assert.deepEqual(
      root.links.map(({ traceId, spanId }) => [traceId, spanId]),
      [['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']],
    )
    const deployment = spans.find((span) => span.name === 'deployment')
    assert.equal(deployment?.parentSpanId, root.spanId)
    assert.equal(deployment?.attributes['tiphys.result'], 'fail')
    assert.equal(deployment?.attributes['tiphys.project'], 'shop')
    assert.equal(deployment?.attributes['tiphys.attempt'], 1)
    assert.equal(deployment?.status.message, 'it broke on ***')
    assert.ok(BigInt(root.endTimeUnixNano) >= BigInt(deployment?.endTimeUnixNano ?? '0'))
    const rollback = spans.find((span) => span.name === 'staging.rollback')
    assert.equal(rollback?.parentSpanId, root.spanId)
    assert.equal(root.resource['service.name'], 'tiphys-under-test')
    assert.equal(root.resource['deployment.environment.name'], 'test')
    assert.equal(collector.headers['x-collector-key'], SECRET)
    assert.ok(server.lines.some(({ data }) => data['traceId'] === traceIdOf(context)))
  })

  it('lose nothing and double nothing when the server restarts in the middle', async () => {
    const context = await server.client.trigger()
    await answer(context, 'deployment', 'fail')
    await server.restart()
    await answer(context, 'rollback', 'pass')
    await server.client.ended(context)
    await received(context)
    await server.restart()
    const later = await delivery()
    await received(later)
    const ofBoth = collector.spans.filter((span) => span.traceId === traceIdOf(context))
    assert.equal(ofBoth.length, 4, 'what was exported before the stop is not exported again')
  })

  it('wait for a collector that is away, while the engine goes on', async () => {
    await collector.goAway()
    const missed = await delivery()
    await until('a try that failed', async () => {
      const failures = sample(await server.page(), 'tiphys_trace_export_failures_total')
      return failures !== undefined && failures > 0 ? true : undefined
    })
    await server.restart()
    const alsoMissed = await delivery()
    await collector.comeBack()
    await received(missed)
    await received(alsoMissed)
    const away = server.lines.filter(({ message }) => /collector cannot be reached/.test(message))
    assert.ok(away.length >= 1)
    assert.ok(away.every(({ level }) => level === 'warn'))
  })

  it('give up what the collector refuses, and go on with the next', async () => {
    collector.answerWith(400)
    const refused = await delivery()
    const seen = await until('a refusal', async () => {
      const page = await server.page()
      return sample(page, 'tiphys_trace_runs_total', { outcome: 'rejected' }) === 2
        ? page
        : undefined
    })
    collector.answerWith(200)
    assert.equal(sample(seen, 'tiphys_trace_behind_rows') !== undefined, true)
    await received(await delivery())
    assert.ok(collector.spans.every((span) => span.traceId !== traceIdOf(refused)))
  })
})
