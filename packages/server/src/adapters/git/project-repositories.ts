import { randomBytes } from 'node:crypto'
import { rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatProblem } from '@tiphys/contract/problem.ts'
import type { KeptnLayout } from '@tiphys/core/configuration/keptn-layout.ts'
import { readShipyardFile } from '@tiphys/providers/lint-files.ts'
import type { Clock } from '../../ports/clock.ts'
import type { GitFailure } from '../../ports/desired-state.ts'
import { LostCopyError } from '../../ports/upstreams.ts'
import { type Heads, LOCAL_HEADS, moveHeads, readHeads } from './branch-heads.ts'
import { commitChanges } from './commit-branches.ts'
import type { Ground, Plan } from './configuration-change.ts'
import { identityOf } from './fast-import.ts'
import { type Git, GitError } from './git-command.ts'
import { failure } from './git-failure.ts'
import type { Protocol } from './git-home.ts'
import type { Repositories } from './repositories.ts'
import { EMBEDDED_LAYOUT, type UpstreamBook } from './upstream-book.ts'
import {
  cloneAside,
  fetchHeads,
  noteSeen,
  pushHeads,
  type Remote,
  type RemoteTimeouts,
  remoteOf,
} from './upstream-remote.ts'

export type ProjectRepositoriesParts = {
  readonly git: Git
  readonly clock: Clock
  /** One bare repository per project, `<projectId>.git`. */
  readonly folder: string
  readonly protocols: readonly Protocol[]
  readonly repositories: Repositories
  readonly book: UpstreamBook
  readonly timeouts: RemoteTimeouts
  /** Aborted when the server stops. */
  readonly stop: AbortSignal
}

export type Applied =
  /** `heads` are the branches of the local copy afterwards, and of the upstream where there is one. */
  | { readonly code: 'applied'; readonly heads: Heads }
  | Exclude<Plan, { code: 'planned' }>
  | { readonly code: 'upstream-failed'; readonly failure: GitFailure }

export type ChangeWords = { readonly message: string; readonly author?: string | undefined }

/** A repository that is being made has this in its name; what a killed process left of it is removed at the next start. */
export const UNFINISHED = '.new-'
const SHIPYARD_FILE = 'shipyard.yaml'
/** Keptn's own, so that what looks for its commits finds ours. */
export const KEPTN_IDENTITY = 'keptn <keptn@keptn.sh>'
/** How often others may come first, as often as Keptn tried; only a steady stream of pushes uses them up. */
const MAX_PUSHES = 6
const RETRY_MS = 100
const LONGEST_RETRY_MS = 1_000

/**
 * The local repositories of projects, and what is done with their upstreams. A branch of the local copy moves only to where the
 * upstream's branch is known to be. Nothing here keeps two callers of one project apart: whoever writes holds its mutex.
 */
export class ProjectRepositories {
  readonly #parts: ProjectRepositoriesParts
  readonly #folder: string
  /** Lost copies that are being fetched again: whoever needs one waits for the same. */
  readonly #copying = new Map<string, Promise<void>>()

  constructor(parts: ProjectRepositoriesParts) {
    this.#parts = parts
    this.#folder = resolve(parts.folder)
  }

  layoutOf(projectId: string): KeptnLayout {
    return this.#parts.book.find(projectId)?.layout ?? EMBEDDED_LAYOUT
  }

  directoryOf(projectId: string): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,100}$/.test(projectId)) {
      throw new GitError(`${JSON.stringify(projectId)} is no project id`)
    }
    return join(this.#folder, `${projectId}.git`)
  }

  newDirectory(): string {
    return join(this.#folder, `${UNFINISHED}${randomBytes(8).toString('hex')}`)
  }

  /** Undefined when the project has no upstream; `LostCopyError` when the settings do not allow its protocol any more. */
  remoteOf(projectId: string): Remote | undefined {
    const record = this.#parts.book.find(projectId)
    if (record === undefined) return undefined
    const read = remoteOf(record.connection, this.#parts.protocols, this.#parts.stop)
    if (read.code === 'failed') throw new LostCopyError(lost(read.failure))
    return read.remote
  }

  /**
   * The directory of a project that there is. A lost local copy of an upstream is fetched again; who gives up (AbortError) ends that
   * for nobody who goes on waiting.
   */
  async present(projectId: string, giveWay?: AbortSignal): Promise<string | undefined> {
    const directory = this.directoryOf(projectId)
    if (await exists(directory)) return directory
    const remote = this.remoteOf(projectId)
    if (remote === undefined) return undefined
    const copying =
      this.#copying.get(projectId) ??
      this.#copyAgain(projectId, withSignal(remote, giveWay)).finally(() =>
        this.#copying.delete(projectId),
      )
    this.#copying.set(projectId, copying)
    try {
      await copying
    } catch (error) {
      const isOver = giveWay?.aborted === true || remote.signal.aborted
      // Whoever began the copy made way, and this one needs it still.
      if (!isOver && isAbort(error)) return await this.present(projectId, giveWay)
      throw error
    }
    return directory
  }

  async #copyAgain(projectId: string, remote: Remote): Promise<void> {
    const { git, repositories, book, timeouts } = this.#parts
    const directory = this.directoryOf(projectId)
    await repositories.forget(directory)
    const unfinished = this.newDirectory()
    try {
      const cloned = await cloneAside(git, remote, unfinished, timeouts.cloneMs)
      if (cloned.code === 'failed') {
        const failure = lost(cloned.failure)
        book.note(projectId, failure)
        throw new LostCopyError(failure)
      }
      await noteSeen(git, unfinished, await readHeads(git, unfinished, LOCAL_HEADS))
      await rename(unfinished, directory)
    } finally {
      await rm(unfinished, { recursive: true, force: true })
    }
  }

  /** Every branch of the local copy. */
  async headsOf(projectId: string): Promise<Heads> {
    const directory = await this.present(projectId)
    if (directory === undefined) throw new GitError(`there is no repository of ${projectId}`)
    const { kind, mainBranch } = this.layoutOf(projectId)
    const { git, repositories } = this.#parts
    if (kind === 'branch-per-stage') return await readHeads(git, directory, LOCAL_HEADS)
    // Asked of a process that is there already, because every trigger of a burst may ask.
    return new Map([
      [mainBranch, await repositories.head(directory, `${LOCAL_HEADS}${mainBranch}`)],
    ])
  }

  /** Plans on the newest branches, commits, and moves them: at the upstream first, where there is one. */
  async apply(
    projectId: string,
    plan: (ground: Ground) => Promise<Plan>,
    words: ChangeWords,
  ): Promise<Applied> {
    const directory = await this.present(projectId)
    if (directory === undefined) return { code: 'not-found', message: 'Project not found' }
    const remote = this.remoteOf(projectId)
    if (remote !== undefined) return await this.#applyThere(projectId, remote, plan, words)
    const heads = await this.headsOf(projectId)
    const here = { message: words.message, author: identityOf(words.author ?? 'Tiphys') }
    const ref = `${LOCAL_HEADS}${EMBEDDED_LAYOUT.mainBranch}`
    const made = await this.#commit(projectId, heads, plan, here, ref)
    if (made.code !== 'made') return made
    return { code: 'applied', heads: new Map([...heads, ...made.heads]) }
  }

  /** Fetches and follows; whether anything moved. */
  async follow(
    projectId: string,
    giveWay: AbortSignal,
  ): Promise<{ code: 'followed'; changed: boolean } | { code: 'failed'; failure: GitFailure }> {
    const { git, book, timeouts } = this.#parts
    const remote = this.remoteOf(projectId)
    const directory = await this.present(projectId, giveWay)
    if (remote === undefined || directory === undefined)
      throw new GitError(`${projectId} has no upstream`)
    const layout = this.layoutOf(projectId)
    await this.#parts.repositories.prepareWrite(directory)
    const signal = AbortSignal.any([remote.signal, giveWay])
    // Nobody waits for this one: much that was pushed may take its time.
    const place = { directory, layout, timeoutMs: timeouts.cloneMs }
    const fetched = await fetchHeads(git, { ...remote, signal }, place)
    const followed =
      fetched.code === 'failed' ? fetched : await this.#moveTo(projectId, remote, fetched.heads)
    book.note(projectId, followed.code === 'failed' ? followed.failure : undefined)
    return followed
  }

  async #applyThere(
    projectId: string,
    remote: Remote,
    plan: (ground: Ground) => Promise<Plan>,
    words: ChangeWords,
  ): Promise<Applied> {
    const there = { message: `${words.message}${byLine(words.author)}`, author: KEPTN_IDENTITY }
    for (let push = 1; push <= MAX_PUSHES; push++) {
      const tried = await this.#tryThere(projectId, remote, plan, there)
      if (tried.code !== 'raced') {
        if (tried.code === 'applied') this.#parts.book.note(projectId, undefined)
        return tried
      }
      if (push < MAX_PUSHES) await sleep(Math.min(RETRY_MS * 2 ** (push - 1), LONGEST_RETRY_MS))
    }
    const message = `${remote.name}: others pushed before each of ${MAX_PUSHES} tries; nothing was changed`
    return { code: 'upstream-failed', failure: failure('push-raced', message) }
  }

  /** One fetch, one set of commits on it, one push. */
  async #tryThere(
    projectId: string,
    remote: Remote,
    plan: (ground: Ground) => Promise<Plan>,
    words: { readonly message: string; readonly author: string },
  ): Promise<Applied | { readonly code: 'raced' }> {
    const { git, book, repositories, timeouts } = this.#parts
    const directory = this.directoryOf(projectId)
    const layout = this.layoutOf(projectId)
    const place = { directory, layout, timeoutMs: timeouts.fetchMs }
    // A killed process may have left locks on what is fetched into.
    await repositories.prepareWrite(directory)
    const fetched = await fetchHeads(git, remote, place)
    if (fetched.code === 'failed') {
      book.note(projectId, fetched.failure)
      return { code: 'upstream-failed', failure: fetched.failure }
    }
    const before = fetched.heads
    const made = await this.#commit(projectId, before, plan, words)
    if (made.code !== 'made') return made
    const after = new Map([...before, ...made.heads])
    const fault = await this.#shipyardFault(projectId, remote, after)
    if (fault !== undefined) return { code: 'upstream-failed', failure: fault }
    if (made.heads.size > 0) {
      const move = { directory, layout, before, after: made.heads, timeouts }
      const pushed = await pushHeads(git, remote, move)
      if (pushed.code === 'raced') return pushed
      if (pushed.code === 'failed') return { code: 'upstream-failed', failure: pushed.failure }
      await noteSeen(git, directory, after)
    }
    await moveHeads(git, directory, LOCAL_HEADS, after)
    return { code: 'applied', heads: after }
  }

  async #commit(
    projectId: string,
    heads: Heads,
    plan: (ground: Ground) => Promise<Plan>,
    words: { readonly message: string; readonly author: string },
    onto?: string,
  ) {
    const { git, clock, repositories } = this.#parts
    const directory = this.directoryOf(projectId)
    const layout = this.layoutOf(projectId)
    const ground = { repositories, directory, layout, heads, nowMs: clock.nowMs() }
    const planned = await plan(ground)
    if (planned.code !== 'planned') return planned
    const { changes } = planned
    if (changes.length === 0) return { code: 'made' as const, heads: new Map<string, string>() }
    return { code: 'made' as const, heads: await commitChanges(git, ground, changes, words, onto) }
  }

  async #moveTo(
    projectId: string,
    remote: Remote,
    heads: Heads,
  ): Promise<{ code: 'followed'; changed: boolean } | { code: 'failed'; failure: GitFailure }> {
    const directory = this.directoryOf(projectId)
    const local = await readHeads(this.#parts.git, directory, LOCAL_HEADS)
    const isSame =
      local.size === heads.size && [...heads].every(([name, id]) => local.get(name) === id)
    if (isSame) return { code: 'followed', changed: false }
    const fault = await this.#shipyardFault(projectId, remote, heads)
    if (fault !== undefined) return { code: 'failed', failure: fault }
    await moveHeads(this.#parts.git, directory, LOCAL_HEADS, heads)
    return { code: 'followed', changed: true }
  }

  /** A shipyard that cannot be read would take every stage away from the project; the copy stays at the one before. */
  async #shipyardFault(
    projectId: string,
    remote: Remote,
    heads: Heads,
  ): Promise<GitFailure | undefined> {
    const { mainBranch } = this.layoutOf(projectId)
    const commitId = heads.get(mainBranch)
    const name = `${commitId}:${SHIPYARD_FILE}`
    const file = await this.#parts.repositories.read(this.directoryOf(projectId), name)
    const text = file?.content.toString('utf8')
    const read = text === undefined ? undefined : readShipyardFile(text, SHIPYARD_FILE)
    if (read?.ok === true) return undefined
    const [problem] = read?.problems ?? []
    const why = problem === undefined ? `${SHIPYARD_FILE} is missing` : formatProblem(problem)
    const message = `${remote.name}: the newest commit of ${mainBranch} (${commitId?.slice(0, 8)}) has no readable shipyard, so the one before it counts: ${why}`
    return failure('shipyard-unreadable', message)
  }
}

function withSignal(remote: Remote, giveWay: AbortSignal | undefined): Remote {
  if (giveWay === undefined) return remote
  return { ...remote, signal: AbortSignal.any([remote.signal, giveWay]) }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

function lost(cause: GitFailure): GitFailure {
  return { ...cause, message: `the local copy of the configuration is lost, and ${cause.message}` }
}

/** Who asked for a change: upstream every commit is Keptn's. */
function byLine(author: string | undefined): string {
  if (author === undefined) return ''
  const name = identityOf(author).replace(/ <[^<>]*>$/, '')
  return `\n\nTiphys-By: ${name}\n`
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
