import { rename } from 'node:fs/promises'
import { sameRepository } from '@tiphys/contract/repository-url.ts'
import { type KeptnLayout, METADATA_FILE } from '@tiphys/core/configuration/keptn-layout.ts'
import {
  type HostKey,
  LostCopyError,
  type NewUpstream,
  type UpstreamBegun,
  type UpstreamConnection,
  type UpstreamLook,
  type UpstreamRefusal,
  type Upstreams,
} from '../../ports/upstreams.ts'
import { type Heads, LOCAL_HEADS } from './branch-heads.ts'
import { writeCommit } from './fast-import.ts'
import { GitError } from './git-command.ts'
import type { HostKeySource } from './git-home.ts'
import { projectMetadata } from './keptn-metadata.ts'
import {
  KEPTN_IDENTITY,
  type ProjectRepositories,
  type ProjectRepositoriesParts,
} from './project-repositories.ts'
import type { ProjectTurns } from './project-turns.ts'
import { type Copy, SHIPYARD_FILE, servicesOf, UpstreamCopies } from './upstream-copy.ts'
import { raced, taken, UpstreamMoves } from './upstream-move.ts'
import {
  checkPush,
  NEW_MAIN_BRANCH,
  noteSeen,
  pushHeads,
  type Remote,
  remoteOf,
} from './upstream-remote.ts'

export type GitUpstreamsParts = ProjectRepositoriesParts & {
  readonly projects: ProjectRepositories
  readonly turns: ProjectTurns
  readonly hostKeys?: HostKeySource
}

const INITIAL_MESSAGE = 'initialized project'

export function createGitUpstreams(parts: GitUpstreamsParts): Upstreams {
  return new GitUpstreams(parts)
}

class GitUpstreams implements Upstreams {
  readonly #parts: GitUpstreamsParts
  readonly #copies: UpstreamCopies
  readonly #moves: UpstreamMoves
  /** Upstreams that are being begun: two projects must not begin in one. */
  readonly #claimed = new Set<string>()
  readonly #looks = new Map<string, Promise<UpstreamLook>>()

  constructor(parts: GitUpstreamsParts) {
    this.#parts = parts
    this.#copies = new UpstreamCopies(parts)
    this.#moves = new UpstreamMoves(parts, this.#copies)
  }

  create(request: NewUpstream): Promise<UpstreamBegun | UpstreamRefusal> {
    const { projectId, connection } = request
    return this.#claim<UpstreamBegun>(projectId, connection, (remote) =>
      this.#copies.aside<UpstreamBegun>(remote, async (copy) => {
        const begun = await this.#begin(request, remote, copy)
        if (!('layout' in begun)) return begun
        const { layout, code, heads } = begun
        await noteSeen(this.#parts.git, copy.directory, heads)
        const services = servicesOf(copy.finding)
        await this.#parts.book.save(projectId, { connection, layout })
        await rename(copy.directory, this.#parts.projects.directoryOf(projectId))
        this.#parts.book.note(projectId, undefined)
        return { code, services }
      }),
    )
  }

  attach(
    projectId: string,
    connection: UpstreamConnection,
  ): Promise<{ readonly code: 'attached' } | UpstreamRefusal> {
    return this.#claim(projectId, connection, async (remote) => {
      const known = this.#parts.book.find(projectId)
      const attached =
        known !== undefined && sameRepository(known.connection.remoteUrl, connection.remoteUrl)
          ? await this.#moves.reconnect(projectId, remote, known.layout)
          : await this.#moves.moveTo(projectId, remote)
      if (attached.code !== 'moved') return attached
      await this.#parts.book.save(projectId, { connection, layout: attached.layout })
      this.#parts.book.note(projectId, undefined)
      return { code: 'attached' }
    })
  }

  async look(projectId: string, maxAgeMs = 0): Promise<UpstreamLook> {
    const { book, clock } = this.#parts
    if (book.find(projectId) === undefined) return { code: 'none' }
    const seenMs = book.seenMs(projectId)
    const isFailing = book.stateOf(projectId)?.failure !== undefined
    if (seenMs !== undefined && !isFailing && clock.nowMs() - seenMs < maxAgeMs) {
      return { code: 'looked', changed: false, services: [] }
    }
    const running = this.#looks.get(projectId)
    if (running !== undefined) return await running
    const look = this.#parts.turns.look(projectId, (signal) => this.#look(projectId, signal))
    this.#looks.set(projectId, look)
    return await look.finally(() => this.#looks.delete(projectId))
  }

  stateOf(projectId: string): ReturnType<Upstreams['stateOf']> {
    return this.#parts.book.stateOf(projectId)
  }

  projectIds(): readonly string[] {
    return this.#parts.book.projectIds()
  }

  async pinnedHostKeys(): Promise<readonly HostKey[]> {
    return (await this.#parts.hostKeys?.pinnedHostKeys()) ?? []
  }

  async #look(projectId: string, signal: AbortSignal): Promise<UpstreamLook> {
    const { book, projects } = this.#parts
    if (book.find(projectId) === undefined) return { code: 'none' }
    try {
      const followed = await projects.follow(projectId, signal)
      if (followed.code === 'failed') return followed
      const { changed } = followed
      return { code: 'looked', changed, services: changed ? await this.#servicesOf(projectId) : [] }
    } catch (error) {
      if (!(error instanceof LostCopyError)) throw error
      book.note(projectId, error.failure)
      return { code: 'failed', failure: error.failure }
    }
  }

  async #servicesOf(projectId: string): Promise<readonly string[]> {
    const { projects } = this.#parts
    const { mainBranch } = projects.layoutOf(projectId)
    return await this.#copies.servicesIn(projects.directoryOf(projectId), mainBranch)
  }

  /** One project at a time in one repository, and one change at a time of one project. */
  async #claim<T>(
    projectId: string,
    connection: UpstreamConnection,
    work: (remote: Remote) => Promise<T | UpstreamRefusal>,
  ): Promise<T | UpstreamRefusal> {
    const read = remoteOf(connection, this.#parts.protocols, this.#parts.stop)
    if (read.code === 'failed') return { code: 'upstream-failed', failure: read.failure }
    const { remote } = read
    const key = remote.name.toLowerCase()
    if (this.#claimed.has(key) || this.#parts.book.ownerOf(remote.url, projectId) !== undefined) {
      const message = `${remote.name} is the upstream of another project; each project needs a repository of its own`
      return { code: 'upstream-taken', message }
    }
    this.#claimed.add(key)
    try {
      return await this.#parts.turns.change(projectId, () => work(remote))
    } finally {
      this.#claimed.delete(key)
    }
  }

  /** What a new project makes of a copy: the first commit, pushed, or nothing at all. */
  async #begin(
    request: NewUpstream,
    remote: Remote,
    copy: Copy,
  ): Promise<
    | { readonly code: 'begun' | 'adopted'; readonly layout: KeptnLayout; readonly heads: Heads }
    | UpstreamRefusal
  > {
    const { finding, heads } = copy
    switch (finding.code) {
      case 'none':
        return taken(remote, `holds no project of Keptn: ${finding.reason}`)
      case 'empty':
        return await this.#beginEmpty(request, remote, copy, finding.mainBranch ?? NEW_MAIN_BRANCH)
      default: {
        if (request.shipyard !== undefined && request.shipyard.trim() !== copy.shipyard?.trim()) {
          const advice =
            'leave the shipyard out to take over what is there, and change it afterwards'
          return taken(remote, `holds a project with another ${SHIPYARD_FILE}; ${advice}`)
        }
        const { directory } = copy
        const { mainBranch: branch } = finding
        const timeoutMs = this.#parts.timeouts.pushMs
        const may = await checkPush(this.#parts.git, remote, { directory, branch, timeoutMs })
        if (may.code === 'failed') return { code: 'upstream-failed', failure: may.failure }
        return { code: 'adopted', layout: { kind: finding.code, mainBranch: branch }, heads }
      }
    }
  }

  async #beginEmpty(
    request: NewUpstream,
    remote: Remote,
    copy: Copy,
    mainBranch: string,
  ): Promise<
    | { readonly code: 'begun'; readonly layout: KeptnLayout; readonly heads: Heads }
    | UpstreamRefusal
  > {
    const { git, timeouts } = this.#parts
    const { directory, heads: before } = copy
    if (request.shipyard === undefined) {
      const message = `${remote.name} is empty, so the project needs a shipyard`
      return { code: 'invalid', message }
    }
    const layout: KeptnLayout = { kind: 'directories', mainBranch }
    const files = [
      { path: SHIPYARD_FILE, content: Buffer.from(request.shipyard) },
      { path: METADATA_FILE, content: projectMetadata(request) },
    ]
    const written = await writeCommit(git, directory, {
      ref: `${LOCAL_HEADS}${mainBranch}`,
      parent: before.get(mainBranch),
      author: KEPTN_IDENTITY,
      message: INITIAL_MESSAGE,
      timeMs: request.createdMs,
      files,
    })
    if (written.code === 'failed') throw new GitError(written.message)
    const after = new Map([[mainBranch, written.commitId]])
    const pushed = await pushHeads(git, remote, { directory, layout, before, after, timeouts })
    if (pushed.code === 'failed') return { code: 'upstream-failed', failure: pushed.failure }
    if (pushed.code === 'raced') return { code: 'upstream-failed', failure: raced(remote) }
    return { code: 'begun', layout, heads: new Map([...before, ...after]) }
  }
}
