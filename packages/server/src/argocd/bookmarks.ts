import type { JsonObject } from '@tiphys/contract/json.ts'
import type { Documents } from '../ports/documents.ts'

/**
 * What was seen of each application: one document each, overwritten. Kept in `Documents` and not in the log, because it is where we
 * stand in somebody else's list, of which only the newest place counts; that a run is started once does not hang on it, but on
 * the dedupe key that the log writes in the same commit as the run.
 */
export type Bookmark = {
  readonly instance: string
  readonly uid: string
  readonly application: string
  readonly namespace: string
  /** startedAt of the newest operation seen; '' for an application that had none yet. */
  readonly operation: string
  readonly state: BookmarkState
  /** Why the operation starts nothing, or what came of it; for people. */
  readonly reason: string
  readonly projectId?: string
  readonly stage?: string
  readonly service?: string
  readonly runId?: string
  readonly outcome?: string
  readonly seenMs: number
}

export type BookmarkState =
  /** No operation yet. */
  | 'idle'
  /** Seen while it ran. */
  | 'in-progress'
  /** Foreign, over, and not clear yet how it turned out. */
  | 'pending'
  /** A run judges it, or it is a run's own; whatever happens to its health until ten minutes after is news to that run. */
  | 'watched'
  /** Nothing can come of it any more. */
  | 'closed'

export const BOOKMARK_KIND = 'argocd-application'
export const INSTANCE_KIND = 'argocd-instance'

export type Bookmarks = {
  get(uid: string): Promise<Bookmark | undefined>
  put(bookmark: Bookmark): Promise<void>
  all(): Promise<readonly Bookmark[]>
  /** When this instance was connected first; written now if it never was. */
  connectedMs(nowMs: number): Promise<number>
  /** When it was listed last, to notice an outage of ours. */
  lastListMs(): Promise<number | undefined>
  listed(nowMs: number): Promise<void>
}

export function createBookmarks(documents: Documents, instance: string): Bookmarks {
  const key = (uid: string) => `${instance}/${uid}`
  const ofInstance = () => documents.get(INSTANCE_KIND, instance)
  return {
    async get(uid) {
      const body = await documents.get(BOOKMARK_KIND, key(uid))
      return body as unknown as Bookmark | undefined
    },
    async put(bookmark) {
      await documents.put(BOOKMARK_KIND, key(bookmark.uid), bookmark as unknown as JsonObject)
    },
    async all() {
      const rows = await documents.list(BOOKMARK_KIND, `${instance}/`)
      return rows.map(({ body }) => body as unknown as Bookmark)
    },
    async connectedMs(nowMs) {
      await documents.put(INSTANCE_KIND, instance, { connectedMs: nowMs }, { ifAbsent: true })
      const connectedMs = (await ofInstance())?.['connectedMs']
      return typeof connectedMs === 'number' ? connectedMs : nowMs
    },
    async lastListMs() {
      const listedMs = (await ofInstance())?.['listedMs']
      return typeof listedMs === 'number' ? listedMs : undefined
    },
    async listed(nowMs) {
      await documents.put(INSTANCE_KIND, instance, { ...(await ofInstance()), listedMs: nowMs })
    },
  }
}
