import type { Clock } from '../ports/clock.ts'
import type { Pin } from '../ports/configuration.ts'
import type { Log } from '../ports/log.ts'
import type { Upstreams } from '../ports/upstreams.ts'
import type { LoadedProjects } from './create-projects.ts'
import { isGivenUp } from './upstream-following.ts'

/** A commit that somebody pushed counts for contexts that begin this long afterwards, and the time of a fetch. */
export const FOLLOW_EVERY_MS = 30_000
/** A hundred projects must not start a hundred processes at once. */
const FETCHES_AT_A_TIME = 4

/** Looks at every upstream at once, then again and again. The answer stops it; a fetch under way ends with the configuration. */
export function startFollowingUpstreams(parts: {
  readonly projects: Pick<LoadedProjects, 'followUpstream'>
  readonly upstreams: Pick<Upstreams, 'projectIds'>
  readonly clock: Clock
  readonly log: Log
  readonly everyMs?: number
}): () => void {
  const { projects, upstreams, clock, log, everyMs = FOLLOW_EVERY_MS } = parts
  let isStopped = false
  let cancel = () => {}
  void lookAtAll()

  async function lookAtAll(): Promise<void> {
    const waiting = [...upstreams.projectIds()]
    const follow = async () => {
      for (;;) {
        const projectId = isStopped ? undefined : waiting.shift()
        if (projectId === undefined) return
        await projects.followUpstream(projectId).catch((error: unknown) => {
          if (isGivenUp(error)) return
          log.error({ projectId, error }, 'an upstream could not be looked at; trying again later')
        })
      }
    }
    await Promise.all(Array.from({ length: FETCHES_AT_A_TIME }, follow))
    if (isStopped) return
    cancel = clock.at(clock.nowMs() + everyMs, () => void lookAtAll())
  }

  return () => {
    isStopped = true
    cancel()
  }
}

type OpenRuns = {
  openRunsOf(
    projectId: string,
  ): readonly { readonly plan: { readonly pin: Pin; readonly commitId: string } }[]
}

/**
 * What a run pinned that shows this commit on the wire. Where stages have branches of their own two runs can show one commit with
 * different commits of the main branch; the newest run is meant, because older ones wait behind it or are nearly over.
 */
export function pinOfOpenRun(
  engine: OpenRuns | undefined,
  projectId: string,
  commitId: string,
): Pin | undefined {
  return engine?.openRunsOf(projectId).findLast(({ plan }) => plan.commitId === commitId)?.plan.pin
}
