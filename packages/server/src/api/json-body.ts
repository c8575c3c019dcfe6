import type { FastifyInstance } from 'fastify'
import { RefusedError, refuse } from './answer.ts'

/** Deeper than any event or file list; merging and hashing data walk it recursively. */
const MAX_DEPTH = 100

/**
 * Bodies are JSON under `application/json`, `application/cloudevents+json`, any other `+json`, or no content type at all, as Keptn's
 * clients send them. An empty body is no body, also where a client announces JSON.
 */
export function parseJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<string>('*', { parseAs: 'string' }, (request, text, done) => {
    const type = request.headers['content-type']
    if (text === '') return done(null, undefined)
    if (type !== undefined && !isJson(type)) {
      return done(
        new RefusedError(
          refuse(
            'unsupported-media-type',
            `Content-Type ${JSON.stringify(type)} is not supported; send application/json`,
          ),
        ),
      )
    }
    const read = readJson(text)
    done(read.error ?? null, read.value)
  })
}

function isJson(contentType: string): boolean {
  const media = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return media === 'application/json' || media.endsWith('+json')
}

function readJson(text: string): { readonly value?: unknown; readonly error?: RefusedError } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (thrown) {
    const found = thrown instanceof Error ? thrown.message.split('\n', 1)[0] : String(thrown)
    const message = `the request body is not valid JSON: ${found}`
    return { error: new RefusedError(refuse('invalid', message)) }
  }
  const wrong = unstorable(value)
  return wrong === undefined ? { value } : { error: new RefusedError(refuse('invalid', wrong)) }
}

/**
 * JSON that a log cannot keep as it is: numbers that become Infinity, text with half a surrogate pair (both would read back
 * differently after a restart), and nesting without end.
 */
function unstorable(value: unknown): string | undefined {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return `the request body is nested deeper than ${MAX_DEPTH} levels`
    const next: unknown[] = []
    for (const item of level) {
      if (typeof item === 'number' && !Number.isFinite(item)) {
        return 'the request body holds a number that is too large'
      }
      if (typeof item === 'string' && !item.isWellFormed()) return BROKEN_TEXT
      if (typeof item !== 'object' || item === null) continue
      if (Array.isArray(item)) {
        for (const child of item) next.push(child)
        continue
      }
      for (const key of Object.keys(item)) {
        if (!key.isWellFormed()) return BROKEN_TEXT
        // Copied by assignment it would change what the copy inherits.
        if (key === '__proto__') return 'the request body holds the forbidden key __proto__'
        next.push((item as Record<string, unknown>)[key])
      }
    }
    level = next
  }
  return undefined
}

const BROKEN_TEXT = 'the request body holds text that is not valid Unicode'
