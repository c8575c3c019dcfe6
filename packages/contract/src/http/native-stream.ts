import { z } from 'zod'
import { ShownEvent } from './keptn-event-store.ts'
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, wholeNumber } from './paging.ts'

/** Streams of events (text/event-stream) and the same by polling. Cursors are opaque text. */

function flag(standard: 'true' | 'false') {
  return z
    .enum(['true', 'false', ''], { error: 'must be true or false' })
    .default(standard)
    .transform((word) => (word === '' ? standard : word) === 'true')
}

const MAX_CURSOR_CHARACTERS = 100
const Cursor = z.string().max(MAX_CURSOR_CHARACTERS).optional()

const Scope = z.object({
  /** False: also the facts of our own, `event: dev.tiphys`. */
  keptnOnly: flag('true'),
})

const ProjectScope = Scope.extend({
  stage: z.string().optional(),
  service: z.string().optional(),
  /** The whole type of the event. */
  type: z.string().optional(),
})

const ContextScope = Scope.extend({
  /** Only needed when a client used the same context in two projects. */
  project: z.string().optional(),
})

const Start = z.object({
  /** Where to begin without a cursor. */
  from: z.enum(['beginning', 'now', ''], { error: 'must be beginning or now' }).optional(),
  /** For clients that cannot send the header Last-Event-ID, which is stronger. */
  lastEventId: Cursor,
})

export const ProjectStreamQuery = ProjectScope.extend(Start.shape)
export type ProjectStreamQuery = z.output<typeof ProjectStreamQuery>

export const ContextStreamQuery = ContextScope.extend(Start.shape).extend({
  /** `end`: ends with `event: end` when every run of the context is over. */
  until: z.enum(['end', ''], { error: 'must be end' }).optional(),
})
export type ContextStreamQuery = z.output<typeof ContextStreamQuery>

const Page = z.object({
  /** The `cursor` of the page before; left out: from the beginning. */
  after: Cursor,
  limit: wholeNumber(1, MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE),
})

export const ProjectEventsQuery = ProjectScope.extend(Page.shape)
export type ProjectEventsQuery = z.output<typeof ProjectEventsQuery>
export const ContextEventsQuery = ContextScope.extend(Page.shape)
export type ContextEventsQuery = z.output<typeof ContextEventsQuery>

/** Events in the order of the log. A page may be empty and not the last: few of many events were wanted. */
export const EventsAfter = z.object({
  events: z.array(ShownEvent),
  /** Where the next page begins, also when there is none yet. */
  cursor: z.string(),
  /** Whether there is more to read at once. */
  more: z.boolean(),
})
export type EventsAfter = z.infer<typeof EventsAfter>

/** The data of `event: end`: every run of the context is over. */
export const StreamEnd = z.object({ context: z.string(), project: z.string() })
export type StreamEnd = z.infer<typeof StreamEnd>
