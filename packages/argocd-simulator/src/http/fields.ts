import type { Application } from '../application/application.ts'

/** What `fields` of the list can select: a fixed table in Argo CD, without history, reconciledAt or conditions. */
const SELECTABLE: Readonly<Record<string, (application: Application) => unknown>> = {
  'metadata.name': ({ metadata }) => metadata.name,
  'metadata.namespace': ({ metadata }) => metadata.namespace,
  'metadata.annotations': ({ metadata }) => metadata.annotations,
  'metadata.labels': ({ metadata }) => metadata.labels,
  'metadata.creationTimestamp': ({ metadata }) => metadata.creationTimestamp,
  'metadata.deletionTimestamp': ({ metadata }) => metadata.deletionTimestamp,
  spec: ({ spec }) => spec,
  'status.sync.status': ({ status }) => status.sync.status,
  'status.health': ({ status }) => status.health,
  'status.summary': ({ status }) => status.summary,
  'status.operationState.startedAt': ({ status }) => status.operationState?.startedAt,
  'status.operationState.finishedAt': ({ status }) => status.operationState?.finishedAt,
  'status.operationState.phase': ({ status }) => status.operationState?.phase,
  // Not a slip of ours: Argo CD puts the sync *result* under this name.
  'status.operationState.operation.sync': ({ status }) => status.operationState?.syncResult,
  'status.resources': ({ status }) => status.resources,
  'operation.sync': ({ operation }) => operation?.sync,
}

type Fields = { names: Set<string>; isExclusion: boolean }

/** Undefined when nothing was selected. A leading `-` selects everything else. */
export function parseFields(text: string | null): Fields | undefined {
  if (text === null || text === '') return undefined
  const isExclusion = text.startsWith('-')
  return { names: new Set((isExclusion ? text.slice(1) : text).split(',')), isExclusion }
}

/** One item of a list with only the selected fields; the names carry the prefix `items.`. */
export function selectListFields(
  application: Application,
  fields: Fields,
): Record<string, unknown> {
  const selected: Record<string, unknown> = {}
  for (const [name, read] of Object.entries(SELECTABLE)) {
    if (fields.names.has(`items.${name}`) === fields.isExclusion) continue
    const value = read(application)
    if (value !== undefined) assignPath(selected, name.split('.'), value)
  }
  return selected
}

/** Any paths of any JSON value, as the stream supports them. */
export function selectPaths(value: unknown, fields: Fields): unknown {
  return pick(value, '', fields)
}

function pick(value: unknown, path: string, fields: Fields): unknown {
  if (Array.isArray(value)) return value.map((item) => pick(item, path, fields))
  if (typeof value !== 'object' || value === null) return value
  const picked: Record<string, unknown> = {}
  for (const [key, child] of Object.entries(value)) {
    const childPath = path === '' ? key : `${path}.${key}`
    const isNamed = fields.names.has(childPath)
    if (fields.isExclusion) {
      if (!isNamed) picked[key] = pick(child, childPath, fields)
    } else if (isNamed) picked[key] = child
    else if ([...fields.names].some((name) => name.startsWith(`${childPath}.`))) {
      picked[key] = pick(child, childPath, fields)
    }
  }
  return picked
}

function assignPath(
  target: Record<string, unknown>,
  path: readonly string[],
  value: unknown,
): void {
  const [key, ...rest] = path
  if (key === undefined) return
  if (rest.length === 0) {
    target[key] = value
    return
  }
  target[key] ??= {}
  assignPath(target[key] as Record<string, unknown>, rest, value)
}
