import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type AddressPolicy, isKubernetesName, refusalOf, type UrlClass } from './address-policy.ts'
import { HttpError, toHttpError } from './http-error.ts'

export type CheckedUrl = {
  readonly url: URL
  /** Connect to one of these and to nothing else: a second look-up of the name may answer differently. */
  readonly addresses: readonly LookupAddress[]
}

export type Lookup = (hostname: string) => Promise<readonly LookupAddress[]>

/**
 * Resolves a URL's host and checks every address it has. One refused address refuses the URL: a name that points both to the outside
 * and to this machine is not pointing there by accident. Throws HttpError.
 */
export async function checkUrl(
  text: string,
  urlClass: UrlClass,
  policy: AddressPolicy,
  resolve: Lookup = systemLookup,
): Promise<CheckedUrl> {
  const url = parseHttpUrl(text)
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  if (urlClass === 'user' && isKubernetesName(hostname)) {
    throw new HttpError(
      'address-refused',
      `${url.host} is the Kubernetes API, which a user's URL may not name`,
    )
  }
  const addresses = await addressesOf(hostname, url.host, resolve)
  if (urlClass === 'user') {
    for (const { address } of addresses) {
      const refusal = refusalOf(address, portOf(url), policy)
      if (refusal !== undefined) {
        throw new HttpError(
          'address-refused',
          `${url.host} leads to ${address} (${refusal}), which a user's URL may not reach`,
        )
      }
    }
  }
  return { url, addresses }
}

export function parseHttpUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null) throw new HttpError('bad-url', `${JSON.stringify(text)} is not a URL`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new HttpError('bad-url', `only http and https are spoken, not ${url.protocol}`)
  }
  return url
}

export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}

async function addressesOf(
  hostname: string,
  place: string,
  resolve: Lookup,
): Promise<readonly LookupAddress[]> {
  const family = isIP(hostname)
  if (family !== 0) return [{ address: hostname, family }]
  try {
    const addresses = await resolve(hostname)
    if (addresses.length > 0) return addresses
  } catch (thrown) {
    throw toHttpError(thrown, place)
  }
  throw new HttpError('name-unknown', `the name of ${place} has no address`)
}

function systemLookup(hostname: string): Promise<readonly LookupAddress[]> {
  return lookup(hostname, { all: true })
}
