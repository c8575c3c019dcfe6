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

/** The row as readers get it. */
export function placed(entry: Pick<NewEvent, 'event' | 'meta'>, place: StoredPlace): StoredEvent {
  const { position, stream, version, timeMs, projectId } = place
  return {
    event: entry.event,
    ...(entry.meta === undefined ? {} : { meta: entry.meta }),
    ...(projectId === undefined ? {} : { projectId }),
    position,
    stream,
    version,
    timeMs,
  }
}
