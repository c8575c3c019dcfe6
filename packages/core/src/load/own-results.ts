import { isJsonObject, type Json, type JsonObject } from '@tiphys/contract/json.ts'

/**
 * `data.test.results` as the last test measured them, out of merged event data. Keptn's merge lays the results of a later stage over
 * those of an earlier one and removes nothing, so a figure that only the earlier stage measured would pass for one of the later.
 * Our results say at each level which figures were measured (`measured`) and by which run (`run`); others are returned unchanged.
 */
export function ownResults(results: JsonObject): JsonObject {
  const own = measuredOnly(results)
  const { targets } = own
  if (typeof results['run'] !== 'string' || !isJsonObject(targets)) return own
  const current = Object.entries(targets).flatMap(([name, target]): [string, Json][] => {
    if (!isJsonObject(target) || target['run'] !== results['run']) return []
    return [[name, measuredOnly(target)]]
  })
  return { ...own, targets: Object.fromEntries(current) }
}

/** Texts and maps stay: only numbers are figures. */
function measuredOnly(level: JsonObject): JsonObject {
  const { measured } = level
  if (typeof measured !== 'string') return level
  const names = new Set(measured.split(','))
  return Object.fromEntries(
    Object.entries(level).filter(([name, value]) => typeof value !== 'number' || names.has(name)),
  )
}
