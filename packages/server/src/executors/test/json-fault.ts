import { isJsonObject, type Json } from '@tiphys/contract/json.ts'

/**
 * Where JSON does not hold at least what was wanted: objects by their wanted keys, lists element by element and of the same
 * length, everything else equal. Undefined when it does. `wanted` is bounded in size and depth, so this is too.
 */
export function jsonFault(found: Json, wanted: Json, path = ''): string | undefined {
  if (isJsonObject(wanted)) {
    if (!isJsonObject(found)) return differs(path, found, wanted)
    for (const [key, value] of Object.entries(wanted)) {
      const place = path === '' ? key : `${path}.${key}`
      const inner = Object.hasOwn(found, key) ? found[key] : undefined
      if (inner === undefined) return `json ${place} is missing`
      const fault = jsonFault(inner, value, place)
      if (fault !== undefined) return fault
    }
    return undefined
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found)) return differs(path, found, wanted)
    if (found.length !== wanted.length) {
      return `json ${path || 'list'} has ${found.length} elements, not ${wanted.length}`
    }
    for (const [index, value] of wanted.entries()) {
      const fault = jsonFault(found[index] as Json, value, `${path}[${index}]`)
      if (fault !== undefined) return fault
    }
    return undefined
  }
  return found === wanted ? undefined : differs(path, found, wanted)
}

function differs(path: string, found: Json, wanted: Json): string {
  return `json ${path || 'body'} is ${shown(found)}, not ${shown(wanted)}`
}

function shown(value: Json): string {
  const limit = 80
  const text = JSON.stringify(value)
  return text.length > limit ? `${text.slice(0, limit)}…` : text
}
