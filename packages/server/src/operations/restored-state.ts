import type { JsonObject } from '@tiphys/contract/json.ts'
import { BOOKMARK_KIND, type Bookmark, INSTANCE_KIND } from '../argocd/bookmarks.ts'
import { HEALTH_KIND } from '../argocd/health-history.ts'
import { runRowOf } from '../engine/run-book.ts'
import type { RepositoryCopier } from '../ports/backup.ts'
import type { Documents } from '../ports/documents.ts'
import type { Store } from '../ports/store.ts'
import { forgetSecrets } from '../security/secret-vault.ts'
import type { BackupManifest } from './backup-manifest.ts'

/** Not Keptn's: what this server says of itself. */
const RESTORED = 'dev.tiphys.backup.restored'
export const OPERATIONS_STREAM = 'operations'

/** The log says that it was restored, and from what. */
export async function recordRestore(
  store: Store,
  restore: { readonly id: string; readonly nowMs: number; readonly manifest: BackupManifest },
): Promise<void> {
  const { id, nowMs, manifest } = restore
  const { createdAt, headPosition, tiphysVersion } = manifest
  const event = {
    id,
    type: RESTORED,
    source: 'tiphys',
    specversion: '1.0' as const,
    time: new Date(nowMs).toISOString(),
    data: { backup: { createdAt, headPosition, tiphysVersion } },
  }
  const write = { stream: OPERATIONS_STREAM, expectedVersion: 'any' as const, events: [{ event }] }
  await store.commit({ writes: [write], nowMs })
}

/**
 * Time has passed that this data knows nothing of. What Argo CD did in it started nothing here and must start nothing now (behaviour.md 6):
 * the instances count as connected at this moment, and operations that were being looked at are baseline. Answers how many secrets were
 * thrown away.
 */
export async function forgetWhatRestoresMakeWrong(
  documents: Documents,
  nowMs: number,
  isWithoutSecrets: boolean,
): Promise<number> {
  for (const { key } of await documents.list(INSTANCE_KIND)) {
    await documents.put(INSTANCE_KIND, key, { connectedMs: nowMs })
  }
  for (const { key, body } of await documents.list(BOOKMARK_KIND)) {
    const bookmark = body as unknown as Bookmark
    if (bookmark.state !== 'pending') continue
    const reason = 'baseline: it started before a backup was restored'
    const closed: Bookmark = { ...bookmark, state: 'closed', reason }
    await documents.put(BOOKMARK_KIND, key, closed as unknown as JsonObject)
  }
  // Nobody looked since the backup, and nothing here says for how long.
  for (const { key } of await documents.list(HEALTH_KIND)) await documents.delete(HEALTH_KIND, key)
  return isWithoutSecrets ? await forgetSecrets(documents) : 0
}

/** Commits that open runs are pinned to and their repository does not have. */
export async function missingCommits(
  store: Store,
  openRuns: readonly string[],
  repositories: RepositoryCopier,
): Promise<readonly string[]> {
  const pinned = new Map<string, Set<string>>()
  for (const stream of openRuns) {
    const [first] = await store.read(stream)
    const meta = first && runRowOf(first).meta
    if (meta?.k !== 'start') continue
    const { projectId, pin } = meta.plan
    const commits = pinned.get(projectId) ?? new Set()
    for (const commit of Object.values(pin)) commits.add(commit)
    pinned.set(projectId, commits)
  }
  const missing: string[] = []
  for (const [projectId, commits] of pinned) {
    missing.push(...(await repositories.missing(projectId, [...commits])))
  }
  return missing
}
