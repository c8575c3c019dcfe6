import { z } from 'zod'
import { parseDuration } from '../duration.ts'
import { IncomingEvent } from '../event.ts'
import { TaskResultBody } from './native-approval.ts'
import { wholeNumber } from './paging.ts'

/** What one request may carry; a worker with more sends the next request. */
export const MAX_BATCH_ITEMS = 1_000
/** Proxies commonly cut a request that is silent for a minute. */
export const LONGEST_WAIT_MS = 30_000
const DEFAULT_OPEN_TASKS = 100

/** A key by which a client recognises its own repeats, as in the header `Idempotency-Key`. */
export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/, {
  error: 'must be 1 to 255 printable ASCII characters without spaces',
})

/** The outcome of one task among several in a request. */
export const TaskResultItem = TaskResultBody.extend({
  triggeredId: z.string().min(1),
  idempotencyKey: IdempotencyKey.optional(),
})
export type TaskResultItem = z.infer<typeof TaskResultItem>

/** `POST /api/tiphys/v1/tasks/results` */
export const TaskResultsBody = z.object({
  results: z.array(TaskResultItem).min(1).max(MAX_BATCH_ITEMS),
})

/** `POST /api/tiphys/v1/events`: CloudEvents' JSON batch format. */
export const EventBatchBody = z.array(IncomingEvent).min(1).max(MAX_BATCH_ITEMS)

/** What became of one item: as the same request alone would have been answered, with its HTTP status as `code`. */
export const BatchOutcome = z.union([
  z.object({
    code: z.literal(200),
    keptnContext: z.string(),
    /** Of the event; empty when the item was a repeat. */
    eventId: z.string(),
    duplicate: z.literal(true).optional(),
  }),
  z.object({ code: z.int(), message: z.string() }),
])
export type BatchOutcome = z.infer<typeof BatchOutcome>

/** In the order of the items. */
export const BatchOutcomes = z.object({ outcomes: z.array(BatchOutcome) })

/** `GET /api/tiphys/v1/tasks/open` */
export const OpenTasksQuery = z.object({
  task: z.string().min(1).optional(),
  project: z.string().optional(),
  limit: wholeNumber(1, MAX_BATCH_ITEMS).default(DEFAULT_OPEN_TASKS),
  /** `next` of an earlier answer: only what was triggered since then. */
  after: z
    .string()
    .regex(/^[0-9a-z]+\.\d{1,15}$/, { error: 'must be the `next` of an earlier answer' })
    .optional(),
  /** How long to wait while there is nothing to show. */
  wait: z
    .string()
    .transform((text) => parseDuration(text) ?? Number.NaN)
    .refine((durationMs) => durationMs >= 0 && durationMs <= LONGEST_WAIT_MS, {
      error: `must be a duration up to ${LONGEST_WAIT_MS / 1_000}s, such as 10s`,
    })
    .default(0),
})
export type OpenTasksQuery = z.infer<typeof OpenTasksQuery>

/** A task that waits for an answer from outside. */
export const OpenTaskView = z.object({
  triggeredId: z.string(),
  keptnContext: z.string(),
  runId: z.string(),
  project: z.string(),
  stage: z.string(),
  service: z.string(),
  sequence: z.string(),
  task: z.string(),
  attempt: z.int(),
  /** Somebody sent `started`. */
  started: z.boolean(),
  since: z.string(),
  /** When it is given up unless it is finished. */
  until: z.string(),
  /** The data of its `.triggered` event. */
  data: z.record(z.string(), z.unknown()),
})
export type OpenTaskView = z.infer<typeof OpenTaskView>

export const OpenTaskPage = z.object({
  tasks: z.array(OpenTaskView),
  /** Where the next question goes on: `after`. */
  next: z.string(),
})
