import { assert } from '@tiphys/core/assert.ts'
import type {
  EventPage,
  EventQuery,
  ForgetRequest,
  NewEvent,
  StoredEvent,
} from '../../ports/store.ts'
import { matchesWanted } from '../event-log/query-bounds.ts'
import { placed, type SerialisedEvent, serialise, storedEvent } from '../event-log/serialise.ts'
import { isShown, matches } from './event-filter.ts'

/** The rows themselves, kept as text like on disk: no reader can change what another one reads. */
export type MemoryLog = {
  versionOf(stream: string): number
  /** Throws when the rows cannot be written; nothing is changed then. */
  check(stream: string, entries: readonly NewEvent[]): void
  append(stream: string, entries: readonly NewEvent[], timeMs: number): StoredEvent[]
  read(stream: string, fromVersion: number): StoredEvent[]
  readAfter(position: number, limit: number): StoredEvent[]
  headPosition(): number
  query(query: EventQuery): EventPage
  setOpen(stream: string, isOpen: boolean): void
  openStreams(): string[]
  deleteProject(projectId: string): void
  /** Deletes whole streams, and the oldest rows of others; answers how many rows went. */
  forget(streams: readonly string[], cuts: NonNullable<ForgetRequest['cuts']>): number
  rowCount(): number
}

type Row = { readonly text: SerialisedEvent; readonly place: Omit<StoredEvent, 'event' | 'meta'> }
/** `cut` rows at its beginning are gone. */
type Stream = { readonly rows: Row[]; cut: number; isOpen: boolean }

export function createMemoryLog(): MemoryLog {
  const streams = new Map<string, Stream>()
  let rows: Row[] = []
  let head = 0

  function streamOf(name: string): Stream {
    const known = streams.get(name)
    if (known !== undefined) return known
    const created: Stream = { rows: [], cut: 0, isOpen: false }
    streams.set(name, created)
    return created
  }

  function query(wanted: EventQuery): EventPage {
    const bound = matchesWanted(wanted)
    const visible = rows.map(read).filter((row) => isShown(row, wanted))
    const roots = wanted.root === true ? firstOfContexts(visible) : undefined
    const found = visible
      .filter((row) => matches(row, wanted) && (roots?.has(row.position) ?? true))
      .reverse()
      .slice(0, bound)
    const events = found.slice(wanted.offset, wanted.offset + wanted.limit)
    return { events, totalCount: found.length }
  }

  return {
    versionOf: (stream) => versionOf(streams.get(stream)),
    check(name, entries) {
      const [first] = streams.get(name)?.rows ?? []
      const projectId = first === undefined ? entries[0]?.projectId : first.place.projectId
      for (const entry of entries) {
        serialise(entry)
        assert(
          entry.projectId === undefined || entry.projectId === projectId,
          `the events of stream ${name} belong to one project`,
        )
      }
    },
    append(name, entries, timeMs) {
      const texts = entries.map(serialise)
      const stream = streamOf(name)
      return entries.map((entry, index) => {
        const { projectId } = entry
        const version = versionOf(stream) + 1
        const place = { position: ++head, stream: name, version, timeMs, projectId }
        const row = placed(entry, place)
        const { event: _event, meta: _meta, ...kept } = row
        const stored = { text: texts[index] ?? serialise(entry), place: kept }
        stream.rows.push(stored)
        rows.push(stored)
        return row
      })
    },
    read: (stream, fromVersion) =>
      (streams.get(stream)?.rows ?? [])
        .filter(({ place }) => place.version >= fromVersion)
        .map(read),
    readAfter(position, limit) {
      const first = firstAfter(rows, position)
      return rows.slice(first, first + limit).map(read)
    },
    headPosition: () => head,
    query,
    setOpen(stream, isOpen) {
      streamOf(stream).isOpen = isOpen
    },
    openStreams: () => [...streams].filter(([, stream]) => stream.isOpen).map(([name]) => name),
    deleteProject(projectId) {
      for (const [name, stream] of streams) {
        if (stream.rows[0]?.place.projectId === projectId) streams.delete(name)
      }
      rows = rows.filter((row) => streams.has(row.place.stream))
    },
    forget(names, cuts) {
      const gone = new Set(names.flatMap((name) => streams.get(name)?.rows ?? []))
      for (const name of names) streams.delete(name)
      for (const { stream, upToVersion } of cuts) {
        for (const row of cutOff(streams.get(stream), upToVersion)) gone.add(row)
      }
      rows = rows.filter((row) => !gone.has(row))
      return gone.size
    },
    rowCount: () => rows.length,
  }
}

/** Takes the oldest rows out of a stream, when the version is there. */
function cutOff(stream: Stream | undefined, upToVersion: number): Row[] {
  const isThere = stream?.rows.some(({ place }) => place.version === upToVersion)
  if (stream === undefined || !isThere) return []
  const gone = stream.rows.splice(0, upToVersion - stream.cut)
  stream.cut = upToVersion
  return gone
}

function versionOf(stream: Stream | undefined): number {
  return stream === undefined ? 0 : stream.cut + stream.rows.length
}

function read(row: Row): StoredEvent {
  return storedEvent({ ...row.place, projectId: row.place.projectId }, row.text)
}

/** Positions of the first row of each context within its project. */
function firstOfContexts(rows: readonly StoredEvent[]): Set<number> {
  const first = new Map<string, number>()
  for (const { event, projectId, position } of rows) {
    if (event.shkeptncontext === undefined) continue
    const key = JSON.stringify([projectId ?? null, event.shkeptncontext])
    if (!first.has(key)) first.set(key, position)
  }
  return new Set(first.values())
}

/** Binary search: rows stand in order of position, with holes where projects were deleted. */
function firstAfter(rows: readonly Row[], position: number): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rows[middle]?.place.position ?? 0) <= position) low = middle + 1
    else high = middle
  }
  return low
}
