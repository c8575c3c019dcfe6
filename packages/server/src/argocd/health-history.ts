import type { Application } from '@tiphys/contract/argocd-application.ts'
import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Outage, Timeline, TimelineEntry } from '@tiphys/core/argocd-sli/timeline.ts'
import { parseRfc3339 } from '@tiphys/core/deployment/rfc3339.ts'
import type { Clock } from '../ports/clock.ts'
import type { Documents } from '../ports/documents.ts'
import { directoryKey } from './application-directory.ts'

/**
 * What the applications of one Argo CD were like over the last days, as the reconciler saw it: Argo CD itself keeps the last change
 * only. One small document for each application, written when something changed, and one for the times in which nobody looked.
 */
export type HealthHistory = {
  /** An application as it was read just now. */
  saw(application: Application): Promise<void>
  /** Nobody looked in that time: the server was down, or Argo CD did not answer. */
  away(fromMs: number, toMs: number): Promise<void>
  /** Forgets the applications that are not there any more. */
  keepOnly(names: ReadonlySet<string>): Promise<void>
  of(application: Application): Promise<SeenHealth>
}

export type SeenHealth = {
  readonly health: Timeline
  readonly sync: Timeline
  readonly outages: readonly Outage[]
}

type SeenDocument = { readonly uid: string; readonly health: Timeline; readonly sync: Timeline }

export const HEALTH_KIND = 'argocd-health'
export const OUTAGES_KIND = 'argocd-outages'
/** Nobody judges a window of last month by it. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000
/** An application that changes its health every minute is told of for hours. */
const MOST_ENTRIES = 500
const MOST_OUTAGES = 100
const EMPTY: readonly never[] = []

export function createHealthHistory(
  documents: Documents,
  instance: string,
  clock: Pick<Clock, 'nowMs'>,
): HealthHistory {
  const keyOf = ({ metadata }: Application) =>
    `${instance}/${directoryKey(metadata.namespace, metadata.name)}`

  async function seen(application: Application): Promise<SeenDocument> {
    const body = await documents.get(HEALTH_KIND, keyOf(application))
    const { uid } = application.metadata
    // Written here and nowhere else; another application of that name begins anew.
    const known = body as unknown as SeenDocument | undefined
    return known?.uid === uid ? known : { uid, health: EMPTY, sync: EMPTY }
  }

  async function outages(): Promise<readonly Outage[]> {
    const body = await documents.get(OUTAGES_KIND, instance)
    return (body?.['outages'] ?? EMPTY) as unknown as readonly Outage[]
  }

  return {
    async saw(application) {
      const nowMs = clock.nowMs()
      const before = await seen(application)
      const { health, sync } = application.status
      const changedMs = parseRfc3339(health?.lastTransitionTime) ?? nowMs
      const after: SeenDocument = {
        uid: before.uid,
        health: withEntry(before.health, health?.status, Math.min(changedMs, nowMs), nowMs),
        sync: withEntry(before.sync, sync?.status, nowMs, nowMs),
      }
      if (after.health === before.health && after.sync === before.sync) return
      await documents.put(HEALTH_KIND, keyOf(application), after as unknown as JsonObject)
    },
    async away(fromMs, toMs) {
      const kept = (await outages()).filter((one) => one.toMs > toMs - KEPT_MS)
      const all = [...kept, { fromMs, toMs }].slice(-MOST_OUTAGES)
      await documents.put(OUTAGES_KIND, instance, { outages: all })
    },
    async keepOnly(names) {
      for (const { key } of await documents.list(HEALTH_KIND, `${instance}/`)) {
        if (!names.has(key.slice(instance.length + 1))) await documents.delete(HEALTH_KIND, key)
      }
    },
    async of(application) {
      const { health, sync } = await seen(application)
      return { health, sync, outages: await outages() }
    },
  }
}

/** The same timeline where nothing changed. Never goes back behind what was seen before. */
function withEntry(
  timeline: Timeline,
  value: string | null | undefined,
  changedMs: number,
  nowMs: number,
): Timeline {
  const last = timeline.at(-1)
  if (!value || last?.value === value) return timeline
  const entry: TimelineEntry = { atMs: Math.max(changedMs, last?.atMs ?? changedMs), value }
  const oldestMs = nowMs - KEPT_MS
  // The one before the oldest kept says what it was then.
  const kept = timeline.filter((_, index) => (timeline[index + 1]?.atMs ?? nowMs) >= oldestMs)
  return [...kept, entry].slice(-MOST_ENTRIES)
}
