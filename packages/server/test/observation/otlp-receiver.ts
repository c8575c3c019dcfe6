import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as it arrives in OTLP/JSON, with its attributes as a map. */
export type ReceivedSpan = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly status: { readonly code?: number; readonly message?: string }
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: readonly { readonly name: string }[]
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly resource: Readonly<Record<string, unknown>>
}

/** An OTLP/HTTP receiver that reads JSON as the protocol defines it, and can be told to be away. */
export type OtlpReceiver = AsyncDisposable & {
  readonly endpoint: string
  readonly spans: readonly ReceivedSpan[]
  /** Of the last request. */
  readonly headers: IncomingMessage['headers']
  requests(): number
  /** From now on it answers with this status. */
  answerWith(status: number): void
  /** Stops listening, and listens again on the same port. */
  goAway(): Promise<void>
  comeBack(): Promise<void>
}

type Value = {
  stringValue?: string
  intValue?: string | number
  doubleValue?: number
  boolValue?: boolean
}
type KeyValue = { key: string; value: Value }
type WireSpan = Omit<
  ReceivedSpan,
  'attributes' | 'events' | 'links' | 'resource' | 'parentSpanId'
> & {
  parentSpanId?: string
  attributes?: KeyValue[]
  events?: { name: string }[]
  links?: { traceId: string; spanId: string }[]
}
type WireRequest = {
  resourceSpans: {
    resource: { attributes: KeyValue[] }
    scopeSpans: { spans: WireSpan[] }[]
  }[]
}

const OK = 200

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = []
  let headers: IncomingMessage['headers'] = {}
  let requests = 0
  let status = OK
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      requests++
      headers = request.headers
      if (status === OK) spans.push(...spansIn(Buffer.concat(chunks).toString('utf8')))
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
  })
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    get headers() {
      return headers
    },
    requests: () => requests,
    answerWith(code) {
      status = code
    },
    goAway: close,
    comeBack: () => listen(port),
    [Symbol.asyncDispose]: close,
  }
}

function spansIn(body: string): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body) as WireRequest
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap((scope) => scope.spans)
      .map((span) => ({
        ...span,
        parentSpanId: span.parentSpanId ?? '',
        attributes: mapOf(span.attributes),
        events: span.events ?? [],
        links: span.links ?? [],
        resource: mapOf(resource.attributes),
      })),
  )
}

function mapOf(pairs: readonly KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.doubleValue ?? Number(value.intValue),
    ]),
  )
}
