import {
  ContextEventsQuery,
  EventsAfter,
  ProjectEventsQuery,
} from '@tiphys/contract/http/native-stream.ts'
import type { Store, StoredEvent } from '../../ports/store.ts'
import type { Projects } from '../../projects/projects.ts'
import { type Answer, ok } from '../answer.ts'
import { cursorOf } from '../cursor.ts'
import type { AddRoute } from '../route.ts'
import { contextRows } from './context-rows.ts'
import { isWanted, type StreamScope } from './stream-scope.ts'
import { contextScope, projectScope, startPosition } from './stream-start.ts'

type Parts = {
  readonly store: Pick<Store, 'query' | 'readLog' | 'headPosition'>
  readonly projects: Projects
}

/** Rows of the log that one request looks at: a project with few events of a large log is read in several. */
const MAX_SCANNED_ROWS = 1_000

/** The streams for clients that cannot hold a connection: the same events, the same cursors. */
export function addPollRoutes(add: AddRoute, parts: Parts): void {
  add({
    method: 'GET',
    path: '/api/tiphys/v1/projects/:project/events',
    summary: 'Events of a project after a cursor, in the order of the log',
    query: ProjectEventsQuery,
    success: EventsAfter,
    async handle({ params, query }) {
      const found = projectScope(parts, params.project, query)
      return found.ok ? await eventsAfter(parts, found.scope, query) : found
    },
  })
  add({
    method: 'GET',
    path: '/api/tiphys/v1/contexts/:context/events',
    summary: 'Events of a context after a cursor, in the order of the log',
    query: ContextEventsQuery,
    success: EventsAfter,
    async handle({ params, query, actor }) {
      const found = await contextScope(parts, params.context, query, actor)
      return found.ok ? await eventsAfter(parts, found.scope, query) : found
    },
  })
}

async function eventsAfter(
  { store }: Parts,
  scope: StreamScope,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<Answer<EventsAfter>> {
  const start = await startPosition(store, after, 'beginning')
  if (!start.ok) return start
  const { rows, position, more } = await read(store, scope, start.position, limit)
  const events = rows.map((row) => row.event)
  return ok({ events, cursor: cursorOf(position), more })
}

type Read = {
  readonly rows: readonly StoredEvent[]
  readonly position: number
  readonly more: boolean
}

async function read(
  store: Parts['store'],
  scope: StreamScope,
  after: number,
  limit: number,
): Promise<Read> {
  const { context } = scope
  const head = await store.headPosition()
  const indexed =
    context === undefined
      ? undefined
      : await contextRows(store, { ...scope, context }, { after, upTo: head })
  if (indexed === undefined) {
    const scanned = await store.readLog(after, MAX_SCANNED_ROWS)
    const isFull = scanned.length === MAX_SCANNED_ROWS
    const reached = scanned.at(-1)?.position ?? after
    // Behind a page that is not full there is nothing up to the head: those rows were deleted.
    const last = isFull ? reached : Math.max(reached, head)
    return cut(
      scanned.filter((row) => isWanted(row, scope)),
      limit,
      { position: last, more: isFull },
    )
  }
  const rows: StoredEvent[] = []
  for await (const page of indexed) {
    rows.push(...page)
    if (rows.length > limit) break
  }
  return cut(rows, limit, { position: Math.max(after, head), more: false })
}

/** At most so many rows, and where to go on behind the last of them. */
function cut(rows: readonly StoredEvent[], limit: number, end: Omit<Read, 'rows'>): Read {
  if (rows.length <= limit) return { rows, ...end }
  const page = rows.slice(0, limit)
  return { rows: page, position: page.at(-1)?.position ?? end.position, more: true }
}
