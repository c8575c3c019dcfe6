import type { JudgeMemory } from '@tiphys/core/deployment/judgement.ts'
import { createBookmarks } from './bookmarks.ts'
import { Consideration } from './consideration.ts'
import type { Tracker, TrackerParts } from './considered.ts'
import { createOneAtATime } from './one-at-a-time.ts'
import { createStartLimit } from './start-limit.ts'

/** See `Tracker`. One per Argo CD. */
export function createTracker(parts: TrackerParts): Tracker {
  const bookmarks = createBookmarks(parts.documents, parts.instance)
  const limit = createStartLimit(parts.clock)
  const memories = new Map<string, { readonly operation: string; readonly memory: JudgeMemory }>()
  const tracking = { parts, bookmarks, limit, memories }
  const oneAtATime = createOneAtATime()
  return {
    bookmarks,
    consider(look) {
      const { uid } = look.application.metadata
      return oneAtATime(uid, () => new Consideration(tracking, look).run())
    },
    runOf: (application, signal) => new Consideration(tracking, { application, signal }).runOf(),
    startedFor: (application, runId) =>
      new Consideration(tracking, { application, signal: NEVER }).startedFor(runId),
  }
}

const NEVER = new AbortController().signal
