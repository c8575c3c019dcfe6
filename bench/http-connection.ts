import { createConnection, type Socket } from 'node:net'

/**
 * A client that costs less than the server it measures: kept connections, one request at a time on each, answers with a
 * Content-Length. Node's own client takes as much processor time for a request as the server does.
 */
export type HttpPool = {
  request(method: 'GET' | 'POST', path: string, body?: unknown): Promise<HttpAnswer>
  /** Connections that are open. */
  size(): number
  close(): void
}

export type HttpAnswer = { readonly status: number; readonly body: string }

/** Takes any connection that is free and opens another one when none is. */
export function openHttpPool(port: number, token: string): HttpPool {
  const free: HttpConnection[] = []
  const all: HttpConnection[] = []
  const head = `host: 127.0.0.1:${port}\r\nx-token: ${token}\r\n`

  return {
    async request(method, path, body) {
      const text = body === undefined ? '' : JSON.stringify(body)
      const content =
        body === undefined
          ? ''
          : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n`
      const connection = free.pop() ?? openConnection()
      const answer = await connection.send(
        `${method} ${path} HTTP/1.1\r\n${head}${content}\r\n${text}`,
      )
      free.push(connection)
      return answer
    },
    size: () => all.length,
    close() {
      for (const connection of all) connection.close()
    },
  }

  function openConnection(): HttpConnection {
    const connection = new HttpConnection(port)
    all.push(connection)
    return connection
  }
}

const END_OF_HEAD = '\r\n\r\n'
const STATUS_FROM = 'HTTP/1.1 '.length
const STATUS_TO = STATUS_FROM + 3
const CONTENT_LENGTH = /\r\ncontent-length: (\d+)/i

class HttpConnection {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #waiting: { resolve(answer: HttpAnswer): void; reject(error: Error): void } | undefined

  constructor(port: number) {
    this.#socket = createConnection({ host: '127.0.0.1', port, noDelay: true })
    this.#socket.on('data', (chunk) => this.#take(chunk))
    const fail = (error: Error) => this.#waiting?.reject(error)
    this.#socket.on('error', fail)
    this.#socket.on('close', () => fail(new Error('the server closed the connection')))
  }

  send(request: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const headEnd = this.#received.indexOf(END_OF_HEAD)
    if (headEnd < 0) return
    const head = this.#received.toString('latin1', 0, headEnd)
    const length = Number(CONTENT_LENGTH.exec(head)?.[1])
    if (Number.isNaN(length)) throw new Error(`an answer without Content-Length:\n${head}`)
    const bodyFrom = headEnd + END_OF_HEAD.length
    if (this.#received.length < bodyFrom + length) return
    const body = this.#received.toString('utf8', bodyFrom, bodyFrom + length)
    this.#received = this.#received.subarray(bodyFrom + length)
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve({ status: Number(head.slice(STATUS_FROM, STATUS_TO)), body })
  }
}
