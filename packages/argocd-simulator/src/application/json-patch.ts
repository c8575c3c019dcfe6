import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'

/** JSON merge patch (RFC 7396): null removes, objects merge, everything else (arrays too) replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(merged[key], value)
  }
  return merged
}

const operationsSchema = z.array(
  z.discriminatedUnion('op', [
    z.object({ op: z.literal('add'), path: z.string(), value: z.unknown() }),
    z.object({ op: z.literal('replace'), path: z.string(), value: z.unknown() }),
    z.object({ op: z.literal('test'), path: z.string(), value: z.unknown() }),
    z.object({ op: z.literal('remove'), path: z.string() }),
    z.object({ op: z.literal('move'), path: z.string(), from: z.string() }),
    z.object({ op: z.literal('copy'), path: z.string(), from: z.string() }),
  ]),
)

/** JSON patch (RFC 6902). Answers the reason when the patch is invalid or does not fit. */
export function jsonPatch(
  target: unknown,
  patch: unknown,
): { value: unknown } | { problem: string } {
  const parsed = operationsSchema.safeParse(patch)
  if (!parsed.success) return { problem: parsed.error.issues[0]?.message ?? 'invalid patch' }
  const root = { value: structuredClone(target) }
  for (const operation of parsed.data) {
    const problem = applyOperation(root, operation)
    if (problem !== undefined) return { problem: `${operation.op} ${operation.path}: ${problem}` }
  }
  return root
}

type PatchOperation = z.output<typeof operationsSchema>[number]
type Root = { value: unknown }

function applyOperation(root: Root, operation: PatchOperation): string | undefined {
  switch (operation.op) {
    case 'add':
      return add(root, operation.path, structuredClone(operation.value))
    case 'replace':
      return (
        remove(root, operation.path) ?? add(root, operation.path, structuredClone(operation.value))
      )
    case 'remove':
      return remove(root, operation.path)
    case 'test':
      return isDeepStrictEqual(read(root, operation.path), operation.value)
        ? undefined
        : 'value is different'
    case 'copy':
    case 'move': {
      const value = structuredClone(read(root, operation.from))
      if (value === undefined) return `${operation.from} does not exist`
      const problem = operation.op === 'move' ? remove(root, operation.from) : undefined
      return problem ?? add(root, operation.path, value)
    }
  }
}

function add(root: Root, path: string, value: unknown): string | undefined {
  const place = locate(root, path)
  if (place === undefined) return 'parent does not exist'
  const { parent, key } = place
  if (Array.isArray(parent)) {
    const index = key === '-' ? parent.length : Number(key)
    if (!Number.isInteger(index) || index < 0 || index > parent.length) return 'no such index'
    parent.splice(index, 0, value)
  } else parent[key] = value
  return undefined
}

function remove(root: Root, path: string): string | undefined {
  const place = locate(root, path)
  if (place === undefined || read(root, path) === undefined) return 'does not exist'
  const { parent, key } = place
  if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete parent[key]
  return undefined
}

function read(root: Root, path: string): unknown {
  const place = locate(root, path)
  if (place === undefined) return undefined
  return Array.isArray(place.parent) ? place.parent[Number(place.key)] : place.parent[place.key]
}

function locate(
  root: Root,
  path: string,
): { parent: Record<string, unknown> | unknown[]; key: string } | undefined {
  const keys = ['value', ...path.split('/').slice(1)].map((key) =>
    key.replaceAll('~1', '/').replaceAll('~0', '~'),
  )
  const last = keys.pop() ?? ''
  let current: unknown = root
  for (const key of keys) {
    if (Array.isArray(current)) current = current[Number(key)]
    else if (isRecord(current) && Object.hasOwn(current, key)) current = current[key]
    else return undefined
  }
  return Array.isArray(current) || isRecord(current) ? { parent: current, key: last } : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
