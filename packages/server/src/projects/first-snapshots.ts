import type { ProjectSnapshot } from '../engine/project-snapshot.ts'
import type { Clock } from '../ports/clock.ts'
import { LostCopyError, type Upstreams } from '../ports/upstreams.ts'
import type { ProjectSnapshots } from './project-snapshots.ts'

/** A start, or a write, waits this long for the copy of an upstream that has to be fetched anew. */
export const LONG_WAIT_MS = 10_000
/** An event does not wait that long for what is being fetched. */
const SHORT_WAIT_MS = 1_000
const MS_PER_SECOND = 1_000

/** The configuration of projects that may not have been had since the start: a copy can be lost while its upstream is down. */
export type FirstSnapshots = {
  /** The newest that is loaded, or why there is none: `LostCopyError`, at once where that is known. */
  get(projectId: string): Promise<ProjectSnapshot>
  /** The same, and asks the upstream again for what is not there. */
  fetch(projectId: string): Promise<ProjectSnapshot>
}

export function createFirstSnapshots(parts: {
  readonly snapshots: ProjectSnapshots
  readonly upstreams: Pick<Upstreams, 'stateOf'> | undefined
  readonly clock: Pick<Clock, 'sleep'>
}): FirstSnapshots {
  const { snapshots, upstreams, clock } = parts

  /** Gives up waiting, not fetching: what comes later is loaded then. */
  async function fetched(projectId: string, waitMs: number): Promise<ProjectSnapshot> {
    const loading = snapshots.refresh(projectId)
    if (upstreams?.stateOf(projectId) === undefined) return await loading
    const enough = new AbortController()
    const waited = clock.sleep(waitMs, enough.signal).then(
      () => undefined,
      () => undefined,
    )
    try {
      const first = await Promise.race([loading, waited])
      if (first !== undefined) return first
    } finally {
      enough.abort()
    }
    loading.catch(() => undefined)
    const message = `the local copy of the configuration is not there: its upstream has not sent it within ${waitMs / MS_PER_SECOND} s`
    throw new LostCopyError({ code: 'timed-out', message, retryable: true })
  }

  return {
    async get(projectId) {
      const newest = snapshots.newest(projectId)
      if (newest !== undefined) return newest
      const failure = upstreams?.stateOf(projectId)?.failure
      if (failure !== undefined) throw new LostCopyError(failure)
      return await fetched(projectId, SHORT_WAIT_MS)
    },
    fetch: async (projectId) =>
      snapshots.newest(projectId) ?? (await fetched(projectId, LONG_WAIT_MS)),
  }
}
