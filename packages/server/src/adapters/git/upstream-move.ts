import { rename, stat } from 'node:fs/promises'
import type { KeptnLayout } from '@tiphys/core/configuration/keptn-layout.ts'
import type { GitFailure } from '../../ports/desired-state.ts'
import type { UpstreamRefusal } from '../../ports/upstreams.ts'
import { type Heads, LOCAL_HEADS, moveHeads, readHeads, SEEN_HEADS } from './branch-heads.ts'
import { failure } from './git-failure.ts'
import type { UpstreamCopies, UpstreamCopiesParts } from './upstream-copy.ts'
import {
  checkPush,
  contains,
  fetchHeads,
  noteSeen,
  pushHeads,
  type Remote,
} from './upstream-remote.ts'

type Moved = { readonly code: 'moved'; readonly layout: KeptnLayout }

/** Brings a project that there is to an upstream. What the project knows of its upstream is for the caller to note. */
export class UpstreamMoves {
  readonly #parts: UpstreamCopiesParts
  readonly #copies: UpstreamCopies

  constructor(parts: UpstreamCopiesParts, copies: UpstreamCopies) {
    this.#parts = parts
    this.#copies = copies
  }

  /** The same repository with other credentials: they must be let in, to read and to push. */
  async reconnect(
    projectId: string,
    remote: Remote,
    layout: KeptnLayout,
  ): Promise<Moved | UpstreamRefusal> {
    const { git, timeouts, projects, repositories } = this.#parts
    const directory = projects.directoryOf(projectId)
    if (!(await isThere(directory))) return await this.#copyAgain(directory, remote, layout)
    await repositories.prepareWrite(directory)
    const place = { directory, layout, timeoutMs: timeouts.fetchMs }
    const fetched = await fetchHeads(git, remote, place)
    if (fetched.code === 'failed') return { code: 'upstream-failed', failure: fetched.failure }
    return await this.#ifPushable(directory, remote, layout)
  }

  /** Another repository: an empty one gets everything, one that holds our history is taken as it is. */
  async moveTo(projectId: string, remote: Remote): Promise<Moved | UpstreamRefusal> {
    const { git, projects, timeouts } = this.#parts
    const directory = projects.directoryOf(projectId)
    if (!(await isThere(directory))) {
      const lost = `${remote.name}: the local copy of the project is lost, so its old upstream has to answer once more before it can move`
      return { code: 'upstream-failed', failure: failure('git-failed', lost) }
    }
    const layout = projects.layoutOf(projectId)
    const local = await readHeads(git, directory, LOCAL_HEADS)
    return await this.#copies.aside(remote, async (copy) => {
      if (copy.finding.code !== 'empty') {
        return await this.#joinHistory(remote, directory, layout, local)
      }
      if (copy.heads.size > 0) {
        return taken(
          remote,
          'is not empty; the history of a project needs a repository without commits',
        )
      }
      // An empty host is given the name it expects, so that its default branch is there afterwards.
      const wished = copy.finding.mainBranch
      const isFree = wished !== undefined && !local.has(wished)
      const mainBranch = isFree && layout.kind === 'directories' ? wished : layout.mainBranch
      const renamed = new Map(
        [...local].map(([name, id]) => [name === layout.mainBranch ? mainBranch : name, id]),
      )
      const moved = { ...layout, mainBranch }
      const move = { directory, layout: moved, before: new Map(), after: renamed, timeouts }
      const pushed = await pushHeads(git, remote, move)
      if (pushed.code === 'failed') return { code: 'upstream-failed', failure: pushed.failure }
      if (pushed.code === 'raced') return { code: 'upstream-failed', failure: raced(remote) }
      // The old name stays until the next fetch: a kill before the new upstream is noted must find it.
      await this.#follow(directory, new Map([...local, ...renamed]))
      return { code: 'moved', layout: moved }
    })
  }

  async #joinHistory(
    remote: Remote,
    directory: string,
    layout: KeptnLayout,
    local: Heads,
  ): Promise<Moved | UpstreamRefusal> {
    const { git, timeouts } = this.#parts
    const place = { directory, layout, timeoutMs: timeouts.cloneMs }
    const fetched = await fetchHeads(git, remote, place)
    const ours = local.get(layout.mainBranch) ?? ''
    const theirs = fetched.code === 'fetched' ? fetched.heads.get(layout.mainBranch) : undefined
    if (theirs === undefined || !(await contains(git, directory, theirs, ours))) {
      return taken(
        remote,
        'is not empty and does not hold the history of this project; name an empty repository, or adopt this one as a new project',
      )
    }
    const may = await this.#ifPushable(directory, remote, layout)
    if (may.code === 'moved' && fetched.code === 'fetched') {
      await this.#follow(directory, fetched.heads)
    }
    return may
  }

  async #ifPushable(
    directory: string,
    remote: Remote,
    layout: KeptnLayout,
  ): Promise<Moved | UpstreamRefusal> {
    const { git, timeouts } = this.#parts
    const push = { directory, branch: layout.mainBranch, timeoutMs: timeouts.pushMs }
    const may = await checkPush(git, remote, push)
    if (may.code === 'failed') return { code: 'upstream-failed', failure: may.failure }
    return { code: 'moved', layout }
  }

  /** The local copy is lost, and the credentials that are known here may be the ones that went stale. */
  #copyAgain(
    directory: string,
    remote: Remote,
    layout: KeptnLayout,
  ): Promise<Moved | UpstreamRefusal> {
    return this.#copies.aside(remote, async (copy) => {
      const may = await this.#ifPushable(copy.directory, remote, layout)
      if (may.code !== 'moved') return may
      await noteSeen(this.#parts.git, copy.directory, copy.heads)
      await rename(copy.directory, directory)
      return may
    })
  }

  async #follow(directory: string, heads: Heads): Promise<void> {
    const { git } = this.#parts
    await moveHeads(git, directory, SEEN_HEADS, heads)
    await moveHeads(git, directory, LOCAL_HEADS, heads)
  }
}

export function taken(remote: Remote, what: string): UpstreamRefusal {
  return { code: 'upstream-taken', message: `${remote.name} ${what}` }
}

export function raced(remote: Remote): GitFailure {
  return failure('push-raced', `${remote.name}: somebody else pushed at the same time; try again`)
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
