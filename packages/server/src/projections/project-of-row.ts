import type { JsonObject } from '@tiphys/contract/json.ts'
import type { RunMeta } from '@tiphys/core/sequence/run-row.ts'
import type { StoredEvent } from '../ports/store.ts'

/** Where a row belongs, as its event says; undefined parts are not named. */
export type Whereabouts = {
  readonly projectId: string
  readonly project: string
  readonly stage: string
  readonly service: string
}

/** Undefined for rows of no project, stage or service. */
export function whereaboutsOf(row: StoredEvent): Whereabouts | undefined {
  const { project, stage, service } = row.event.data
  if (row.projectId === undefined) return undefined
  if (typeof project !== 'string' || typeof stage !== 'string' || typeof service !== 'string') {
    return undefined
  }
  if (project === '' || stage === '' || service === '') return undefined
  return { projectId: row.projectId, project, stage, service }
}

const RUN_STREAM = 'run/'

/** What a row means to its run; undefined for rows of other streams. */
export function runMetaOf(row: StoredEvent): RunMeta | undefined {
  if (!row.stream.startsWith(RUN_STREAM) || row.meta === undefined) return undefined
  // Rows of a run's stream are written by the engine alone, with this meta.
  return row.meta as unknown as RunMeta
}

/** `<projectId>/<runId>`: the stream without its prefix. */
export function runKeyOf(row: StoredEvent): string {
  return row.stream.slice(RUN_STREAM.length)
}

export function textAt(data: JsonObject, ...path: readonly string[]): string | undefined {
  const found = valueAt(data, path)
  return typeof found === 'string' && found !== '' ? found : undefined
}

export function valueAt(data: JsonObject, path: readonly string[]): unknown {
  let current: unknown = data
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) {
      return undefined
    }
    current = (current as Record<string, unknown>)[key]
  }
  return current
}
