import { FACT_PREFIX } from '@tiphys/contract/event.ts'
import type { EventQuery, StoredEvent } from '../../ports/store.ts'
import { indexColumnsOf } from '../event-log/index-columns.ts'

/** Everything of a query but its page and `root`, which needs the rows before. */
export function matches(row: StoredEvent, query: EventQuery): boolean {
  const columns = indexColumnsOf(row.event)
  return (
    equals(query.projectId, row.projectId) &&
    equals(query.context, columns.context) &&
    equals(query.type, columns.type) &&
    equals(query.stage, columns.stage) &&
    equals(query.service, columns.service) &&
    equals(query.source, columns.source) &&
    equals(query.result, columns.result) &&
    equals(query.triggeredId, columns.triggeredId) &&
    equals(query.eventId, columns.id) &&
    (query.typeSuffix === undefined || columns.type.endsWith(query.typeSuffix)) &&
    (query.fromTimeMs === undefined || row.timeMs >= query.fromTimeMs) &&
    (query.beforeTimeMs === undefined || row.timeMs < query.beforeTimeMs) &&
    isShown(row, query)
  )
}

/** Facts of our own are hidden unless asked for. */
export function isShown(row: StoredEvent, query: Pick<EventQuery, 'keptnOnly'>): boolean {
  return query.keptnOnly === false || !row.event.type.startsWith(FACT_PREFIX)
}

function equals(wanted: string | undefined, actual: string | undefined): boolean {
  return wanted === undefined || wanted === actual
}
