import { z } from 'zod'
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, wholeNumber } from './paging.ts'

/** The audit log: who changed what. */

export const AuditQuery = z.object({
  project: z.string().optional(),
  /** The name of a token. */
  actor: z.string().optional(),
  /** The whole action: `project.create`. */
  action: z.string().optional(),
  outcome: z.enum(['ok', 'refused', ''], { error: 'must be ok or refused' }).optional(),
  /** Times like 2006-01-02T15:04:05.000Z. */
  fromTime: z.string().optional(),
  beforeTime: z.string().optional(),
  pageSize: wholeNumber(1, MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE),
  /** The `nextCursor` of the page before. */
  cursor: z.string().optional(),
})
export type AuditQuery = z.output<typeof AuditQuery>

export const AuditEntryView = z.object({
  time: z.string(),
  action: z.string(),
  outcome: z.enum(['ok', 'refused']),
  /** Why it was refused: `forbidden`, `not-found`. */
  reason: z.string().optional(),
  /** The name of the token; empty when nobody was known. */
  actor: z.string(),
  /** Whom the holder of the token named. */
  person: z.string().optional(),
  address: z.string().optional(),
  project: z.string().optional(),
  projectId: z.string().optional(),
  /** The project of this id is gone; another one may have its name. */
  projectDeleted: z.boolean().optional(),
  stage: z.string().optional(),
  service: z.string().optional(),
  context: z.string().optional(),
  name: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
  requestId: z.string().optional(),
  /** So many refusals before this entry were counted and not written. */
  suppressed: z.int().optional(),
})
export type AuditEntryView = z.infer<typeof AuditEntryView>

export const AuditPage = z.object({
  /** Newest first. */
  entries: z.array(AuditEntryView),
  /** Left out on the last page. */
  nextCursor: z.string().optional(),
})
export type AuditPage = z.infer<typeof AuditPage>
