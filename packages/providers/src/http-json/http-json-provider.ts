import type { ConnectionTls } from '@tiphys/contract/connections/connections.ts'
import type { HttpJsonConnection } from '@tiphys/contract/connections/http-json.ts'
import { JSON_DOCUMENT, PLAIN } from '@tiphys/core/evaluation/query-language.ts'
import { expandQuery } from '@tiphys/core/evaluation/sli-query.ts'
import {
  type Asked,
  basicAuthorization,
  createHttpSliProvider,
  type HttpSliAdapter,
  type ProviderPower,
  type SliQuestion,
} from '../sli/http-sli.ts'
import { failure, type SliFailure, type SliReading } from '../sli/reading.ts'
import type { SliProvider } from '../sli/sli-provider.ts'
import { HttpJsonOptions, readPath } from './json-reading.ts'

const DEFAULT_API_KEY_HEADER = 'x-api-key'

/**
 * Any server that answers with JSON. `query` is the path below the connection's address, with its parameters; `with.value` says by JSONPath
 * (RFC 9535) where in the answer the number stands, `with.time` where the times of a series do.
 */
export function createHttpJsonProvider(
  connection: {
    readonly name: string
    readonly settings: HttpJsonConnection
    readonly tls?: ConnectionTls
  },
  power: ProviderPower,
): SliProvider {
  const { settings } = connection
  const adapter: HttpSliAdapter = {
    title: connection.name,
    language: PLAIN,
    aggregate: 'last',
    question: (asked) => question(settings.url, asked),
    credentials: () => ({ ok: true, headers: credentials(settings) }),
    read: (body, asked) => read(body, asked),
    complaint: complaintOf,
  }
  return createHttpSliProvider(adapter, connection, power)
}

function question(base: string, { text, sli, request }: Asked): SliQuestion | SliFailure {
  const options = HttpJsonOptions.safeParse(sli.with ?? {})
  if (!options.success) {
    const [issue] = options.error.issues
    const place = ['with', ...(issue?.path.map(String) ?? [])].join('.')
    return failure('query-refused', `${place}: ${issue?.message ?? 'is not valid'}`)
  }
  const url = below(base, text)
  if (url === undefined) {
    const message = `${JSON.stringify(text)} leads away from ${new URL(base).origin}: a query is a path below the connection's address`
    return failure('query-refused', message)
  }
  const { method, body, headers } = options.data
  const link = withoutUser(url)
  if (body === undefined) return { url, link, ...(method && { method }), headers: headers ?? {} }
  const template = typeof body === 'string' ? body : JSON.stringify(body)
  const filled = expandQuery(template, request.scope, request.window, JSON_DOCUMENT)
  if (!filled.ok) return failure('query-unsafe', `with.body: ${filled.message}`)
  return {
    url,
    method: method ?? 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: filled.query,
    shown: `${method ?? 'POST'} ${link} ${filled.query}`,
  }
}

/** The path may go anywhere below the address, and nowhere else: not to another host, and not above it. */
function below(base: string, path: string): string | undefined {
  const root = base.endsWith('/') ? base : `${base}/`
  const url = URL.parse(path.replace(/^\/+/, ''), root)
  const from = new URL(root)
  if (url === null || url.origin !== from.origin) return undefined
  return url.pathname.startsWith(from.pathname) ? url.href : undefined
}

/** For reports: the address of a connection may hold a password. */
function withoutUser(address: string): string {
  const url = new URL(address)
  url.username = ''
  url.password = ''
  return url.href
}

function credentials(settings: HttpJsonConnection): Record<string, string> {
  const { user, password, bearerToken, apiKey, apiKeyHeader } = settings
  return {
    ...(user === undefined ? {} : { authorization: basicAuthorization(user, password ?? '') }),
    ...(bearerToken === undefined ? {} : { authorization: `Bearer ${bearerToken}` }),
    ...(apiKey === undefined ? {} : { [apiKeyHeader ?? DEFAULT_API_KEY_HEADER]: apiKey }),
  }
}

function read(body: unknown, { sli }: Asked): SliReading {
  // Was parsed for the question.
  return readPath(body, HttpJsonOptions.parse(sli.with ?? {}), sli.aggregate !== undefined)
}

/** What most APIs call their own words: `message`, `error`, `detail`, `errors[0]`. */
function complaintOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { message, error, detail, errors } = body as Readonly<Record<string, unknown>>
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined
  const candidates: unknown[] = [
    message,
    error,
    detail,
    first,
    (error as { message?: unknown })?.message,
  ]
  return candidates.find((one): one is string => typeof one === 'string' && one !== '')
}
