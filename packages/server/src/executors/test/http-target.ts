import type { LookupAddress } from 'node:dns'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { RequestPlan } from '@tiphys/contract/test-plan.ts'
import { HttpError, type HttpErrorCode } from '@tiphys/providers/http/http-error.ts'
import { type Exchange, type ExchangeOptions, exchange } from './exchange.ts'

/**
 * Resolves the host of a URL and checks every address it has; rejects with a sentence when one must not be reached
 * (`GuardedHttp.check` of the providers, with class `user`).
 */
export type ConnectGuard = (
  url: string,
) => Promise<{ readonly addresses: readonly LookupAddress[] }>

/** One address under test, with the connections to it that are kept alive. */
export interface HttpTarget {
  readonly url: string
  /** One request and its whole answer. Never rejects: whatever happens is an outcome. */
  send(request: RequestPlan, options: ExchangeOptions): Promise<Exchange>
  /** Ends every connection at once; requests in flight end as `aborted`. */
  close(): void
}

/** A name that is looked up again for each new connection would cost a look-up a request at servers that keep nothing alive. */
const ADDRESSES_KEPT_MS = 5_000

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])

/** The sentence of a guard that forbids an address for good; undefined when it may be tested, or may answer later. */
export async function refusalOf(guard: ConnectGuard, base: URL): Promise<string | undefined> {
  try {
    await guard(base.href)
    return undefined
  } catch (thrown) {
    // A literal address needs no name server: whatever went wrong with it stays wrong.
    const isLiteral = isIP(plainHost(base)) !== 0
    const isRefused = thrown instanceof HttpError && REFUSALS.has(thrown.code)
    if (!isLiteral && !isRefused) return undefined
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

const REFUSALS: ReadonlySet<HttpErrorCode> = new Set(['address-refused', 'bad-url'])

export class TargetRefusedError extends Error {
  override name = 'TargetRefusedError'
}

/**
 * Connections are made only to addresses that the guard has checked: names when a connection is made, a literal address here and
 * now. Rejects with TargetRefusedError.
 */
export async function openTarget(options: {
  readonly base: URL
  readonly guard: ConnectGuard
  readonly maxSockets: number
}): Promise<HttpTarget> {
  const { base, maxSockets } = options
  const lookup = guardedLookup(base, options.guard)
  const refusal = await refusalOf(options.guard, base)
  if (refusal !== undefined) throw new TargetRefusedError(refusal)
  const settings = { keepAlive: true, maxSockets, scheduling: 'lifo' as const }
  const agent = base.protocol === 'https:' ? new HttpsAgent(settings) : new HttpAgent(settings)
  const closing = new AbortController()
  const prefix = base.pathname.replace(/\/$/, '')
  const common = { agent, base, lookup, closed: closing.signal }

  return {
    url: `${base.origin}${prefix}`,
    send: async (request, exchangeOptions) => {
      const line = { ...common, request, path: prefix + request.path }
      const first = await exchange({ ...line, ...exchangeOptions })
      // The server had closed the kept connection before it saw the request: a race after which every HTTP client
      // sends again. On a connection of its own, because the other kept ones may be closed too.
      const isStale = first.code === 'failed' && first.staleConnection
      if (!isStale || !IDEMPOTENT.has(request.method)) return first
      return await exchange({ ...line, agent: false, ...exchangeOptions })
    },
    close: () => {
      closing.abort()
      agent.destroy()
    },
  }
}

function plainHost(base: URL): string {
  return base.hostname.replace(/^\[|\]$/g, '')
}

function guardedLookup(base: URL, guard: ConnectGuard): LookupFunction {
  let checked: { addresses: Promise<readonly LookupAddress[]>; untilMs: number } | undefined

  function check(): Promise<readonly LookupAddress[]> {
    const nowMs = performance.now()
    if (checked === undefined || nowMs >= checked.untilMs) {
      const addresses = guard(base.href).then((answer) => answer.addresses)
      checked = { addresses, untilMs: nowMs + ADDRESSES_KEPT_MS }
      addresses.catch(() => {
        checked = undefined
      })
    }
    return checked.addresses
  }

  return (_hostname, lookupOptions, callback) => {
    check().then(
      (addresses) => {
        const [first] = addresses
        if (first === undefined) callback(new Error(`${base.host} has no address`), [])
        else if (lookupOptions.all === true) callback(null, [...addresses])
        else callback(null, first.address, first.family)
      },
      (thrown: Error) => callback(thrown, []),
    )
  }
}
