import { FACT_PREFIX } from '@tiphys/contract/event.ts'
import type { StoredEvent } from '../../ports/store.ts'
import { cursorOf } from '../cursor.ts'

/** What goes over the wire (https://html.spec.whatwg.org/multipage/server-sent-events.html). Each text is whole frames. */

/** Many readers follow the same project: a row becomes text once, for as long as somebody holds the row. */
const texts = new WeakMap<StoredEvent, string>()

/** JSON has no raw line break, so the data is one line. */
export function eventFrame(row: StoredEvent): string {
  const known = texts.get(row)
  if (known !== undefined) return known
  const kind = row.event.type.startsWith(FACT_PREFIX) ? 'dev.tiphys' : 'keptn'
  const data = JSON.stringify(row.event)
  const text = `id: ${cursorOf(row.position)}\nevent: ${kind}\ndata: ${data}\n\n`
  texts.set(row, text)
  return text
}

/** A new cursor without an event: clients remember it, and begin there when they come back. */
export function cursorFrame(position: number, comment: string): string {
  return `: ${comment}\nid: ${cursorOf(position)}\n\n`
}

export function commentFrame(comment: string): string {
  return `: ${comment}\n\n`
}

export function endFrame(position: number, data: object): string {
  return `id: ${cursorOf(position)}\nevent: end\ndata: ${JSON.stringify(data)}\n\n`
}

/** `retry`: how long a client waits before it connects again, in milliseconds. */
export function openingFrame(position: number, retryMs: number): string {
  return `retry: ${retryMs}\n${cursorFrame(position, 'open')}`
}
