import type { KeptnEvent } from '@tiphys/contract/event.ts'

/** What the log is queried by. Always derived from the event, so a stored column that differs was tampered with. */
export type IndexColumns = {
  readonly id: string
  readonly context: string | undefined
  readonly type: string
  readonly stage: string | undefined
  readonly service: string | undefined
  readonly source: string
  readonly result: string | undefined
  readonly triggeredId: string | undefined
}

export function indexColumnsOf(event: KeptnEvent): IndexColumns {
  const { data } = event
  return {
    id: event.id,
    context: event.shkeptncontext,
    type: event.type,
    stage: textOf(data['stage']),
    service: textOf(data['service']),
    source: event.source,
    result: textOf(data['result']),
    triggeredId: event.triggeredid,
  }
}

/** Clients send what they like: only text is indexed. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
