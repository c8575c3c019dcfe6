import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where requests go. `weightPercent` of them go to the canary while there is one. */
export type Backends = { stable?: number; canary?: { port: number; weightPercent: number } }

const ALL_PERCENT = 100

/** Steps through all residues of 100, so that a canary of 20 % gets every fifth request or so. */
const WEIGHT_STRIDE = 61

/**
 * The stable address of an application. Chooses the process for every request anew, so that a rolling update
 * loses nothing: requests that run finish on the old process, new ones go to the new one. Answers 503
 * while nothing is ready.
 */
export class Ingress {
  readonly #server: Server
  readonly #agent = new Agent({ keepAlive: true })
  #backends: Backends = {}
  #requests = 0

  /** Kept, because a comparison under way may ask for it while everything closes. */
  #port = 0

  constructor() {
    this.#server = createServer((request, response) => this.#forward(request, response))
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', resolve)
    })
    this.#port = (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`
  }

  route(backends: Backends): void {
    this.#backends = backends
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const port = this.#choose()
    if (port === undefined) {
      refuse(response, 503, 'no ready endpoint')
      return
    }
    const { method, url, headers } = request
    const onward = httpRequest(
      {
        host: '127.0.0.1',
        port,
        agent: this.#agent,
        headers,
        ...(method === undefined ? {} : { method }),
        ...(url === undefined ? {} : { path: url }),
      },
      (answer) => {
        const { connection: _connection, ...kept } = answer.headers
        response.writeHead(answer.statusCode ?? 502, kept)
        answer.pipe(response)
        answer.on('error', () => response.destroy())
      },
    )
    onward.on('error', () => {
      if (response.headersSent) response.destroy()
      else refuse(response, 502, 'the endpoint broke the connection')
    })
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  }

  #choose(): number | undefined {
    const { stable, canary } = this.#backends
    const turn = (this.#requests++ * WEIGHT_STRIDE) % ALL_PERCENT
    if (canary !== undefined && (stable === undefined || turn < canary.weightPercent)) {
      return canary.port
    }
    return stable
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' })
  response.end(`${message}\n`)
}
