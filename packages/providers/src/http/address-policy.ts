import { BlockList, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

/**
 * Which addresses outgoing HTTP may connect to (behaviour.md 11). `operator`: server settings and connections made by an
 * administrator may point anywhere. `user`: URLs from files and events must not reach this machine, the cloud's metadata
 * service, our own listeners or the Kubernetes API.
 */
export type UrlClass = 'operator' | 'user'

export type AddressPolicy = {
  /** Tests and the demo: loopback is a fair target. Our own listeners still are not. */
  readonly allowLoopback?: boolean
  /** Refuse private ranges too (RFC 1918, RFC 6598, unique local). */
  readonly denyPrivate?: boolean
  /** Where this server itself listens, asked at every request: ports are known only after the start. */
  readonly ownListeners?: () => readonly { readonly port: number }[]
  /** Address of the Kubernetes API, where we run in a cluster. */
  readonly kubernetesApiHost?: string
}

export type Refusal =
  | 'loopback'
  | 'link-local'
  | 'metadata'
  | 'private'
  | 'special'
  | 'own-listener'
  | 'kubernetes-api'

type Range = readonly [network: string, prefixLength: number]

const LOOPBACK: readonly Range[] = [
  ['127.0.0.0', 8],
  ['::1', 128],
]
const LINK_LOCAL: readonly Range[] = [
  ['169.254.0.0', 16],
  ['fe80::', 10],
]
/** Services of clouds that answer with credentials, outside of link-local: Alibaba, Oracle, AWS over IPv6. */
const METADATA: readonly Range[] = [
  ['169.254.169.254', 32],
  ['100.100.100.200', 32],
  ['192.0.0.192', 32],
  ['fd00:ec2::254', 128],
]
const PRIVATE: readonly Range[] = [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['fc00::', 7],
]
/** "This host", multicast, reserved, and prefixes that carry another address inside (NAT64, 6to4, Teredo). */
const SPECIAL: readonly Range[] = [
  ['0.0.0.0', 8],
  ['192.0.0.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  ['ff00::', 8],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['2001::', 32],
]

const lists = {
  loopback: blockList(LOOPBACK),
  linkLocal: blockList(LINK_LOCAL),
  metadata: blockList(METADATA),
  private: blockList(PRIVATE),
  special: blockList(SPECIAL),
}

const KUBERNETES_NAME = /^kubernetes(\.default(\.svc(\.cluster\.local)?)?)?\.?$/i

/** Why a user's URL may not be connected to this address; undefined when it may. */
export function refusalOf(
  address: string,
  port: number,
  policy: AddressPolicy,
): Refusal | undefined {
  const isLoopback = isIn(lists.loopback, address)
  if (isOwn(address, port, isLoopback, policy)) return 'own-listener'
  if (address === policy.kubernetesApiHost) return 'kubernetes-api'
  if (isLoopback) return policy.allowLoopback === true ? undefined : 'loopback'
  if (isIn(lists.metadata, address)) return 'metadata'
  if (isIn(lists.linkLocal, address)) return 'link-local'
  if (isIn(lists.special, address)) return 'special'
  if (policy.denyPrivate === true && isIn(lists.private, address)) return 'private'
  return undefined
}

export function isKubernetesName(hostname: string): boolean {
  return KUBERNETES_NAME.test(hostname)
}

/** Also under the other addresses of this machine: a listener on all of them is reached through any. */
function isOwn(address: string, port: number, isLoopback: boolean, policy: AddressPolicy): boolean {
  const listeners = policy.ownListeners?.() ?? []
  if (!listeners.some((listener) => listener.port === port)) return false
  return isLoopback || isThisMachine(address)
}

function isThisMachine(address: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  return own.some((entry) => entry.address === address)
}

function blockList(ranges: readonly Range[]): BlockList {
  const list = new BlockList()
  for (const [network, prefixLength] of ranges) {
    list.addSubnet(network, prefixLength, familyOf(network))
  }
  return list
}

/** An IPv4 address mapped into IPv6 is checked as the IPv4 address that it is. */
function isIn(list: BlockList, address: string): boolean {
  return list.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
