import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Projection } from '../ports/projections.ts'
import { startSort } from '../projections/runs.ts'
import { AUDIT_PREFIX, AUDIT_STREAM } from './audit-trail.ts'

export const AUDIT = 'audit'

/** An entry as it lies in the log, and when it was written. The other fields are those of `AuditEntry`, flat. */
export type AuditDocument = {
  readonly timeMs: number
  readonly position: number
  readonly entry: JsonObject
}

/** Entries of the audit log, newest first, by project, actor and action. */
export const auditProjection: Projection = {
  name: AUDIT,
  version: 1,
  keysOf: (row) => (row.stream === AUDIT_STREAM ? [row.event.id] : []),
  fold: (_document, { event, timeMs, position }) =>
    event.type.startsWith(AUDIT_PREFIX) ? { timeMs, position, entry: event.data } : undefined,
  columnsOf(document) {
    const { timeMs, position, entry } = document as unknown as AuditDocument
    return {
      projectId: auditProject(textOf(entry['project'])),
      // Lists know no actors; an entry has no stage that anybody asks for.
      stage: textOf(entry['actor']),
      name: textOf(entry['action']),
      state: textOf(entry['outcome']),
      sort: startSort(timeMs, position),
    }
  },
}

/** By name, not by id: what was done to a project is found after the project is gone, and is not deleted with its lists. */
export function auditProject(name: string): string {
  return `name:${name}`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
