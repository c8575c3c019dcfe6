import http from 'node:http'
import type { AddressInfo } from 'node:net'

export type SeenRequest = {
  readonly method: string
  readonly path: string
  readonly query: Record<string, string>
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

export type StubAnswer =
  | { readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> }
  /** Takes the connection and says nothing, or whatever it likes. */
  | { readonly handle: (response: http.ServerResponse) => void }

/** A server that answers what a test says, and remembers what it was asked. */
export async function startStub(answer: (request: SeenRequest) => StubAnswer): Promise<{
  readonly url: string
  readonly seen: readonly SeenRequest[]
  [Symbol.asyncDispose](): Promise<void>
}> {
  const seen: SeenRequest[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://stub')
      const one: SeenRequest = {
        method: request.method ?? '',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      seen.push(one)
      const given = answer(one)
      if ('handle' in given) return given.handle(response)
      const text = typeof given.body === 'string' ? given.body : JSON.stringify(given.body)
      response.writeHead(given.status, given.headers).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
