import type { KeptnEvent } from '@tiphys/contract/event.ts'
import {
  EventPageBody,
  EventStoreQuery,
  EventsByTypeQuery,
} from '@tiphys/contract/http/keptn-event-store.ts'
import type { z } from 'zod'
import type { Actor } from '../../intake/actor.ts'
import type { EventQuery, Store, StoredEvent } from '../../ports/store.ts'
import { RESTORED } from '../../projections/corrections.ts'
import type { Projects } from '../../projects/projects.ts'
import { checkEveryProject, checkProject } from '../access.ts'
import { type Answer, ok, type Refusal } from '../answer.ts'
import type { AddRoute } from '../route.ts'
import { type EventFilter, filterValues, matchesFilter, parseEventFilter } from './event-filter.ts'
import { textKey } from './pages.ts'
import { timeRange } from './time.ts'

type Parts = { readonly store: Store; readonly projects: Projects }
type EventPage = z.output<typeof EventPageBody>

/** Rows that a filter is tried on at most; an index narrows them down before. */
const MAX_SCANNED = 1000
/** Invalidations that are looked at, newest first. */
const MAX_INVALIDATIONS = 1000

/** Keptn's event store (facts/keptn-v1.md 2.4), newest first. Facts of our own are not shown. */
export function addEventStoreRoutes(add: AddRoute, parts: Parts): void {
  add({
    method: 'GET',
    path: '/api/mongodb-datastore/event',
    summary: 'Events by project, context, type, time …, newest first',
    query: EventStoreQuery,
    success: EventPageBody,
    handle: ({ query, actor }) => listEvents(parts, query, actor),
  })
  add({
    method: 'GET',
    path: '/api/mongodb-datastore/event/type/:type',
    summary: 'Events of one type that a filter matches, newest first',
    query: EventsByTypeQuery,
    success: EventPageBody,
    handle: ({ params, query, actor }) => listByType(parts, params.type, query, actor),
  })
}

async function listEvents(
  parts: Parts,
  query: z.output<typeof EventStoreQuery>,
  actor: Actor,
): Promise<Answer<EventPage>> {
  const times = timeRange(query)
  if (!times.ok) return times
  const scope = query.project || undefined
  const forbidden = scope === undefined ? checkEveryProject(actor, 'project=') : undefined
  if (forbidden !== undefined) return forbidden
  const record = scope === undefined ? undefined : parts.projects.find(scope)
  if (scope !== undefined && record === undefined) return ok(emptyPage(query.pageSize))
  const { ok: _, ...range } = times
  const found = await parts.store.query({
    ...named({
      projectId: record?.projectId,
      context: query.keptnContext?.toLowerCase(),
      type: query.type,
      stage: query.stage,
      service: query.service,
      source: query.source,
      eventId: query.eventID,
    }),
    ...range,
    root: query.root,
    offset: query.nextPageKey,
    limit: query.pageSize,
  })
  const { totalCount } = found
  return ok({
    events: shown(found.events),
    nextPageKey: textKey(query, totalCount),
    pageSize: query.pageSize,
    totalCount,
  })
}

/** Leaves out what was not given; empty text is not given either. */
function named(wishes: Readonly<Record<string, string | undefined>>): Partial<EventQuery> {
  return Object.fromEntries(Object.entries(wishes).filter(([, value]) => value))
}

async function listByType(
  parts: Parts,
  type: string,
  query: z.output<typeof EventsByTypeQuery>,
  actor: Actor,
): Promise<Answer<EventPage>> {
  const parsed = parseEventFilter(query.filter)
  if (!parsed.ok) return parsed
  const times = timeRange(query)
  if (!times.ok) return times
  const scopes = projectScopes(parts.projects, parsed.filter, actor)
  if (!scopes.ok) return scopes
  const { ok: _, ...range } = times
  const pages = await Promise.all(
    scopes.projectIds.map((projectId) =>
      parts.store.query({
        type,
        ...range,
        ...indexed(parsed.filter),
        ...(projectId === undefined ? {} : { projectId }),
        offset: 0,
        limit: MAX_SCANNED,
      }),
    ),
  )
  const rows = pages
    .flatMap((page) => page.events)
    .sort((left, right) => right.position - left.position)
    .filter((row) => matchesFilter(row.event, parsed.filter))
  const valid = query.excludeInvalidated ? await withoutInvalidated(parts.store, rows) : rows
  const events = shown(valid.slice(0, query.limit))
  return ok({ events, nextPageKey: '0', pageSize: query.limit, totalCount: events.length })
}

type Scopes = { readonly ok: true; readonly projectIds: readonly (string | undefined)[] } | Refusal

/** The projects a filter names, as ids; `[undefined]` is all of them. */
function projectScopes(projects: Projects, filter: EventFilter, actor: Actor): Scopes {
  const names = filterValues(filter, 'data.project')
  if (names === undefined) {
    const forbidden = checkEveryProject(actor, 'data.project in the filter')
    return forbidden ?? { ok: true, projectIds: [undefined] }
  }
  const forbidden = names.map((name) => checkProject(actor, name)).find((one) => one !== undefined)
  if (forbidden !== undefined) return forbidden
  const projectIds = names.flatMap((name) => projects.find(name)?.projectId ?? [])
  return { ok: true, projectIds }
}

/** What of a filter an index can answer: paths with one value. */
function indexed(filter: EventFilter): Partial<EventQuery> {
  const only = (path: string) => {
    const values = filterValues(filter, path)
    return values?.length === 1 ? values[0] : undefined
  }
  return named({
    context: only('shkeptncontext'),
    stage: only('data.stage'),
    service: only('data.service'),
    result: only('data.result'),
    source: only('source'),
    triggeredId: only('triggeredid'),
  })
}

/** An `*.invalidated` event takes back every event with the same `triggeredid`, until that is undone. */
async function withoutInvalidated(
  store: Store,
  rows: readonly StoredEvent[],
): Promise<readonly StoredEvent[]> {
  const projectIds = new Set(rows.flatMap((row) => row.projectId ?? []))
  const gone = new Set<unknown>()
  for (const projectId of projectIds) {
    const page = { projectId, offset: 0, limit: MAX_INVALIDATIONS }
    const taken = await store.query({ ...page, typeSuffix: '.invalidated' })
    const undone = await store.query({ ...page, type: RESTORED, keptnOnly: false })
    const restored = new Map<unknown, number>()
    // They come newest first; the newest of each shall be what is left.
    for (const { event, position } of undone.events.toReversed()) {
      restored.set(event.triggeredid, position)
    }
    for (const { event, position } of taken.events) {
      if (position > (restored.get(event.triggeredid) ?? 0)) gone.add(event.triggeredid)
    }
  }
  return rows.filter(
    (row) => row.event.triggeredid === undefined || !gone.has(row.event.triggeredid),
  )
}

function emptyPage(pageSize: number): EventPage {
  return { events: [], nextPageKey: '0', pageSize, totalCount: 0 }
}

function shown(rows: readonly StoredEvent[]): KeptnEvent[] {
  return rows.map((row) => row.event)
}
