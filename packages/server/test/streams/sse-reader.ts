import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** One frame of an event stream, as it came. */
export type Frame = {
  readonly id?: string
  readonly event?: string
  readonly data?: unknown
  readonly comment?: string
  readonly retry?: string
}

/** A client of event streams that does by hand what a browser does, and can stop reading. */
export type SseReader = {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** The answer, when it is no stream. */
  readonly refusal: string
  /** Everything that came so far. */
  readonly frames: readonly Frame[]
  /** The events among them, by their ids. */
  eventIds(): string[]
  lastId(): string | undefined
  /** Resolves when a frame is as wanted; rejects when the stream ends without it. */
  until(wanted: (frame: Frame) => boolean): Promise<Frame>
  /** Resolves when so many events came. */
  events(count: number): Promise<readonly Frame[]>
  /** Resolves when the server or `close` ended it. */
  readonly ended: Promise<void>
  pause(): void
  resume(): void
  close(): void
}

export type SseOptions = {
  readonly token?: string
  readonly lastEventId?: string | undefined
  readonly method?: 'GET' | 'HEAD'
  /** Reads nothing until `resume`. */
  readonly paused?: boolean
}

export async function openSse(url: string, options: SseOptions = {}): Promise<SseReader> {
  const { token = 'admin', lastEventId, method = 'GET' } = options
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(url, {
      method,
      agent: false,
      headers: {
        'x-token': token,
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
    })
    outgoing.on('response', resolve)
    outgoing.on('error', reject)
    outgoing.end()
  })
  const status = response.statusCode ?? 0
  const isStream = /^text\/event-stream/.test(response.headers['content-type'] ?? '')
  const refusal = isStream ? '' : await text(response)
  return readerOf(response, status, refusal, options.paused === true)
}

function readerOf(
  response: IncomingMessage,
  status: number,
  refusal: string,
  paused: boolean,
): SseReader {
  const frames: Frame[] = []
  let rest = ''
  const watchers = new Set<() => void>()
  const news = () => {
    for (const watcher of watchers) watcher()
  }
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    const parts = `${rest}${chunk}`.split('\n\n')
    rest = parts.pop() ?? ''
    frames.push(...parts.map(frameOf))
    news()
  })
  if (paused) response.pause()
  let isOver = response.closed
  const ended = new Promise<void>((resolve) => {
    const over = () => {
      isOver = true
      news()
      resolve()
    }
    if (isOver) resolve()
    response.on('error', over)
    response.on('close', over)
  })

  function when(isDone: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!isDone() && !isOver) return
        watchers.delete(look)
        if (isDone()) resolve()
        else reject(new Error(`the stream ended before: ${JSON.stringify(frames.slice(-3))}`))
      }
      watchers.add(look)
      look()
    })
  }

  const events = () => frames.filter((frame) => frame.data !== undefined)
  return {
    status,
    headers: response.headers,
    refusal,
    frames,
    ended,
    eventIds: () => events().map((frame) => String((frame.data as { id?: unknown }).id)),
    lastId: () => frames.findLast((frame) => frame.id !== undefined)?.id,
    async until(wanted) {
      await when(() => frames.some(wanted))
      return frames.find(wanted) ?? {}
    },
    async events(count) {
      await when(() => events().length >= count)
      return events()
    },
    pause: () => response.pause(),
    resume: () => response.resume(),
    close: () => response.destroy(),
  }
}

function frameOf(text: string): Frame {
  const fields: Record<string, unknown> = {}
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    const value = line.slice(colon + 1).trimStart()
    const name = line.slice(0, colon) || 'comment'
    fields[name] = name === 'data' ? JSON.parse(value) : value
  }
  return fields
}
