import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type KeptnLayout,
  locate,
  METADATA_FILE,
  placesOf,
} from '@tiphys/core/configuration/keptn-layout.ts'
import type { Clock } from '../../ports/clock.ts'
import type {
  CommitWords,
  Configuration,
  Pin,
  Place,
  ResourceChange,
  ResourceEntry,
  WriteResult,
} from '../../ports/configuration.ts'
import { LostCopyError, type UpstreamRecords, type Upstreams } from '../../ports/upstreams.ts'
import { LOCAL_HEADS } from './branch-heads.ts'
import {
  type Ground,
  type Plan,
  planRemoval,
  planServices,
  planWrite,
} from './configuration-change.ts'
import { identityOf, writeCommit } from './fast-import.ts'
import { type Git, GitError } from './git-command.ts'
import type { HostKeySource, Protocol } from './git-home.ts'
import { createGitUpstreams } from './git-upstreams.ts'
import { projectMetadata } from './keptn-metadata.ts'
import { type ChangeWords, ProjectRepositories, UNFINISHED } from './project-repositories.ts'
import { createProjectTurns } from './project-turns.ts'
import { createRepositories, type Repositories } from './repositories.ts'
import { placeFault, resourceUriFault } from './resource-uri.ts'
import { loadUpstreamBook, NO_UPSTREAM_RECORDS, type UpstreamBook } from './upstream-book.ts'
import { contains, REMOTE_TIMEOUTS, type RemoteTimeouts } from './upstream-remote.ts'

export type GitConfigurationParts = {
  readonly git: Git
  readonly clock: Clock
  /** One bare repository per project, `<projectId>.git`. */
  readonly folder: string
  /** How long a reading process is kept without work. */
  readonly readerIdleMs?: number
  /** Where upstreams are remembered; without it no project keeps one. */
  readonly records?: UpstreamRecords
  /** What URLs of upstreams may begin with. */
  readonly protocols?: readonly Protocol[]
  readonly timeouts?: RemoteTimeouts
  readonly hostKeys?: HostKeySource
}

export type GitConfiguration = Configuration &
  AsyncDisposable & {
    readonly upstreams: Upstreams
    /** Ends every process; what is being asked of an upstream is given up, and rejects. */
    close(): Promise<void>
  }

const INITIAL_MESSAGE = 'initialized project'

/**
 * The configuration repositories: written by `git fast-import` without a work tree, read from the object database. Nobody
 * else writes into them, so this process's mutex is what keeps writers of one project apart.
 */
export async function openGitConfiguration(
  parts: GitConfigurationParts,
): Promise<GitConfiguration> {
  await mkdir(parts.folder, { recursive: true, mode: 0o700 })
  for (const name of await readdir(parts.folder)) {
    if (name.startsWith(UNFINISHED)) await rm(join(parts.folder, name), { recursive: true })
  }
  const book = await loadUpstreamBook(parts.records ?? NO_UPSTREAM_RECORDS, parts.clock)
  return new BareConfiguration(parts, book)
}

class BareConfiguration implements GitConfiguration {
  readonly upstreams: Upstreams
  readonly #git: Git
  readonly #repositories: Repositories
  readonly #projects: ProjectRepositories
  readonly #book: UpstreamBook
  readonly #turns = createProjectTurns()
  readonly #stop = new AbortController()

  constructor(parts: GitConfigurationParts, book: UpstreamBook) {
    this.#git = parts.git
    this.#book = book
    this.#repositories = createRepositories(parts.git, parts.readerIdleMs)
    const shared = {
      protocols: [],
      timeouts: REMOTE_TIMEOUTS,
      ...parts,
      repositories: this.#repositories,
      book,
      stop: this.#stop.signal,
    }
    this.#projects = new ProjectRepositories(shared)
    this.upstreams = createGitUpstreams({
      ...shared,
      projects: this.#projects,
      turns: this.#turns,
    })
  }

  createProject(
    projectId: string,
    files: Readonly<Record<string, Uint8Array>>,
    metadata: { readonly name: string; readonly createdMs: number },
  ): Promise<{ code: 'created'; commitId: string } | { code: 'exists' }> {
    return this.#turns.change(projectId, async () => {
      const directory = this.#projects.directoryOf(projectId)
      const { mainBranch } = this.layoutOf(projectId)
      if (await exists(directory)) return { code: 'exists' }
      const unfinished = this.#projects.newDirectory()
      await this.#runLocally([
        'init',
        '--quiet',
        '--bare',
        '--template=',
        `--initial-branch=${mainBranch}`,
        unfinished,
      ])
      const all = { ...files, [METADATA_FILE]: projectMetadata(metadata) }
      const written = await writeCommit(this.#git, unfinished, {
        ref: `${LOCAL_HEADS}${mainBranch}`,
        parent: undefined,
        author: identityOf('Tiphys'),
        message: INITIAL_MESSAGE,
        timeMs: metadata.createdMs,
        files: Object.entries(all).map(([path, content]) => ({ path, content })),
      })
      if (written.code === 'failed') throw new GitError(written.message)
      await rename(unfinished, directory)
      return { code: 'created', commitId: written.commitId }
    })
  }

  deleteProject(projectId: string): Promise<void> {
    return this.#turns.change(projectId, async () => {
      const directory = this.#projects.directoryOf(projectId)
      await this.#book.forget(projectId)
      await this.#repositories.forget(directory)
      // Renamed first, so that a crash in the middle leaves no half of a repository under its name.
      const unfinished = this.#projects.newDirectory()
      if (!(await exists(directory))) return
      await rename(directory, unfinished)
      await rm(unfinished, { recursive: true, force: true })
    })
  }

  write(projectId: string, change: ResourceChange): Promise<WriteResult> {
    const plan = (ground: Ground) => planWrite(ground, change)
    return this.#apply(projectId, change.place, plan, change)
  }

  removePlaces(
    projectId: string,
    places: readonly Exclude<Place, { level: 'project' }>[],
    words: CommitWords,
  ): Promise<WriteResult> {
    const [first = { level: 'project' as const }] = places
    return this.#apply(projectId, first, (ground) => planRemoval(ground, places), words)
  }

  async addServices(
    projectId: string,
    services: readonly string[],
    stages: readonly string[],
    author?: string,
  ): Promise<WriteResult> {
    const project = { level: 'project' } as const
    if (this.#book.find(projectId) === undefined) {
      const pin = await this.head(projectId)
      return { code: 'written', commitId: pin[this.layoutOf(projectId).mainBranch] ?? '', pin }
    }
    const plan = (ground: Ground) => planServices(ground, services, stages)
    const message = addedWords(services)
    return await this.#apply(projectId, project, plan, { message, author })
  }

  layoutOf(projectId: string): KeptnLayout {
    return this.#projects.layoutOf(projectId)
  }

  async head(projectId: string): Promise<Pin> {
    return Object.fromEntries(await this.#projects.headsOf(projectId))
  }

  async list(projectId: string, at: Pin): Promise<readonly ResourceEntry[]> {
    const layout = this.layoutOf(projectId)
    const directory = this.#projects.directoryOf(projectId)
    const branches = layout.kind === 'directories' ? [layout.mainBranch] : Object.keys(at)
    const entries: ResourceEntry[] = []
    for (const branch of branches) {
      const commitId = commitOf(layout, at, branch)
      if (commitId === undefined) continue
      const paths = await this.#repositories.paths(directory, commitId)
      entries.push(...placesOf(layout, branch, [...paths].sort()))
    }
    return entries
  }

  async read(
    projectId: string,
    place: Place,
    uri: string,
    at: Pin,
  ): Promise<Uint8Array | undefined> {
    // A place or name that cannot be written cannot be there; it must not reach git as a name of something else either.
    const reserved = uri === METADATA_FILE
    if (placeFault(place) !== undefined) return undefined
    if (!reserved && resourceUriFault(place, uri) !== undefined) return undefined
    const layout = this.layoutOf(projectId)
    const { branch, folder } = locate(layout, place)
    const commitId = commitOf(layout, at, branch)
    if (commitId === undefined) return undefined
    const directory = this.#projects.directoryOf(projectId)
    const object = await this.#repositories.read(directory, `${commitId}:${folder}${uri}`)
    return object?.type === 'blob' ? object.content : undefined
  }

  async pinOf(projectId: string, commitId: string, stage?: string): Promise<Pin | undefined> {
    if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(commitId)) return undefined
    const directory = this.#projects.directoryOf(projectId)
    const object = await this.#repositories.read(directory, commitId)
    if (object?.type !== 'commit') return undefined
    const { kind, mainBranch } = this.layoutOf(projectId)
    if (kind === 'directories') return { [mainBranch]: commitId }
    const heads = await this.#projects.headsOf(projectId)
    const isOn = async (branch: string) => {
      const head = heads.get(branch)
      return head !== undefined && (await contains(this.#git, directory, head, commitId))
    }
    const main = heads.get(mainBranch)
    if (main === undefined) return undefined
    if (stage !== undefined && (await isOn(stage))) return { [mainBranch]: main, [stage]: commitId }
    if (await isOn(mainBranch)) return { [mainBranch]: commitId }
    if (stage !== undefined) return undefined
    for (const branch of heads.keys()) {
      if (await isOn(branch)) return { [mainBranch]: main, [branch]: commitId }
    }
    return undefined
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#repositories.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #apply(
    projectId: string,
    place: Place,
    plan: (ground: Ground) => Promise<Plan>,
    words: ChangeWords,
  ): Promise<WriteResult> {
    return await this.#turns.change(projectId, async () => {
      try {
        const applied = await this.#projects.apply(projectId, plan, words)
        if (applied.code !== 'applied') return applied
        const layout = this.layoutOf(projectId)
        const pin = Object.fromEntries(applied.heads)
        const { branch } = locate(layout, place)
        const commitId = applied.heads.get(branch) ?? pin[layout.mainBranch] ?? ''
        return { code: 'written', commitId, pin }
      } catch (error) {
        if (!(error instanceof LostCopyError)) throw error
        return { code: 'upstream-failed', failure: error.failure }
      }
    })
  }

  async #runLocally(args: readonly string[]): Promise<void> {
    const result = await this.#git.run(args)
    if (result.code === 'exited' && result.exitCode === 0) return
    throw new GitError(
      `git ${args[0]}: ${result.code === 'exited' ? result.stderr.trim() : result.code}`,
    )
  }
}

/** Keptn's words for one; the names of several stand below. */
function addedWords(services: readonly string[]): string {
  const [only] = services
  if (services.length === 1) return `Added service: ${only}`
  return `Added ${services.length} services\n\n${services.join('\n')}`
}

/** Undefined when the pin has none of that branch: the stage had no branch yet. */
function commitOf(layout: KeptnLayout, pin: Pin, branch: string): string | undefined {
  // A pin from before a project got its upstream knows the one branch by the name it had then.
  const [only] = layout.kind === 'directories' ? Object.values(pin) : []
  const commitId = pin[branch] ?? only
  if (commitId === undefined && branch !== layout.mainBranch) return undefined
  if (commitId === undefined || !/^[0-9a-f]{40,64}$/.test(commitId)) {
    throw new GitError(`the pin ${JSON.stringify(pin)} names no commit of ${branch}`)
  }
  return commitId
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
