import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Documents } from '../../ports/documents.ts'

/** Documents without a disk, kept as text so that nobody can change what another one reads. */
export function createMemoryDocuments(): Documents {
  const documents = new Map<string, Map<string, string>>()
  const ofKind = (kind: string) => documents.get(kind) ?? new Map<string, string>()
  const parse = (body: string) => JSON.parse(body) as JsonObject

  return {
    get(kind, key) {
      const body = ofKind(kind).get(key)
      return Promise.resolve(body === undefined ? undefined : parse(body))
    },
    put(kind, key, body, options) {
      const known = ofKind(kind)
      if (options?.ifAbsent === true && known.has(key)) return Promise.resolve(false)
      documents.set(kind, known.set(key, JSON.stringify(body)))
      return Promise.resolve(true)
    },
    delete: (kind, key) => Promise.resolve(ofKind(kind).delete(key)),
    list(kind, keyPrefix = '') {
      const found = [...ofKind(kind)].filter(([key]) => key.startsWith(keyPrefix))
      found.sort(([left], [right]) => (left < right ? -1 : 1))
      return Promise.resolve(found.map(([key, body]) => ({ key, body: parse(body) })))
    },
  }
}
