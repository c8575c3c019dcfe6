import { portOf } from '@tiphys/providers/http/address-check.ts'

/**
 * Which hosts tests may be sent to (behaviour.md 5), as `targets` in `tiphys/project.yaml` lists them:
 *
 *   shop.example.com         that host at the default port of http and https
 *   shop.example.com:8080    at this port;  `:*` at any
 *   *.example.com            every host below example.com, not example.com itself
 *   https://shop.example.com/cart    a whole address stands for its host and port
 */
export function isHostAllowed(url: URL, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matches(url, pattern))
}

function matches(url: URL, text: string): boolean {
  const pattern = parsePattern(text)
  if (pattern === undefined) return false
  if (pattern.protocol !== undefined && pattern.protocol !== url.protocol) return false
  if (pattern.port === '' ? url.port !== '' : !isPort(url, pattern.port)) return false
  const host = plainHost(url.hostname)
  if (!pattern.host.startsWith('*.')) return host === pattern.host
  const suffix = pattern.host.slice(1)
  return host.length > suffix.length && host.endsWith(suffix)
}

type HostPattern = {
  /** Only where a whole address was given. */
  readonly protocol?: string
  readonly host: string
  /** Empty: the default of the protocol that is spoken. `*`: any. */
  readonly port: string
}

function isPort(url: URL, port: string): boolean {
  return port === '*' || Number(port) === portOf(url)
}

function parsePattern(text: string): HostPattern | undefined {
  if (text.includes('://')) {
    const url = URL.parse(text)
    if (url === null) return undefined
    return { protocol: url.protocol, host: plainHost(url.hostname), port: url.port }
  }
  const match = /^(\*\.)?(\[[0-9a-fA-F:.]+\]|[^\s:/@?#\\*[\]]+)(?::(\d{1,5}|\*))?$/.exec(
    text.trim(),
  )
  if (match === null) return undefined
  const [, wildcard = '', name = '', port = ''] = match
  // The URL parser writes names as it writes those that are compared with them: lower case, punycode, plain numbers.
  const url = URL.parse(`http://${name}`)
  if (url === null) return undefined
  return { host: wildcard + plainHost(url.hostname), port }
}

/** `shop.example.com.` and `shop.example.com` are one host. */
function plainHost(hostname: string): string {
  return hostname.replace(/\.$/, '').toLowerCase()
}
