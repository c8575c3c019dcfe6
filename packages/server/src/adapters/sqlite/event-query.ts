import { setImmediate as nextTurn } from 'node:timers/promises'
import { FACT_PREFIX } from '@tiphys/contract/event.ts'
import type { EventPage, EventQuery } from '../../ports/store.ts'
import { matchesWanted } from '../event-log/query-bounds.ts'
import type { EventReader } from './event-rows.ts'
import { idKey } from './id-key.ts'
import type { SqliteFile, SqlValue } from './sqlite-file.ts'
import type { Words } from './words.ts'
import type { Zones } from './zones.ts'

/**
 * Queries over the index columns, newest first. What has an index of its own (context, ids) is one statement; everything else
 * walks back through the stretches of the log that may hold it (zones.ts) and gives other work its turn between them, until the page
 * and the count are full.
 */
export type EventQueries = { query(query: EventQuery): Promise<EventPage> }

const IS_FACT = `IN (SELECT id FROM words WHERE text >= '${FACT_PREFIX}' AND text < '${FACT_PREFIX}\u{10FFFF}')`

export type EventQueryParts = {
  readonly file: SqliteFile
  readonly words: Words
  readonly zones: Zones
  readonly reader: EventReader
  readonly headPosition: () => number
}

export function createEventQueries(parts: EventQueryParts): EventQueries {
  return {
    async query(query) {
      const bound = matchesWanted(query)
      const search = searchOf(query, parts.words)
      if (search === undefined) return { events: [], totalCount: 0 }
      const statement = parts.file.statement<{ position: number }>(searchSql(search))
      const head = parts.headPosition()
      const whole = [{ first: 0, last: head }]
      const zones = search.index === undefined ? parts.zones.find(query) : whole
      const positions: number[] = []
      for (const [index, { first, last }] of zones.entries()) {
        if (index > 0) await nextTurn()
        const upper = Math.min(last, head)
        const found = statement.all(first, upper, ...search.values, bound - positions.length)
        for (const { position } of found) positions.push(position)
        if (positions.length >= bound) break
      }
      const page = positions.slice(query.offset, query.offset + query.limit)
      return { events: parts.reader.readPositions(page), totalCount: positions.length }
    },
  }
}

export type Search = {
  /** Leads to few rows. Undefined: the rows of a stretch are looked through. */
  readonly index: 'events_by_id' | 'events_by_triggered' | 'events_by_context' | undefined
  readonly conditions: readonly string[]
  readonly values: readonly SqlValue[]
}

/** Binds: first and last position, the values of the search, a limit. */
export function searchSql(search: Search): string {
  const source = search.index === undefined ? 'NOT INDEXED' : `INDEXED BY ${search.index}`
  const conditions = ['position >= ?', 'position <= ?', ...search.conditions].join(' AND ')
  return `SELECT position FROM events ${source} WHERE ${conditions} ORDER BY position DESC LIMIT ?`
}

/** Undefined when a text is asked for that no row has. */
export function searchOf(query: EventQuery, words: Words): Search | undefined {
  const conditions: string[] = []
  const values: SqlValue[] = []
  const add = (condition: string, ...bound: SqlValue[]) => {
    conditions.push(condition)
    values.push(...bound)
  }

  for (const [key, path, id] of idFilters(query)) {
    add(`${key} = ? AND body ->> '${path}' = ?`, idKey(id), id)
  }
  for (const [column, text] of wordFilters(query)) {
    const word = words.find(text)
    if (word === undefined) return undefined
    add(`${column} = ?`, word)
  }
  const suffix = query.typeSuffix
  if (suffix !== undefined) {
    add('type IN (SELECT id FROM words WHERE substr(text, -length(?)) = ?)', suffix, suffix)
  }
  if (query.fromTimeMs !== undefined) add('time_ms >= ?', query.fromTimeMs)
  if (query.beforeTimeMs !== undefined) add('time_ms < ?', query.beforeTimeMs)
  const isFactShown = query.keptnOnly === false
  if (!isFactShown) add(`type NOT ${IS_FACT}`)
  if (query.root === true) add(rootCondition(isFactShown))
  return { index: indexOf(query), conditions, values }
}

function idFilters(query: EventQuery): [string, string, string][] {
  const all: [string, string, string | undefined][] = [
    ['id_key', '$.id', query.eventId],
    ['triggered_key', '$.triggeredid', query.triggeredId],
    ['context_key', '$.shkeptncontext', query.context],
  ]
  return all.flatMap(([key, path, id]) => (id === undefined ? [] : [[key, path, id]]))
}

function wordFilters(query: EventQuery): [string, string][] {
  const { projectId: project, type, stage, service, source, result } = query
  return Object.entries({ project, type, stage, service, source, result }).flatMap(
    ([column, text]) => (text === undefined ? [] : [[column, text]]),
  )
}

function rootCondition(isFactShown: boolean): string {
  const shown = isFactShown ? '' : `AND earlier.type NOT ${IS_FACT}`
  return `context_key IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM events AS earlier INDEXED BY events_by_context
    WHERE earlier.context_key = events.context_key AND earlier.position < events.position
      AND earlier.project IS events.project
      AND earlier.body ->> '$.shkeptncontext' = events.body ->> '$.shkeptncontext' ${shown})`
}

function indexOf(query: EventQuery): Search['index'] {
  if (query.eventId !== undefined) return 'events_by_id'
  if (query.triggeredId !== undefined) return 'events_by_triggered'
  return query.context === undefined ? undefined : 'events_by_context'
}
