import { isIPv4, isIPv6 } from 'node:net'

const GROUPS = 8
/** An IPv6 customer owns at least a /64: one address of it is no stranger than the next. */
const COUNTED_GROUPS = 4

/** What failed logins are counted by: an IPv4 address, the /64 of an IPv6 address, any other text as it is. */
export function addressGroup(address: string): string {
  // Asked for every request, and nearly always this.
  if (isIPv4(address)) return address
  const plain = address.replace(/%.*$/, '').toLowerCase()
  const mapped = /^::ffff:(.+)$/.exec(plain)?.[1]
  if (mapped !== undefined && isIPv4(mapped)) return mapped
  if (!isIPv6(plain)) return address
  return `${expanded(plain).slice(0, COUNTED_GROUPS).join(':')}::/64`
}

function expanded(address: string): string[] {
  const [before = '', after] = address.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const head = groups(before)
  if (after === undefined) return head.map(withoutZeros)
  const tail = groups(after)
  // An embedded IPv4 address counts for two groups; it can only stand in the half that is not counted.
  const length = head.length + tail.length + (tail.at(-1)?.includes('.') ? 1 : 0)
  const zeros = Array.from({ length: GROUPS - length }, () => '0')
  return [...head, ...zeros, ...tail].map(withoutZeros)
}

function withoutZeros(group: string): string {
  return group.replace(/^0+(?=.)/, '')
}
