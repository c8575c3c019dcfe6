import { createServer, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Answer, Seen } from './provider-contract.ts'

/** A server on the loopback that answers as it is told and keeps what it was asked. Without an answer it says nothing until it is closed. */
export async function startServer(
  answer: (seen: Seen, response: ServerResponse, count: number) => Answer | undefined,
) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request
    const one = { method, url, headers, body: await text(request) }
    seen.push(one)
    const given = answer(one, response, seen.length)
    if (given === undefined || response.headersSent) return
    const isText = typeof given.body === 'string'
    const type = isText ? 'text/plain' : 'application/json'
    response.writeHead(given.status ?? 200, { 'content-type': type, ...given.headers })
    response.end(isText ? (given.body as string) : JSON.stringify(given.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    seen: seen as readonly Seen[],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
