import { isUuid, uuidOf } from '@tiphys/core/event-id.ts'

/** The context a client means: events map any text to one UUID, and so must questions about it. */
export function contextId(text: string): string {
  return isUuid(text) ? text.toLowerCase() : uuidOf(text)
}
