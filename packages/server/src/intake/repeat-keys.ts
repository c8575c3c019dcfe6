import { createHash } from 'node:crypto'
import type { EventType, IncomingEvent } from '@tiphys/contract/event.ts'
import type { DedupeKey } from '../ports/store.ts'

/** A deterministic id of ours, or a key the client chose, is remembered this long. */
const RETENTION_MS = 30 * 24 * 60 * 60 * 1000
/** An identical event with the same id within this time is the same request sent again by a transport. */
const TRANSPORT_RETRY_MS = 10 * 60 * 1000

export const ARGOCD_ID_PREFIX = 'argocd:'

/** What a client's `Idempotency-Key` is remembered as. */
export function keyOfClient(projectId: string, idempotencyKey: string): string {
  return `key:${projectId}:${idempotencyKey}`
}

export type RepeatQuestion = {
  readonly event: IncomingEvent
  readonly type: EventType
  /** Part of every key: two projects never meet. Empty for an event that names none. */
  readonly projectId: string
  readonly idempotencyKey?: string
  /** What a repeat is answered with. */
  readonly context: string
  readonly nowMs: number
}

/**
 * By which keys a repeat of an event would be recognised (behaviour.md 1). None for an event without id and key, and none by id
 * for `.finished`: several handlers may answer alike.
 */
export function repeatKeys(question: RepeatQuestion): DedupeKey[] {
  const { event, type, projectId, idempotencyKey, context, nowMs } = question
  const keys: DedupeKey[] = []
  if (idempotencyKey) {
    keys.push({
      key: keyOfClient(projectId, idempotencyKey),
      value: context,
      untilMs: nowMs + RETENTION_MS,
    })
  }
  const { id } = event
  if (!id) return keys
  if (id.startsWith(ARGOCD_ID_PREFIX)) {
    return [
      ...keys,
      { key: `id:${projectId}:${id}`, value: context, untilMs: nowMs + RETENTION_MS },
    ]
  }
  if (type.kind === 'task' && type.action === 'finished') return keys
  const hash = createHash('sha256')
  const parts = [
    event.source ?? '',
    id,
    event.type,
    event.triggeredid ?? '',
    JSON.stringify(event.data),
  ]
  for (const part of parts) hash.update(part).update('\0')
  const key = `retry:${projectId}:${hash.digest('hex')}`
  return [...keys, { key, value: context, untilMs: nowMs + TRANSPORT_RETRY_MS }]
}
