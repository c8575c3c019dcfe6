import { isJsonObject, type Json, type JsonObject } from '@tiphys/contract/json.ts'

/**
 * `data.test.results` as the last test measured them, out of merged event data. Keptn's merge lays the results of a later stage over
 * those of an earlier one and removes nothing, so a figure that only the earlier stage measured would pass for one of the later.
 * Our results say at each level which figures were measured (`measured`) and by which run (`run`); others are returned unchanged.
 */
export function ownResults(results: JsonObject): JsonObject {
  const own = measuredOnly(results)
  const { run } = results
  if (typeof run !== 'string') return own
  const kept = Object.entries(own).flatMap(([name, value]): [string, Json][] => {
    if (!isJsonObject(value)) return [[name, value]]
    if (name === TARGETS) return [[name, ownTargets(value, run)]]
    return isOfOther(value, run) ? [] : [[name, measuredInside(value)]]
  })
  return Object.fromEntries(kept)
}

/**
 * The level with what `ownResults` needs: which run it is of, and which figures it has. Numbers of its own are named at the level;
 * numbers in the block of a tool (`k6`, `junit`) in the block, by the way to them.
 */
export function markMeasured(level: JsonObject, run: string): JsonObject {
  const marked = Object.entries(level).map(([name, value]): [string, Json] => {
    if (name === TARGETS || !isJsonObject(value)) return [name, value]
    return [name, { ...value, run, measured: waysToNumbers(value, '').join(SEPARATOR) }]
  })
  const own = Object.entries(level).filter(([, value]) => typeof value === 'number')
  const measured = own.map(([name]) => encoded(name)).join(SEPARATOR)
  return { ...Object.fromEntries(marked), run, measured }
}

const TARGETS = 'targets'
const SEPARATOR = ','

function ownTargets(targets: JsonObject, run: string): JsonObject {
  const current = Object.entries(targets).flatMap(([name, target]): [string, Json][] =>
    isJsonObject(target) && target['run'] === run ? [[name, ownResults(target)]] : [],
  )
  return Object.fromEntries(current)
}

function isOfOther(block: JsonObject, run: string): boolean {
  return typeof block['run'] === 'string' && block['run'] !== run
}

/** Texts and maps stay: only numbers are figures. */
function measuredOnly(level: JsonObject): JsonObject {
  const { measured } = level
  if (typeof measured !== 'string') return level
  const names = new Set(measured.split(SEPARATOR))
  const isKept = ([name, value]: [string, Json]) =>
    typeof value !== 'number' || names.has(encoded(name))
  return Object.fromEntries(Object.entries(level).filter(isKept))
}

/** The block of a tool, whose figures may be at any depth; maps in which nothing was measured go with their figures. */
function measuredInside(block: JsonObject): JsonObject {
  const { measured } = block
  if (typeof measured !== 'string') return block
  return pruned(block, new Set(measured.split(SEPARATOR)), '')
}

function pruned(block: JsonObject, ways: ReadonlySet<string>, prefix: string): JsonObject {
  const kept = Object.entries(block).flatMap(([name, value]): [string, Json][] => {
    const way = prefix + encoded(name)
    if (typeof value === 'number') return ways.has(way) ? [[name, value]] : []
    if (!isJsonObject(value)) return [[name, value]]
    const inner = pruned(value, ways, `${way}.`)
    return Object.keys(inner).length === 0 ? [] : [[name, inner]]
  })
  return Object.fromEntries(kept)
}

function waysToNumbers(value: JsonObject, prefix: string): string[] {
  return Object.entries(value).flatMap(([name, inner]) => {
    const way = prefix + encoded(name)
    if (typeof inner === 'number') return [way]
    return isJsonObject(inner) ? waysToNumbers(inner, `${way}.`) : []
  })
}

/** Tools give their metrics names with any character in them. A lone surrogate has no encoding, and is of no use in a path either. */
function encoded(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replaceAll('.', '%2E')
}
