import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Upstreams } from '../ports/upstreams.ts'

export type UpstreamFollowing = {
  /** Fetches, unless it was tried less than `maxAgeMs` ago, and makes what came the newest configuration. */
  follow(projectId: string, maxAgeMs: number): Promise<void>
  /** The same, and gives up waiting (not fetching) after a while; false when it did. */
  freshen(projectId: string, maxAgeMs: number): Promise<boolean>
  /** The same in the background: an event never waits for an upstream. */
  nudge(projectId: string): void
}

/** How long somebody who asks for the newest waits for an upstream that hangs. */
export const FRESHEN_WAIT_MS = 3_000
/** After somebody has waited for nothing, readers get what is here for a while. */
const IN_VAIN_MS = 10_000
/** Under a stream of events the upstream is asked this often. */
const NUDGE_AGE_MS = 5_000

/** Keeps the newest configuration of projects with an upstream as new as the upstream lets. */
export function createUpstreamFollowing(parts: {
  readonly upstreams: Upstreams | undefined
  readonly clock: Clock
  readonly log: Log | undefined
  readonly nameOf: (projectId: string) => string
  /** Whether its configuration could be read since the start. */
  readonly isLoaded: (projectId: string) => boolean
  /** The local copy moved; these services have files in it. */
  readonly onChange: (projectId: string, services: readonly string[]) => Promise<void>
}): UpstreamFollowing {
  const { upstreams, clock, log, nameOf, isLoaded, onChange } = parts
  const running = new Map<string, Promise<void>>()
  const next = new Map<string, Promise<void>>()
  /** Sentence by project: said once when it begins, and when it is over. */
  const failing = new Map<string, string>()
  const nudged = new Map<string, number>()
  /** When somebody last waited for nothing: the next reader need not. */
  const inVain = new Map<string, number>()

  async function look(projectId: string, maxAgeMs: number): Promise<void> {
    const seen = await upstreams?.look(projectId, maxAgeMs)
    if (seen?.code === 'failed') tellFailure(projectId, seen.failure.message)
    if (seen?.code !== 'looked') return
    tellRecovery(projectId)
    // A copy that was lost and came back has not moved, and nobody has read it yet.
    if (!seen.changed && isLoaded(projectId)) return
    await onChange(projectId, seen.services)
    log?.info({ project: nameOf(projectId) }, 'the upstream moved; new contexts use it')
  }

  function begin(projectId: string, maxAgeMs: number): Promise<void> {
    const looking = look(projectId, maxAgeMs).finally(() => running.delete(projectId))
    running.set(projectId, looking)
    return looking
  }

  /** One look at a time, shared; who wants to see what is there *now* shares the one after it. */
  function follow(projectId: string, maxAgeMs: number): Promise<void> {
    if (upstreams?.stateOf(projectId) === undefined) return Promise.resolve()
    const current = running.get(projectId)
    if (current === undefined) return begin(projectId, maxAgeMs)
    if (maxAgeMs > 0) return current
    const known = next.get(projectId)
    if (known !== undefined) return known
    const following = current
      .catch(() => undefined)
      .then(() => {
        next.delete(projectId)
        return begin(projectId, maxAgeMs)
      })
    next.set(projectId, following)
    return following
  }

  function tellFailure(projectId: string, message: string): void {
    if (failing.get(projectId) === message) return
    failing.set(projectId, message)
    const project = nameOf(projectId)
    log?.warn(
      { project, message },
      'the upstream cannot be followed; the last fetched commit counts',
    )
  }

  function tellRecovery(projectId: string): void {
    if (!failing.delete(projectId)) return
    log?.info({ project: nameOf(projectId) }, 'the upstream can be followed again')
  }

  async function freshen(projectId: string, maxAgeMs: number): Promise<boolean> {
    if (upstreams?.stateOf(projectId) === undefined) return true
    const nowMs = clock.nowMs()
    const isHopeless = Math.abs(nowMs - (inVain.get(projectId) ?? -IN_VAIN_MS)) < IN_VAIN_MS
    const looking = caught(projectId, maxAgeMs)
    if (maxAgeMs > 0 && isHopeless) return false
    const enough = new AbortController()
    const waited = clock.sleep(FRESHEN_WAIT_MS, enough.signal).catch(() => undefined)
    const hasAnswered = await Promise.race([looking.then(() => true), waited.then(() => false)])
    enough.abort()
    if (hasAnswered && !failing.has(projectId)) inVain.delete(projectId)
    else inVain.set(projectId, clock.nowMs())
    return hasAnswered
  }

  /** Whatever breaks is told in the log: nobody waits for the outcome. */
  async function caught(projectId: string, maxAgeMs: number): Promise<void> {
    await follow(projectId, maxAgeMs).catch((error: unknown) => {
      if (isGivenUp(error)) return
      log?.error({ project: nameOf(projectId), error }, 'the upstream could not be followed')
    })
  }

  return {
    follow,
    freshen,
    nudge(projectId) {
      const nowMs = clock.nowMs()
      const before = nudged.get(projectId)
      if (before !== undefined && Math.abs(nowMs - before) < NUDGE_AGE_MS) return
      nudged.set(projectId, nowMs)
      void caught(projectId, NUDGE_AGE_MS)
    },
  }
}

/** A write goes first, or the server stops: nobody needs to hear of a fetch that was given up for it. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
