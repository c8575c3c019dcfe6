import type { Application } from '../application/application.ts'
import { rfc3339 } from '../time.ts'
import type { Comparison } from './compare.ts'
import type { EventLog } from './event-log.ts'

/**
 * Writes a comparison into the status. The health message is that of the last transition: it is not renewed
 * while the status stays the same, and may be stale.
 */
export function persistComparison(
  draft: Application,
  comparison: Comparison,
  events: EventLog,
): void {
  const { status } = draft
  recordChange(draft, events, 'sync', status.sync.status, comparison.sync.status)
  recordChange(draft, events, 'health', status.health.status ?? '', comparison.health.status)
  status.sync = comparison.sync
  if (status.health.status !== comparison.health.status) {
    status.health = { ...comparison.health, lastTransitionTime: rfc3339(Date.now()) }
  }
  status.resources = comparison.resources
  status.summary = comparison.summary
}

function recordChange(
  application: Application,
  events: EventLog,
  what: 'sync' | 'health',
  before: string,
  after: string,
): void {
  if (before === after) return
  const message = `Updated ${what} status: ${before} -> ${after}`
  events.record(application, { reason: 'ResourceUpdated', message })
}
