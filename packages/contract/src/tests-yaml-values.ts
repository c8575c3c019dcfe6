import { z } from 'zod'
import { formatDuration, parseDuration } from './duration.ts'
import type { Json } from './json.ts'

/**
 * The single values of `tiphys/tests.yaml`: text that people write (`30s`, `20/s`, `GET /health`, `<500ms`), checked where it
 * stands and turned into numbers with one unit. Whatever is wrong is said in a sentence that shows a right one.
 */

const SECONDS_PER: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3_600 }

/** Longer text than this is refused wherever a file names something short. */
export const MAX_TEXT_CHARACTERS = 2_048
const MAX_BODY_CHARACTERS = 100_000
const MAX_JSON_VALUES = 1_000
const MAX_JSON_DEPTH = 20

/** A duration between two bounds, in ms. */
export function durationMs(minMs: number, maxMs: number) {
  return z
    .string({ error: 'expected a duration like 500ms, 30s or 5m' })
    .transform((text, context) => {
      const value = parseDuration(text)
      if (value === undefined) {
        return fault(context, `expected a duration like 500ms, 30s or 5m, found ${quoted(text)}`)
      }
      if (value < minMs || value > maxMs) {
        const bounds = `between ${formatDuration(minMs)} and ${formatDuration(maxMs)}`
        return fault(context, `expected a duration ${bounds}, found ${text}`)
      }
      return value
    })
}

/** Requests per second. */
export const RatePerS = z
  .string({ error: 'expected a rate like 20/s or 600/m' })
  .transform((text, context) => {
    const match = /^(\d{1,9}(?:\.\d{1,6})?)\s*\/\s*(s|m|min|h)$/.exec(text.trim())
    if (match === null) {
      return fault(context, `expected a rate like 20/s or 600/m, found ${quoted(text)}`)
    }
    const perS = Number(match[1]) / (SECONDS_PER[match[2] ?? 's'] ?? 1)
    return perS > 0 ? perS : fault(context, 'expected a rate above zero')
  })

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
export type Method = (typeof METHODS)[number]
export type RequestLine = { readonly method: Method; readonly path: string }

/** `GET /health`. The host comes from the target, so that one file serves every stage. */
export const RequestLineText = z
  .string({ error: 'expected a method and a path like GET /health' })
  .max(MAX_TEXT_CHARACTERS)
  .transform((text, context): RequestLine => {
    const [, word = '', path = ''] = /^(\S+)\s+(\S.*)$/.exec(text.trim()) ?? []
    const method = METHODS.find((known) => known === word)
    if (method === undefined) {
      const hint = METHODS.find((known) => known === word.toUpperCase())
      const known = hint === undefined ? `methods: ${METHODS.join(', ')}` : `write ${hint}`
      return fault(
        context,
        `expected a method and a path like GET /health, found ${quoted(text)} (${known})`,
      )
    }
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) {
      return fault(context, 'names a path only: the host comes from `target` or the deployment')
    }
    if (!path.startsWith('/')) {
      return fault(context, `expected a path that starts with /, found ${quoted(path)}`)
    }
    if (!/^[!-~]*$/.test(path) || path.includes('#') || path.includes('\\')) {
      return fault(
        context,
        'has a character that no request path has; write it percent-encoded (a space is %20)',
      )
    }
    return { method, path }
  })

/** Set by the client itself; a file that sets them would send requests that servers read in two ways. */
const CLIENT_HEADERS = new Set(
  'connection content-length expect keep-alive te trailer transfer-encoding upgrade'.split(' '),
)
const MAX_HEADERS = 50

/** Request headers, or texts that headers of an answer contain. */
export const Headers = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .transform((headers, context) => {
    const entries = Object.entries(headers)
    if (entries.length > MAX_HEADERS) return fault(context, `has more than ${MAX_HEADERS} headers`)
    for (const [name, value] of entries) {
      if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/.test(name)) {
        return fault(context, `${quoted(name)} is not the name of a header`)
      }
      if (!/^[\t\x20-\x7e\x80-\xff]{0,4096}$/.test(String(value))) {
        return fault(context, `header ${name} has a character that no header has, or is too long`)
      }
    }
    return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]))
  })

export const RequestHeaders = Headers.transform((headers, context) => {
  const own = Object.keys(headers).find((name) => CLIENT_HEADERS.has(name))
  return own === undefined ? headers : fault(context, `header ${own} is set by the client itself`)
})

export const BodyText = z.string().max(MAX_BODY_CHARACTERS)

/** Any JSON value of bounded size; what a request sends or an answer must hold. */
export const BoundedJson = z.unknown().transform((value, context): Json => {
  const message = jsonFault(value)
  return message === undefined ? (value as Json) : fault(context, message)
})

/** Walks without recursion, so that a deep file cannot exhaust the stack. */
function jsonFault(root: unknown): string | undefined {
  const open: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }]
  for (let seen = 0; open.length > 0; seen++) {
    const next = open.pop()
    if (next === undefined) return undefined
    if (seen >= MAX_JSON_VALUES) return `has more than ${MAX_JSON_VALUES} values`
    if (next.depth > MAX_JSON_DEPTH) return `is nested deeper than ${MAX_JSON_DEPTH} levels`
    const { value, depth } = next
    if (typeof value === 'object' && value !== null) {
      for (const inner of Object.values(value)) open.push({ value: inner, depth: depth + 1 })
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) return 'has a number in it that JSON does not know'
    } else if (!isPlain(value)) return `has a ${typeof value} in it, which JSON does not know`
  }
  return undefined
}

function isPlain(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean'
}

const STATUS_EXPECTED = 'expected a status like 200, a class like 2xx, or a list like [200, 204]'
/** The smallest and largest status that HTTP knows. */
const MIN_STATUS = 100
const MAX_STATUS = 599

/** One or several of `200`, `2xx`. */
export const StatusPatterns = z.unknown().transform((value, context): readonly string[] => {
  const patterns = Array.isArray(value) ? value.map(statusPattern) : [statusPattern(value)]
  const known = patterns.filter((pattern) => pattern !== undefined)
  if (known.length === 0 || known.length < patterns.length) return fault(context, STATUS_EXPECTED)
  return known
})

function statusPattern(value: unknown): string | undefined {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  if (/^[1-5]xx$/.test(text)) return text
  const status = /^\d{3}$/.test(text) ? Number(text) : 0
  return status >= MIN_STATUS && status <= MAX_STATUS ? text : undefined
}

/** Whether a status is what one of the patterns means. */
export function statusMatches(patterns: readonly string[], status: number): boolean {
  const text = String(status)
  return patterns.some((pattern) => pattern === text || pattern === `${text[0]}xx`)
}

function quoted(text: string): string {
  const limit = 80
  return JSON.stringify(text.length > limit ? `${text.slice(0, limit)}…` : text)
}

type Context = { issues: unknown[]; addIssue(issue: { code: 'custom'; message: string }): void }

export function fault(context: Context, message: string): never {
  context.addIssue({ code: 'custom', message })
  return z.NEVER
}
