import { CONTENT_TYPE, FACT_PREFIX, SPEC_VERSION } from '@tiphys/contract/event.ts'
import { isJsonObject, type Json, type JsonObject } from '@tiphys/contract/json.ts'
import { eventId } from '@tiphys/core/event-id.ts'
import { combineResults } from '@tiphys/core/load/combined-results.ts'
import { ownResults } from '@tiphys/core/load/own-results.ts'
import type { Store } from '../ports/store.ts'

/** A row of the project's inbox: somebody who may answer tasks handed in results for a context. */
export const UPLOADED = `${FACT_PREFIX}test-results.uploaded`

export type ResultsPlace = {
  readonly projectId: string
  readonly project: string
  readonly stage: string
  readonly service: string
  readonly context: string
}

export type Upload = {
  /** A later upload of the same name replaces it. */
  readonly name: string
  readonly results: JsonObject
  /** The token it came with. */
  readonly by: string
}

/** More of one context and place than this are not looked at; the newest count. */
const MAX_UPLOADS = 100

/** On disk when it resolves; answers the id of the row's event. */
export async function recordUpload(
  store: Pick<Store, 'commit'>,
  place: ResultsPlace,
  upload: Upload,
  nowMs: number,
): Promise<string> {
  const { project, stage, service, context, projectId } = place
  const { name, results, by } = upload
  const stream = `inbox:${projectId}`
  // It follows from all that is recorded, so that two in one millisecond are two.
  const id = eventId(JSON.stringify([stream, stage, service, context, upload]), 1, nowMs)
  const event = {
    id,
    type: UPLOADED,
    source: 'tiphys-api',
    specversion: SPEC_VERSION,
    contenttype: CONTENT_TYPE,
    time: new Date(nowMs).toISOString(),
    shkeptncontext: context,
    data: { project, stage, service, name, by, test: { results } },
  } as const
  const write = { stream, expectedVersion: 'any' as const, events: [{ event, projectId }] }
  await store.commit({ writes: [write], nowMs })
  return id
}

/** What was uploaded for a context and place, by name; the newest of each. */
async function uploadsOf(
  store: Pick<Store, 'query'>,
  place: Omit<ResultsPlace, 'project'>,
): Promise<ReadonlyMap<string, JsonObject>> {
  const { projectId, stage, service, context } = place
  const { events } = await store.query({
    projectId,
    stage,
    service,
    context,
    type: UPLOADED,
    keptnOnly: false,
    offset: 0,
    limit: MAX_UPLOADS,
  })
  const found = new Map<string, JsonObject>()
  // Newest first.
  for (const { event } of events) {
    const { name, test } = event.data
    const results = isJsonObject(test) ? test['results'] : undefined
    if (typeof name !== 'string' || found.has(name)) continue
    if (results !== undefined && isJsonObject(results)) found.set(name, results)
  }
  return found
}

/**
 * What an evaluation judges: the results of its run's own tests, and those that were uploaded for its context, stage and service,
 * together. Undefined when there are none. Results of another run count for nothing.
 */
export async function resultsForEvaluation(
  store: Pick<Store, 'query'>,
  place: Omit<ResultsPlace, 'project'> & { readonly runId: string },
  wire: unknown,
): Promise<unknown> {
  const uploads = await uploadsOf(store, place)
  if (uploads.size === 0) return wire
  const own = ownOf(wire, place.runId)
  const named = [...uploads]
  const targets = named.flatMap(([name, results]) => namedTargets(name, results))
  return {
    ...combineResults([...(own === undefined ? [] : [own]), ...named.map(([, one]) => one)]),
    targets: { ...targetsOf(own), ...Object.fromEntries(targets) },
  }
}

/** `targets` of one upload: the whole under its name, its parts under `<name>/<part>`. */
function namedTargets(name: string, results: JsonObject): (readonly [string, Json])[] {
  const { targets: _, ...whole } = results
  const parts = Object.entries(targetsOf(results))
  return [[name, whole] as const, ...parts.map(([part, one]) => [`${name}/${part}`, one] as const)]
}

function ownOf(wire: unknown, runId: string): JsonObject | undefined {
  if (!isJsonObject(wire)) return undefined
  const { run: of } = wire
  if (typeof of === 'string' && of !== runId) return undefined
  // The marks have done their work, and would hide what was uploaded.
  const { run: _, measured: __, stage: ___, ...figures } = ownResults(wire)
  return figures
}

function targetsOf(results: JsonObject | undefined): JsonObject {
  const targets = results?.['targets']
  return targets !== undefined && isJsonObject(targets) ? targets : {}
}
