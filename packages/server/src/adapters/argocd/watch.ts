import { StringDecoder } from 'node:string_decoder'
import type { ArgoCdFailure, WatchNews } from '../../ports/argocd.ts'
import type { Clock } from '../../ports/clock.ts'
import { StreamReader } from './event-stream.ts'
import { codeOfGrpc, type Doing, failure, failureOfError } from './failure.ts'
import type { Transport } from './transport.ts'

/** A comment line comes every 15 s; three of them missing means that nobody is there. */
const SILENCE_MS = 45_000
const FIRST_BACK_OFF_MS = 1_000
const MAX_BACK_OFF_MS = 60_000
/** A connection that lived this long was a good one: the next back-off begins anew. */
const GOOD_CONNECTION_MS = 60_000

/**
 * Which fields a change carries. Argo CD drops a message that is equal to the one before it, so there must be something in it that
 * changes with every write.
 */
const FIELDS = [
  'result.type',
  'result.application.metadata.name',
  'result.application.metadata.namespace',
  'result.application.metadata.resourceVersion',
].join(',')

export type WatchParts = {
  readonly transport: Transport
  readonly clock: Clock
  readonly instance: string
}

/** See `ArgoCd.watch`. */
export async function* watchApplications(
  parts: WatchParts,
  signal: AbortSignal,
): AsyncGenerator<WatchNews> {
  const { clock } = parts
  let backOffMs = FIRST_BACK_OFF_MS
  while (!signal.aborted) {
    const beganMs = clock.nowMs()
    const ended = yield* connection(parts, signal)
    if (signal.aborted) return
    if (clock.nowMs() - beganMs >= GOOD_CONNECTION_MS) backOffMs = FIRST_BACK_OFF_MS
    yield { code: 'disconnected', failure: ended, reconnectInMs: backOffMs }
    try {
      await clock.sleep(backOffMs, signal)
    } catch {
      return
    }
    backOffMs = Math.min(backOffMs * 2, MAX_BACK_OFF_MS)
  }
}

/** One connection, from open to end; returns why it ended. */
async function* connection(
  { transport, clock, instance }: WatchParts,
  signal: AbortSignal,
): AsyncGenerator<WatchNews, ArgoCdFailure> {
  const doing: Doing = { instance, what: 'watch applications' }
  const silence = new AbortController()
  const either = AbortSignal.any([signal, silence.signal])
  let cancelSilence = clock.at(clock.nowMs() + SILENCE_MS, () => silence.abort())
  const heard = () => {
    cancelSilence()
    cancelSilence = clock.at(clock.nowMs() + SILENCE_MS, () => silence.abort())
  }
  try {
    const opened = await transport.open(
      {
        doing,
        method: 'GET',
        path: '/api/v1/stream/applications',
        query: { fields: FIELDS },
        accept: 'text/event-stream',
      },
      either,
    )
    if (opened.code !== 'ok') return opened
    yield { code: 'connected' }
    const reader = new StreamReader()
    const decoder = new StringDecoder('utf8')
    for await (const chunk of opened.value) {
      heard()
      for (const item of reader.push(decoder.write(chunk as Buffer))) {
        if (item.code === 'changed') yield item
        else if (item.code === 'error') {
          return failure(doing, codeOfGrpc(item.grpcCode, item.words), item.words)
        } else return failure(doing, 'unexpected-answer', 'a message of the stream is not JSON')
      }
    }
    return failure(doing, 'unreachable', 'the stream ended')
  } catch (error) {
    if (silence.signal.aborted) {
      return failure(doing, 'unreachable', `nothing heard for ${SILENCE_MS / 1_000} s`)
    }
    return failureOfError(doing, error)
  } finally {
    cancelSilence()
    silence.abort()
  }
}
