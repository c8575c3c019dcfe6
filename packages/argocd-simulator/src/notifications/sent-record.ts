import type { Application } from '../application/application.ts'

export const NOTIFIED_ANNOTATION = 'notified.notifications.argoproj.io'

const KEPT = 100
const MS_PER_SECOND = 1000

/** What was sent about an application: key -> unix time, as the annotation on it holds it. */
export type SentRecord = Map<string, number>

export function readRecord(application: Application): SentRecord {
  try {
    const text = application.metadata.annotations?.[NOTIFIED_ANNOTATION] ?? '{}'
    return new Map(Object.entries(JSON.parse(text) as Record<string, number>))
  } catch {
    return new Map() // as the real controller: an unreadable record is an empty one
  }
}

/** Writes the newest 100 entries; an empty record takes the annotation away. */
export function writeRecord(application: Application, record: SentRecord): void {
  const annotations = application.metadata.annotations ?? {}
  const newest = [...record].sort(([, a], [, b]) => b - a).slice(0, KEPT)
  if (newest.length === 0) delete annotations[NOTIFIED_ANNOTATION]
  else annotations[NOTIFIED_ANNOTATION] = JSON.stringify(Object.fromEntries(newest))
  application.metadata.annotations = annotations
}

/** Marks a notification as sent. False if it was marked before. */
export function markSent(record: SentRecord, key: string): boolean {
  if (record.has(key)) return false
  record.set(key, Math.floor(Date.now() / MS_PER_SECOND))
  return true
}

export function recordKey(parts: {
  oncePer: string
  trigger: string
  condition: string
  service: string
}): string {
  const base = `${parts.trigger}:${parts.condition}:${parts.service}:`
  return parts.oncePer === '' ? base : `${parts.oncePer}:${base}`
}
