import { repositoryKey } from '@tiphys/contract/repository-url.ts'
import type { KeptnLayout } from '@tiphys/core/configuration/keptn-layout.ts'
import type { Clock } from '../../ports/clock.ts'
import type { GitFailure } from '../../ports/desired-state.ts'
import type {
  UpstreamConnection,
  UpstreamRecord,
  UpstreamRecords,
  UpstreamState,
} from '../../ports/upstreams.ts'

/** The upstreams of all projects, and how each was found last. */
export interface UpstreamBook {
  find(projectId: string): UpstreamRecord | undefined
  /** On disk when it resolves. */
  save(projectId: string, record: UpstreamRecord): Promise<void>
  forget(projectId: string): Promise<void>
  projectIds(): readonly string[]
  /** Another project that keeps its configuration in this repository. */
  ownerOf(remoteUrl: string, except: string): string | undefined
  /** The local copy is what the upstream holds, or why that is not known. */
  note(projectId: string, failure: GitFailure | undefined): void
  seenMs(projectId: string): number | undefined
  stateOf(projectId: string): UpstreamState | undefined
}

/** What a project without an upstream has. */
export const EMBEDDED_LAYOUT: KeptnLayout = { kind: 'directories', mainBranch: 'main' }

type Seen = { readonly seenMs?: number; readonly failure?: GitFailure & { sinceMs: number } }

export async function loadUpstreamBook(
  stored: UpstreamRecords,
  clock: Clock,
): Promise<UpstreamBook> {
  const records = new Map(await stored.all())
  const seen = new Map<string, Seen>()
  return {
    find: (projectId) => records.get(projectId),
    async save(projectId, record) {
      await stored.put(projectId, record)
      records.set(projectId, record)
    },
    async forget(projectId) {
      if (!records.has(projectId)) return
      await stored.delete(projectId)
      records.delete(projectId)
      seen.delete(projectId)
    },
    projectIds: () => [...records.keys()],
    ownerOf(remoteUrl, except) {
      const key = repositoryKey(remoteUrl)
      return [...records].find(
        ([projectId, { connection }]) =>
          projectId !== except && repositoryKey(connection.remoteUrl) === key,
      )?.[0]
    },
    note(projectId, failure) {
      const nowMs = clock.nowMs()
      const before = seen.get(projectId)
      if (failure === undefined) seen.set(projectId, { seenMs: nowMs })
      else {
        const sinceMs = before?.failure?.sinceMs ?? nowMs
        seen.set(projectId, { ...before, failure: { ...failure, sinceMs } })
      }
    },
    seenMs: (projectId) => seen.get(projectId)?.seenMs,
    stateOf(projectId) {
      const record = records.get(projectId)
      if (record === undefined) return undefined
      return { connection: shown(record.connection), layout: record.layout, ...seen.get(projectId) }
    },
  }
}

/** Nothing is kept: for tests, and wherever no project can have an upstream. */
export const NO_UPSTREAM_RECORDS: UpstreamRecords = {
  all: () => Promise.resolve(new Map()),
  put: () => Promise.resolve(),
  delete: () => Promise.resolve(),
}

function shown(connection: UpstreamConnection): UpstreamState['connection'] {
  const { token, privateKey, privateKeyPassphrase, proxy, ...rest } = connection
  if (proxy === undefined) return rest
  const { password, ...address } = proxy
  return { ...rest, proxy: address }
}
