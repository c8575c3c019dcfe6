import { connect } from 'node:net'
import type { HttpInput } from './fuzz-input.ts'

export type RawAnswer = {
  /** 0: the connection was closed without an answer. */
  readonly status: number
  readonly contentType: string
  readonly text: string
  readonly tookMs: number
}

/** A request as bytes, with whatever path and headers: no client library mends them. Rejects when no answer comes in time. */
export function sendRaw(
  port: number,
  token: string,
  input: HttpInput,
  limitMs: number,
): Promise<RawAnswer> {
  const body = input.body === undefined ? undefined : Buffer.from(input.body, 'base64')
  const headers: Record<string, string> = {
    host: `127.0.0.1:${port}`,
    'x-token': token,
    ...(body === undefined ? {} : { 'content-length': String(body.length) }),
    ...input.headers,
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const head = `${input.method} ${input.path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
  const beganMs = performance.now()
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let received = Buffer.alloc(0)
    const late = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no answer within ${limitMs} ms`))
    }, limitMs)
    const done = () => {
      clearTimeout(late)
      socket.destroy()
      resolve({ ...parsed(received), tookMs: performance.now() - beganMs })
    }
    socket.on('connect', () => {
      socket.write(Buffer.from(head, 'latin1'))
      if (body !== undefined) socket.write(body)
    })
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      // A stream of events has no end; that it began is its answer.
      if (/\r\ncontent-type: text\/event-stream/i.test(received.toString('latin1'))) done()
    })
    socket.on('close', done)
    // A server that refuses may close while the body is still being sent.
    socket.on('error', done)
  })
}

function parsed(received: Buffer): Omit<RawAnswer, 'tookMs'> {
  const text = received.toString('utf8')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
  const contentType = /\r\ncontent-type: ([^\r\n]*)/i.exec(text)?.[1] ?? ''
  const end = text.indexOf('\r\n\r\n')
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? received.length)
  // Behind it may stand an answer to what the server took for another request.
  const body =
    end === -1 ? Buffer.alloc(0) : received.subarray(Buffer.byteLength(text.slice(0, end + 4)))
  return { status, contentType, text: body.subarray(0, length).toString('utf8') }
}
