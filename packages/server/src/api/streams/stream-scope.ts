import { FACT_PREFIX } from '@tiphys/contract/event.ts'
import { AUDIT_PREFIX } from '../../audit/audit-trail.ts'
import type { StoredEvent } from '../../ports/store.ts'

/** Which rows of the log a reader gets. The project is always one: who may read it was checked. */
export type StreamScope = {
  readonly projectId: string
  readonly project: string
  readonly context?: string
  readonly stage?: string
  readonly service?: string
  readonly type?: string
  /** Leaves the facts of our own out. */
  readonly keptnOnly: boolean
}

export function isWanted({ event, projectId }: StoredEvent, scope: StreamScope): boolean {
  if (projectId !== scope.projectId) return false
  const { context, stage, service, type } = scope
  if (context !== undefined && event.shkeptncontext !== context) return false
  if (type !== undefined && event.type !== type) return false
  if (stage !== undefined && event.data['stage'] !== stage) return false
  if (service !== undefined && event.data['service'] !== service) return false
  if (!event.type.startsWith(FACT_PREFIX)) return true
  return !scope.keptnOnly && !event.type.startsWith(AUDIT_PREFIX)
}
