import { strict as assert } from 'node:assert'
import { isCorrection, PINNED, RESTORED, UNPINNED } from '../../../src/projections/corrections.ts'
import { INVALIDATED } from '../../../src/projections/evaluations.ts'
import type { Story } from '../story.ts'

/**
 * The lists say of evaluations what people said, in the order of the log: the first invalidation since it was last undone counts, and the
 * last pin of a place. A project that is gone leaves none of it.
 */
export function checkCorrections({ rows, live }: Story): void {
  const invalidated = new Map<string, string>()
  const pinned = new Map<string, string>()
  const evaluated = new Set<string>()
  for (const { event, projectId, stream } of rows) {
    const { type, triggeredid } = event
    if (projectId === undefined || triggeredid === undefined) continue
    const key = `${projectId}/${triggeredid}`
    const place = `${projectId}/${event.data['stage']}/${event.data['service']}`
    if (type === 'sh.keptn.event.evaluation.finished' && stream.startsWith('run/')) {
      evaluated.add(key)
    }
    const isTaken = type === INVALIDATED && evaluated.has(key)
    if (isTaken && !invalidated.has(key)) invalidated.set(key, event.id)
    if (!isCorrection({ stream })) continue
    if (type === RESTORED) invalidated.delete(key)
    if (type === PINNED) pinned.set(place, triggeredid)
    if (type === UNPINNED && pinned.get(place) === triggeredid) pinned.delete(place)
  }
  const evaluations = Object.entries(live['evaluations'] ?? {})
  const listed = evaluations.flatMap(([key, { invalidated: taken }]) =>
    taken === undefined ? [] : [[key, (taken as { eventId: string }).eventId] as const],
  )
  assert.deepEqual(new Map(listed), invalidated, 'what was taken back, and by which event')
  const references = Object.entries(live['references'] ?? {})
  const kept = references.map(([place, { triggeredId }]) => [place, String(triggeredId)] as const)
  assert.deepEqual(new Map(kept), pinned, 'what is pinned')
}
