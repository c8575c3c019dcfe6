import { z } from 'zod'
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, Paging, TextPage, wholeNumber } from './paging.ts'

/** An event as Keptn's clients see it. */
export const ShownEvent = z.looseObject({
  id: z.string(),
  type: z.string(),
  source: z.string(),
  specversion: z.string(),
  time: z.string(),
  data: z.record(z.string(), z.unknown()),
})

export const EventPageBody = TextPage.extend({ events: z.array(ShownEvent) })

const Flag = z
  .enum(['true', 'false', ''], { error: 'must be true or false' })
  .default('false')
  .transform((word) => word === 'true')

export const EventStoreQuery = Paging.extend({
  keptnContext: z.string().optional(),
  type: z.string().optional(),
  /** Times like 2006-01-02T15:04:05.000Z. */
  fromTime: z.string().optional(),
  beforeTime: z.string().optional(),
  /** Only the first event of each context. */
  root: Flag,
  project: z.string().optional(),
  stage: z.string().optional(),
  service: z.string().optional(),
  eventID: z.string().optional(),
  source: z.string().optional(),
})

export const EventsByTypeQuery = z.object({
  /** `data.project:shop AND data.stage:dev,staging`; must name data.project or shkeptncontext. */
  filter: z.string({ error: 'is missing' }),
  excludeInvalidated: Flag,
  limit: wholeNumber(1, MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE),
  fromTime: z.string().optional(),
})
