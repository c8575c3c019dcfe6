import { isJsonObject, type Json, type JsonObject } from '@tiphys/contract/json.ts'

/**
 * How data travels from task to task (facts/keptn-v1.md 1.6): maps are merged, a list gets the newer elements FIRST and keeps the older
 * ones behind them, and otherwise the newer value wins, unless it is null. Numbers and booleans follow the same rule;
 * in Keptn the older one won (compatibility.md).
 */
export function mergeData(older: JsonObject, newer: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...older }
  for (const [key, value] of Object.entries(newer)) {
    const before = Object.hasOwn(older, key) ? older[key] : undefined
    define(merged, key, mergeValue(before, value))
  }
  return merged
}

function mergeValue(older: Json | undefined, newer: Json): Json {
  if (older === undefined || older === null) return newer
  if (newer === null) return typeof older === 'string' ? '' : older
  if (Array.isArray(older) && Array.isArray(newer)) return [...newer, ...older]
  if (isJsonObject(older) && isJsonObject(newer)) return mergeData(older, newer)
  return newer
}

/** A key named `__proto__` is data here, never a prototype; the others are set the fast way. */
function define(target: Record<string, Json>, key: string, value: Json): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, ...DATA_PROPERTY })
  else target[key] = value
}

const DATA_PROPERTY = { enumerable: true, writable: true, configurable: true }
