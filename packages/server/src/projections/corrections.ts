import { FACT_PREFIX } from '@tiphys/contract/event.ts'
import type { StoredEvent } from '../ports/store.ts'

/**
 * What people say about evaluations after they were made, in our own words: Keptn knows only `evaluation.invalidated`, which stays an event
 * in the inbox. Facts of one project are one stream, which retention never cuts: they are few, and the newest one is what holds.
 */
export const RESTORED = `${FACT_PREFIX}evaluation.restored`
export const PINNED = `${FACT_PREFIX}evaluation.pinned`
export const UNPINNED = `${FACT_PREFIX}evaluation.unpinned`

const PREFIX = 'corrections/'

export function correctionsStream(projectId: string): string {
  return `${PREFIX}${projectId}`
}

export function isCorrection(row: Pick<StoredEvent, 'stream'>): boolean {
  return row.stream.startsWith(PREFIX)
}
