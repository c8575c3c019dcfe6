import type { JsonObject } from '@tiphys/contract/json.ts'
import type { StreamWrite } from '../ports/store.ts'

/** The one stream of all entries. It belongs to no project, so no deletion of a project takes entries along. */
export const AUDIT_STREAM = 'audit'
/** What follows is the action: `dev.tiphys.audit.project.create`. */
export const AUDIT_PREFIX = 'dev.tiphys.audit.'

/**
 * Who changed what, when, from where, and whether it was allowed (docs/audit.md). Entries are rows of the log: append-only, chained by
 * hashes, and as durable as events. Events that come in are not entries: their rows carry who sent them (`by` in their meta).
 */
export interface AuditTrail {
  /**
   * Writes an entry; it is on disk when the promise resolves. A refused entry may be left out when there are too many of them: they are
   * counted and the next one tells how many. Throws StoreError.
   */
  record(entry: AuditEntry): Promise<void>
  /** The same entry as part of a commit of somebody else: the change and its entry are then on disk together, or neither. */
  writeOf(entry: AuditEntry): StreamWrite
}

export type AuditEntry = {
  /** `<noun>.<verb>`, in the words of ROUTE_AUDIT: `project.create`, `freeze.override`. */
  readonly action: string
  readonly by: AuditActor
  readonly on?: AuditSubject
  readonly outcome: AuditOutcome
  /** The `x-request-id` of the answer. */
  readonly requestId?: string
  /** A few facts that are no secret and do not grow with what was sent: scopes of a token, the decision. Never a body. */
  readonly details?: JsonObject
}

export type AuditActor = {
  /** The name of the token; `''` when nobody was known. */
  readonly name: string
  /** Whom the token's holder names. Only as trustworthy as the holder. */
  readonly person?: string
  readonly address?: string
}

export type AuditSubject = {
  readonly project?: string
  /** Tells two projects of the same name apart. */
  readonly projectId?: string
  readonly stage?: string
  readonly service?: string
  readonly context?: string
  /** Of the token, secret, resource, run … */
  readonly name?: string
}

export type AuditOutcome =
  | { readonly code: 'ok' }
  /** `reason` is the code of the refusal (http-status.ts): `forbidden`, `not-found`. */
  | { readonly code: 'refused'; readonly reason: string }
