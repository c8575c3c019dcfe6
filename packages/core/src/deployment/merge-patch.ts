import { isJsonObject, type Json, type JsonObject } from '@tiphys/contract/json.ts'

/**
 * The JSON merge patch (RFC 7386) that makes `to` out of `from`; undefined when they are equal. Lists are replaced whole. A null inside
 * `to` cannot be said in such a patch and is left out.
 */
export function mergePatchBetween(from: JsonObject, to: JsonObject): JsonObject | undefined {
  const patch: Record<string, Json> = {}
  for (const key of Object.keys(from)) {
    if (!Object.hasOwn(to, key)) set(patch, key, null)
  }
  for (const [key, value] of Object.entries(to)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined
    if (value === null || (before !== undefined && isEqual(before, value))) continue
    if (before !== undefined && isJsonObject(before) && isJsonObject(value)) {
      const inner = mergePatchBetween(before, value)
      if (inner !== undefined) set(patch, key, inner)
    } else set(patch, key, value)
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

/** Equal as JSON: the order of keys does not count, that of lists does. */
export function isEqual(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((one, index) => isEqual(one, right[index]))
  }
  if (left === undefined || right === undefined) return false
  if (!isJsonObject(left) || !isJsonObject(right)) return false
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  return keys.every((key) => Object.hasOwn(right, key) && isEqual(left[key], right[key]))
}

/** A key like `__proto__` is data here, never a prototype. */
function set(target: Record<string, Json>, key: string, value: Json): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  })
}
