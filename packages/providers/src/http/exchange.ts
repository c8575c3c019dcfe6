import type { LookupAddress } from 'node:dns'
import * as http from 'node:http'
import * as https from 'node:https'
import type { LookupFunction } from 'node:net'
import { HttpError } from './http-error.ts'

/** PEM texts. Cert and key show the server who asks. */
export type TlsOptions = {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly insecureSkipVerify?: boolean
}

export type Exchange = {
  readonly url: URL
  readonly addresses: readonly LookupAddress[]
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | undefined
  readonly maxResponseBytes: number
  readonly signal: AbortSignal
  readonly tls: TlsOptions | undefined
}

export type ExchangeAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/**
 * One request on a connection of its own to one of the addresses handed in. No pool: every connection was checked for the request that uses
 * it. Compression is not offered, so that a small answer cannot unpack into a large one.
 */
export async function exchange(given: Exchange): Promise<ExchangeAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  const request = send(given, resolve)
  // Stays for the whole exchange: a connection may also break while the body is read.
  request.on('error', reject)
  request.end(given.body)
  const response = await promise
  const body = await readBody(response, given)
  return { status: response.statusCode ?? 0, headers: plainHeaders(response.headers), body }
}

function send(
  given: Exchange,
  onResponse: (response: http.IncomingMessage) => void,
): http.ClientRequest {
  const { url, tls } = given
  const options: https.RequestOptions = {
    method: given.method,
    headers: { 'accept-encoding': 'identity', connection: 'close', ...given.headers },
    lookup: fixedLookup(given.addresses),
    agent: false,
    signal: given.signal,
    ...(tls?.ca !== undefined && { ca: tls.ca }),
    ...(tls?.cert !== undefined && { cert: tls.cert }),
    ...(tls?.key !== undefined && { key: tls.key }),
    ...(tls?.insecureSkipVerify === true && { rejectUnauthorized: false }),
  }
  const speak = url.protocol === 'https:' ? https.request : http.request
  return speak(url, options, onResponse)
}

function fixedLookup(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses
    if (options.all === true) callback(null, [...addresses])
    else if (first !== undefined) callback(null, first.address, first.family)
  }
}

async function readBody(response: http.IncomingMessage, given: Exchange): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > given.maxResponseBytes) {
      response.destroy()
      const message = `${given.url.host} sent more than ${given.maxResponseBytes} bytes`
      throw new HttpError('too-large', message)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function plainHeaders(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}
