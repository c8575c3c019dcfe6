import type { KeptnEvent } from '@tiphys/contract/event.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { NewEvent, StoredEvent } from '../../ports/store.ts'

/** The bytes of a row: what is stored, and what the hash chain covers. */
export type SerialisedEvent = { readonly body: string; readonly meta: string | undefined }

/** Throws on what is no JSON (a BigInt, a cycle): a bug of whoever made the event. */
export function serialise(entry: NewEvent): SerialisedEvent {
  return {
    body: JSON.stringify(entry.event),
    meta: entry.meta === undefined ? undefined : JSON.stringify(entry.meta),
  }
}

export type StoredPlace = {
  readonly position: number
  readonly stream: string
  readonly version: number
  readonly timeMs: number
  readonly projectId: string | undefined
}

export function storedEvent(place: StoredPlace, text: SerialisedEvent): StoredEvent {
  // What `serialise` wrote, and nothing else is ever in these columns.
  const event = JSON.parse(text.body) as KeptnEvent
  const meta = text.meta === undefined ? undefined : (JSON.parse(text.meta) as JsonObject)
  return placed({ event, ...(meta === undefined ? {} : { meta }) }, place)
}

/** The row as readers get it. Absent facts are absent keys. Made for every row: without spreads, which cost half a microsecond. */
export function placed(entry: Pick<NewEvent, 'event' | 'meta'>, place: StoredPlace): StoredEvent {
  const { position, stream, version, timeMs, projectId } = place
  const row: Writable<StoredEvent> = { event: entry.event, position, stream, version, timeMs }
  if (entry.meta !== undefined) row.meta = entry.meta
  if (projectId !== undefined) row.projectId = projectId
  return row
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }
