import { setTimeout as delay } from 'node:timers/promises'
import { ShownEvent } from '@tiphys/contract/http/keptn-event-store.ts'
import { ServerRefusedError, ServerUnreachableError } from './errors.ts'
import type { Event } from './events.ts'
import type { HttpClient } from './http-client.ts'
import { createFrameReader } from './sse-frames.ts'

/** What a reader of a stream learns, in order. */
export type StreamNews =
  /** Connected, for the first time or again: nothing was missed. */
  | { readonly code: 'open' }
  | { readonly code: 'event'; readonly event: Event }
  /** The connection is gone and is tried again. */
  | { readonly code: 'away'; readonly message: string }
  /** The server has no such stream, or no room for one: poll. */
  | { readonly code: 'unavailable' }

export type StreamRequest = {
  readonly path: string
  readonly query: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

/** Events of Keptn, and facts of ours where they are asked for. */
const KINDS = ['keptn', 'dev.tiphys']
const RETRY_MS = 2_000
/** Three signs of life of the server; whoever says nothing for longer is gone, whatever the connection says. */
const SILENCE_MS = 45_000
const NOT_FOUND = 404
const INVALID = 400
const TOO_MANY_REQUESTS = 429
const SERVER_ERROR = 500

/**
 * Follows a stream of events until the signal aborts, over restarts of the server: each time it goes on behind the last event it had. Throws
 * ServerRefusedError when the server does not want us any more (the token was revoked, the project deleted).
 */
export async function* followEvents(
  client: HttpClient,
  request: StreamRequest,
): AsyncGenerator<StreamNews, void> {
  const { signal } = request
  let cursor: string | undefined
  let wasOpen = false
  while (!signal.aborted) {
    try {
      for await (const news of connect(client, request, cursor)) {
        if ('cursor' in news) cursor = news.cursor
        else yield news
        wasOpen = true
      }
      yield { code: 'away', message: 'the server closed the stream' }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ServerRefusedError && !wasOpen && isUnavailable(error)) {
        yield { code: 'unavailable' }
        return
      }
      if (error instanceof ServerRefusedError && error.status === INVALID && cursor !== undefined) {
        // Another log than the one that the cursor is of: a backup was restored.
        cursor = undefined
      } else if (!isPassing(error)) throw error
      yield { code: 'away', message: error instanceof Error ? error.message : String(error) }
    }
    await delay(RETRY_MS, undefined, { signal }).catch(() => undefined)
  }
}

type Arrival = Extract<StreamNews, { code: 'open' | 'event' }> | { readonly cursor: string }

async function* connect(
  client: HttpClient,
  { path, query, signal }: StreamRequest,
  cursor: string | undefined,
): AsyncGenerator<Arrival, void> {
  const silence = new AbortController()
  const alarm = setTimeout(() => silence.abort(), SILENCE_MS)
  try {
    const pieces = await client.stream({
      path,
      query,
      headers: cursor === undefined ? {} : { 'last-event-id': cursor },
      signal: AbortSignal.any([signal, silence.signal]),
    })
    const read = createFrameReader()
    let isOpen = false
    for await (const piece of pieces) {
      alarm.refresh()
      for (const frame of read(piece)) {
        if (KINDS.includes(frame.event)) {
          const event = ShownEvent.safeParse(parsed(frame.data))
          if (event.success) yield { code: 'event', event: event.data }
        }
        if (frame.id !== undefined) yield { cursor: frame.id }
        // Not before there is a cursor: without one, a connection that broke at once would go on somewhere else.
        if (!isOpen) yield { code: 'open' }
        isOpen = true
      }
    }
  } finally {
    clearTimeout(alarm)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isUnavailable({ status }: ServerRefusedError): boolean {
  return status === NOT_FOUND || status === TOO_MANY_REQUESTS || status >= SERVER_ERROR
}

function isPassing(error: unknown): boolean {
  if (error instanceof ServerUnreachableError) return true
  if (!(error instanceof ServerRefusedError)) return false
  return error.status === TOO_MANY_REQUESTS || error.status >= SERVER_ERROR
}
