import { createHash } from 'node:crypto'
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseRepositoryUrl, repositoryKey } from '@tiphys/contract/repository-url.ts'
import { createKeyedMutex } from '../../keyed-mutex.ts'
import type { GitFailure } from '../../ports/desired-state.ts'
import { type Git, GitError, type GitRunOptions } from './git-command.ts'
import { type GitCredentials, secretsOf } from './git-credentials.ts'
import { failure, failureOf } from './git-failure.ts'
import type { Protocol } from './git-home.ts'
import type { Repositories } from './repositories.ts'

export type MirrorsParts = {
  readonly git: Git
  readonly repositories: Repositories
  /** One bare repository per repository URL; a cache, which may be deleted at any time. */
  readonly folder: string
  readonly protocols: readonly Protocol[]
  readonly credentialsFor: (repository: string) => Promise<GitCredentials | undefined>
  readonly fetchTimeoutMs?: number
}

/** A repository of somebody else, and our copy of it. */
export type Mirror = {
  readonly url: string
  readonly directory: string
  /** Name for people: host and path. */
  readonly name: string
  readonly credentials: GitCredentials | undefined
}

/** Local copies of the repositories that Argo CD reads: made when first asked for, brought up to date by each question. */
export interface Mirrors {
  open(repository: string): Promise<{ code: 'open'; mirror: Mirror } | Failure>
  /** Brings one branch; its head. */
  fetchBranch(
    mirror: Mirror,
    branch: string,
    signal: AbortSignal | undefined,
  ): Promise<{ code: 'fetched'; head: string } | Failure>
  /** Brings whatever is needed to know a commit; whether it is known then. */
  fetchCommit(
    mirror: Mirror,
    commitId: string,
    signal: AbortSignal | undefined,
  ): Promise<{ code: 'fetched'; known: boolean } | Failure>
  /** How to run git against the remote side. */
  remote(mirror: Mirror, signal: AbortSignal | undefined): GitRunOptions
}

type Failure = { readonly code: 'failed'; readonly failure: GitFailure }

/** The first copy of a large repository takes minutes; hanging takes longer. */
const FETCH_TIMEOUT_MS = 300_000
/** Copies that are kept; the one unused for longest makes room. */
const MAX_MIRRORS = 50

/** What git says when our own copy is what is wrong. */
const LOCAL_DAMAGE =
  /bad object|corrupt|not a git repository|unable to (read|open)|cannot lock ref|bad tree|pack has bad|index-pack|object file .* is empty/i

export function createMirrors(parts: MirrorsParts): Mirrors {
  return new MirrorCache(parts)
}

class MirrorCache implements Mirrors {
  readonly #parts: MirrorsParts
  readonly #openers = createKeyedMutex()

  constructor(parts: MirrorsParts) {
    this.#parts = parts
  }

  async open(repository: string): Promise<{ code: 'open'; mirror: Mirror } | Failure> {
    const parsed = parseRepositoryUrl(repository)
    if (parsed.code === 'invalid') return failed(failure('url-not-allowed', parsed.message))
    if (!this.#parts.protocols.includes(parsed.protocol)) {
      const allowed = this.#parts.protocols.join(', ')
      return failed(
        failure(
          'url-not-allowed',
          `repository URL begins with ${parsed.protocol}, and the server's settings allow ${allowed} for Git`,
        ),
      )
    }
    const hash = createHash('sha256').update(repositoryKey(repository)).digest('hex').slice(0, 32)
    const mirror = {
      url: repository,
      directory: join(resolve(this.#parts.folder), `${hash}.git`),
      name: `${parsed.host}/${parsed.path}`,
      credentials: await this.#parts.credentialsFor(repository),
    }
    await this.#openers.run(mirror.directory, () => this.#ensure(mirror))
    return { code: 'open', mirror }
  }

  async fetchBranch(
    mirror: Mirror,
    branch: string,
    signal: AbortSignal | undefined,
  ): Promise<{ code: 'fetched'; head: string } | Failure> {
    const ref = `refs/heads/${branch}`
    const fetched = await this.#fetch(mirror, [`+${ref}:${ref}`], signal)
    if (fetched.code === 'failed') {
      return fetched.failure.code === 'branch-not-found'
        ? failed(failure('branch-not-found', `${mirror.name} has no branch ${branch}`))
        : fetched
    }
    return { code: 'fetched', head: await this.#parts.repositories.head(mirror.directory, ref) }
  }

  async fetchCommit(
    mirror: Mirror,
    commitId: string,
    signal: AbortSignal | undefined,
  ): Promise<{ code: 'fetched'; known: boolean } | Failure> {
    if (await this.#knows(mirror, commitId)) return { code: 'fetched', known: true }
    const all = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
    const fetched = await this.#fetch(mirror, all, signal)
    if (fetched.code === 'failed') return fetched
    if (await this.#knows(mirror, commitId)) return { code: 'fetched', known: true }
    // A commit that no branch holds (any more): hosts hand it out by its id, or say no.
    const alone = await this.#fetch(mirror, [commitId], signal)
    if (alone.code === 'failed' && alone.failure.retryable) return alone
    return { code: 'fetched', known: await this.#knows(mirror, commitId) }
  }

  remote(mirror: Mirror, signal: AbortSignal | undefined): GitRunOptions {
    return {
      gitDirectory: mirror.directory,
      url: mirror.url,
      signal,
      timeoutMs: this.#parts.fetchTimeoutMs ?? FETCH_TIMEOUT_MS,
      ...(mirror.credentials === undefined ? {} : { credentials: mirror.credentials }),
    }
  }

  async #fetch(
    mirror: Mirror,
    refspecs: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<{ code: 'fetched' } | Failure> {
    const first = await this.#fetchOnce(mirror, refspecs, signal)
    if (first.code === 'fetched' || first.failure.code !== 'git-failed') return first
    if (!LOCAL_DAMAGE.test(first.failure.message)) return first
    // The copy is broken; a cache must not be the reason of a failure.
    await this.#openers.run(mirror.directory, async () => {
      await this.#parts.repositories.forget(mirror.directory)
      await rm(mirror.directory, { recursive: true, force: true })
      await this.#ensure(mirror)
    })
    return await this.#fetchOnce(mirror, refspecs, signal)
  }

  async #fetchOnce(
    mirror: Mirror,
    refspecs: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<{ code: 'fetched' } | Failure> {
    const { git, repositories } = this.#parts
    await repositories.prepareWrite(mirror.directory)
    const result = await git.run(
      ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', mirror.url, ...refspecs],
      this.remote(mirror, signal),
    )
    if (result.code === 'exited' && result.exitCode === 0) return { code: 'fetched' }
    return failed(failureOf(result, mirror.name, secretsOf(mirror.credentials)))
  }

  async #knows(mirror: Mirror, commitId: string): Promise<boolean> {
    const object = await this.#parts.repositories.read(mirror.directory, commitId)
    return object?.type === 'commit'
  }

  /** Makes the copy if it is not there (any more), and marks it as used. */
  async #ensure(mirror: Mirror): Promise<void> {
    const { git, folder, repositories } = this.#parts
    const now = new Date()
    if (await isThere(join(mirror.directory, 'HEAD'))) {
      await utimes(mirror.directory, now, now)
      return
    }
    await repositories.forget(mirror.directory)
    await mkdir(folder, { recursive: true })
    await this.#makeRoom()
    const result = await git.run(['init', '--quiet', '--bare', '--template=', mirror.directory])
    if (result.code === 'exited' && result.exitCode === 0) return
    throw new GitError(`git init: ${result.code === 'exited' ? result.stderr.trim() : result.code}`)
  }

  async #makeRoom(): Promise<void> {
    const { repositories } = this.#parts
    const folder = resolve(this.#parts.folder)
    const names = await readdir(folder)
    if (names.length < MAX_MIRRORS) return
    const ages = await Promise.all(
      names.map(async (name) => ({ name, usedMs: (await stat(join(folder, name))).mtimeMs })),
    )
    ages.sort((left, right) => left.usedMs - right.usedMs)
    for (const { name } of ages.slice(0, names.length - MAX_MIRRORS + 1)) {
      await repositories.forget(join(folder, name))
      await rm(join(folder, name), { recursive: true, force: true })
    }
  }
}

export function failed(one: GitFailure): Failure {
  return { code: 'failed', failure: one }
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
