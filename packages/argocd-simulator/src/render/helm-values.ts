import { posix } from 'node:path'
import type { ApplicationSource } from '../application/application.ts'
import { parseYamlDocuments, RenderError } from './manifest.ts'
import { joinInside, type SourceTree } from './source-tree.ts'

export type Values = { [name: string]: unknown }

/**
 * The values of a release, weakest first: values.yaml of the chart, `valueFiles`, `values`,
 * `valuesObject` (instead of `values`), `parameters`. A value file may be `$ref/path`, which reads it from
 * the source with that `ref`.
 */
export async function releaseValues(
  tree: SourceTree,
  folder: string,
  helm: NonNullable<ApplicationSource['helm']>,
  references: ReadonlyMap<string, SourceTree>,
): Promise<Values> {
  let values: Values = await readChartValues(tree, folder)
  for (const file of helm.valueFiles ?? []) {
    values = merge(values, await readValueFile(tree, folder, file, helm, references))
  }
  if (helm.valuesObject !== undefined) values = merge(values, helm.valuesObject)
  else if (helm.values !== undefined && helm.values !== '') {
    values = merge(
      values,
      asValues(parseYamlDocuments(helm.values, 'helm.values')[0], 'helm.values'),
    )
  }
  for (const parameter of helm.parameters ?? []) {
    setPath(values, splitPath(parameter.name), parameterValue(parameter))
  }
  return values
}

/** Reads `a.b.c` out of values; undefined where it ends early. */
export function valueAt(values: Values, path: string): unknown {
  let current: unknown = values
  for (const key of path.split('.')) {
    if (!isValues(current)) return undefined
    current = current[key]
  }
  return current
}

async function readChartValues(tree: SourceTree, folder: string): Promise<Values> {
  const path = joinInside(folder, 'values.yaml')
  if (!(await tree.list(path)).includes(path)) return {}
  return asValues(parseYamlDocuments(await tree.read(path), path)[0], path)
}

async function readValueFile(
  tree: SourceTree,
  folder: string,
  file: string,
  helm: NonNullable<ApplicationSource['helm']>,
  references: ReadonlyMap<string, SourceTree>,
): Promise<Values> {
  const [, referenceName, rest] = file.match(/^\$([^/]+)\/(.*)$/) ?? []
  const owner = referenceName === undefined ? tree : references.get(`$${referenceName}`)
  if (owner === undefined)
    throw new RenderError(
      `source referenced "$${referenceName}", but no source has a 'ref' field with that value`,
    )
  const path = rest === undefined ? joinInside(folder, file) : joinInside(rest)
  const exists = (await owner.list(path)).includes(path)
  if (!exists && helm.ignoreMissingValueFiles === true) return {}
  if (!exists) throw new RenderError(`open ${posix.join(path)}: no such file or directory`)
  return asValues(parseYamlDocuments(await owner.read(path), path)[0], path)
}

function parameterValue(parameter: { value: string; forceString?: boolean }): unknown {
  const { value } = parameter
  if (parameter.forceString === true) return value
  if (value === 'true' || value === 'false') return value === 'true'
  if (value === 'null') return null
  // Helm's --set: 0 and integers without a leading zero are numbers, everything else is text.
  return /^(0|-?[1-9]\d*)$/.test(value) ? Number(value) : value
}

/** Splits at dots that are not escaped: `ingress.annotations.a\.b/c` has three parts. */
function splitPath(path: string): string[] {
  return path.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'))
}

function setPath(values: Values, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path
  if (key === undefined || key === '__proto__') return
  if (rest.length === 0) {
    values[key] = value
    return
  }
  const next = values[key]
  const child: Values = isValues(next) ? next : {}
  values[key] = child
  setPath(child, rest, value)
}

function merge(weak: Values, strong: Values): Values {
  const merged: Values = { ...weak }
  for (const [key, value] of Object.entries(strong)) {
    const below = merged[key]
    merged[key] = isValues(below) && isValues(value) ? merge(below, value) : structuredClone(value)
  }
  return merged
}

function asValues(value: unknown, path: string): Values {
  if (value === undefined || value === null) return {}
  if (isValues(value)) return value
  throw new RenderError(`${path}: values are not a map`)
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
