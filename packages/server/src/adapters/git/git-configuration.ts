import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock } from '../../ports/clock.ts'
import type {
  Configuration,
  Pin,
  Place,
  ResourceChange,
  ResourceEntry,
  WriteResult,
} from '../../ports/configuration.ts'
import { identityOf, type NewFile, writeCommit } from './fast-import.ts'
import { type Git, GitError } from './git-command.ts'
import { projectMetadata, serviceMetadata } from './keptn-metadata.ts'
import { createKeyedMutex } from './keyed-mutex.ts'
import { createRepositories, type Repositories } from './repositories.ts'
import { collisionOf } from './resource-collision.ts'
import { folderOf, METADATA_FILE, placeFault, placesOf, resourceUriFault } from './resource-uri.ts'

export type GitConfigurationParts = {
  readonly git: Git
  readonly clock: Clock
  /** One bare repository per project, `<projectId>.git`. */
  readonly folder: string
  /** How long a reading process is kept without work. */
  readonly readerIdleMs?: number
}

export type GitConfiguration = Configuration &
  AsyncDisposable & {
    /** Ends every process. */
    close(): Promise<void>
  }

const BRANCH = 'main'
const BRANCH_REF = `refs/heads/${BRANCH}`
const INITIAL_MESSAGE = 'initialized project'
/** A repository that is being made has this in its name; what a killed process left of it is removed at the next start. */
const UNFINISHED = '.new-'

/**
 * The embedded configuration repositories: written by `git fast-import` without a work tree, read from the object database. Nobody
 * else writes into them, so this process's mutex is what keeps writers of one project apart.
 */
export async function openGitConfiguration(
  parts: GitConfigurationParts,
): Promise<GitConfiguration> {
  await mkdir(parts.folder, { recursive: true, mode: 0o700 })
  for (const name of await readdir(parts.folder)) {
    if (name.startsWith(UNFINISHED)) await rm(join(parts.folder, name), { recursive: true })
  }
  return new EmbeddedConfiguration(parts)
}

class EmbeddedConfiguration implements GitConfiguration {
  readonly #git: Git
  readonly #clock: Clock
  readonly #folder: string
  readonly #repositories: Repositories
  readonly #writers = createKeyedMutex()

  constructor(parts: GitConfigurationParts) {
    this.#git = parts.git
    this.#clock = parts.clock
    this.#folder = resolve(parts.folder)
    this.#repositories = createRepositories(parts.git, parts.readerIdleMs)
  }

  createProject(
    projectId: string,
    files: Readonly<Record<string, Uint8Array>>,
    metadata: { readonly name: string; readonly createdMs: number },
  ): Promise<{ code: 'created'; commitId: string } | { code: 'exists' }> {
    return this.#writers.run(projectId, async () => {
      const directory = this.#directoryOf(projectId)
      if (await exists(directory)) return { code: 'exists' }
      const unfinished = join(this.#folder, `${UNFINISHED}${randomBytes(8).toString('hex')}`)
      await this.#runLocally([
        'init',
        '--quiet',
        '--bare',
        '--template=',
        `--initial-branch=${BRANCH}`,
        unfinished,
      ])
      const all = { ...files, [METADATA_FILE]: projectMetadata(metadata) }
      const written = await writeCommit(this.#git, unfinished, {
        ref: BRANCH_REF,
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
    return this.#writers.run(projectId, async () => {
      const directory = this.#directoryOf(projectId)
      await this.#repositories.forget(directory)
      // Renamed first, so that a crash in the middle leaves no half of a repository under its name.
      const unfinished = join(this.#folder, `${UNFINISHED}${randomBytes(8).toString('hex')}`)
      if (!(await exists(directory))) return
      await rename(directory, unfinished)
      await rm(unfinished, { recursive: true, force: true })
    })
  }

  async write(projectId: string, change: ResourceChange): Promise<WriteResult> {
    const fault = changeFault(change)
    if (fault !== undefined) return { code: 'invalid-uri', message: fault }
    return await this.#writers.run(projectId, async () => {
      const directory = this.#directoryOf(projectId)
      if (!(await exists(directory))) return { code: 'not-found', message: 'Project not found' }
      const head = await this.#repositories.head(directory, BRANCH_REF)
      const paths = await this.#repositories.paths(directory, head)
      const collision = collisionOf(change, paths)
      if (collision !== undefined) return { code: 'invalid-uri', message: collision }
      const missing = Object.entries(change.files).find(
        ([uri, content]) => content === undefined && !paths.has(folderOf(change.place) + uri),
      )
      if (missing !== undefined) return { code: 'not-found', message: 'Resource not found' }
      const files = await this.#differences(directory, head, change, paths)
      if (files.length === 0) return { code: 'written', commitId: head, pin: { [BRANCH]: head } }
      return await this.#commit(directory, head, files, change)
    })
  }

  removePlace(
    projectId: string,
    place: Exclude<Place, { level: 'project' }>,
    message: string,
  ): Promise<WriteResult> {
    return this.#writers.run(projectId, async () => {
      const directory = this.#directoryOf(projectId)
      const folder = folderOf(place)
      if (placeFault(place) !== undefined || !(await exists(directory))) {
        return { code: 'not-found', message: 'Resource not found' }
      }
      const head = await this.#repositories.head(directory, BRANCH_REF)
      const paths = await this.#repositories.paths(directory, head)
      if (![...paths].some((path) => path.startsWith(folder))) {
        return { code: 'written', commitId: head, pin: { [BRANCH]: head } }
      }
      const files = [{ path: folder.slice(0, -1), content: undefined }]
      return await this.#commit(directory, head, files, { message })
    })
  }

  async head(projectId: string): Promise<Pin> {
    const directory = this.#directoryOf(projectId)
    return { [BRANCH]: await this.#repositories.head(directory, BRANCH_REF) }
  }

  async list(projectId: string, at: Pin): Promise<readonly ResourceEntry[]> {
    const paths = await this.#repositories.paths(this.#directoryOf(projectId), commitOf(at))
    return placesOf([...paths].sort())
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
    const name = `${commitOf(at)}:${folderOf(place)}${uri}`
    const object = await this.#repositories.read(this.#directoryOf(projectId), name)
    return object?.type === 'blob' ? object.content : undefined
  }

  async pinOf(projectId: string, commitId: string): Promise<Pin | undefined> {
    if (!/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(commitId)) return undefined
    const object = await this.#repositories.read(this.#directoryOf(projectId), commitId)
    return object?.type === 'commit' ? { [BRANCH]: commitId } : undefined
  }

  async close(): Promise<void> {
    await this.#repositories.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** What the commit has to write: files that differ from the head, and the metadata of a service that has none yet. */
  async #differences(
    directory: string,
    head: string,
    change: ResourceChange,
    paths: ReadonlySet<string>,
  ): Promise<NewFile[]> {
    const folder = folderOf(change.place)
    const files: NewFile[] = []
    for (const [uri, content] of Object.entries(change.files)) {
      const path = folder + uri
      if (content !== undefined && paths.has(path)) {
        const old = await this.#repositories.read(directory, `${head}:${path}`)
        if (old?.content.equals(content) === true) continue
      }
      files.push({ path, content })
    }
    if (change.place.level === 'service' && !paths.has(folder + METADATA_FILE)) {
      const createdMs = this.#clock.nowMs()
      files.push({
        path: folder + METADATA_FILE,
        content: serviceMetadata(change.place.service, createdMs),
      })
    }
    return files
  }

  async #commit(
    directory: string,
    parent: string,
    files: readonly NewFile[],
    change: Pick<ResourceChange, 'author' | 'message'>,
  ): Promise<WriteResult> {
    await this.#repositories.prepareWrite(directory)
    const written = await writeCommit(this.#git, directory, {
      ref: BRANCH_REF,
      parent,
      author: identityOf(change.author ?? 'Tiphys'),
      message: change.message,
      timeMs: this.#clock.nowMs(),
      files,
    })
    if (written.code === 'failed') throw new GitError(written.message)
    const { commitId } = written
    const before = await this.#repositories.paths(directory, parent)
    this.#repositories.remember(directory, commitId, pathsAfter(before, files))
    return { code: 'written', commitId, pin: { [BRANCH]: commitId } }
  }

  async #runLocally(args: readonly string[]): Promise<void> {
    const result = await this.#git.run(args)
    if (result.code === 'exited' && result.exitCode === 0) return
    throw new GitError(
      `git ${args[0]}: ${result.code === 'exited' ? result.stderr.trim() : result.code}`,
    )
  }

  #directoryOf(projectId: string): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,100}$/.test(projectId)) {
      throw new GitError(`${JSON.stringify(projectId)} is no project id`)
    }
    return join(this.#folder, `${projectId}.git`)
  }
}

function changeFault(change: ResourceChange): string | undefined {
  const fault = placeFault(change.place)
  if (fault !== undefined) return fault
  for (const uri of Object.keys(change.files)) {
    const uriFault = resourceUriFault(change.place, uri)
    if (uriFault !== undefined) return uriFault
  }
  return undefined
}

/** A deleted path takes everything below it along. */
function pathsAfter(before: ReadonlySet<string>, files: readonly NewFile[]): ReadonlySet<string> {
  const after = new Set(before)
  for (const { path, content } of files) {
    if (content !== undefined) after.add(path)
    else for (const old of before) if (old === path || old.startsWith(`${path}/`)) after.delete(old)
  }
  return after
}

function commitOf(pin: Pin): string {
  const commitId = pin[BRANCH]
  if (commitId === undefined || !/^[0-9a-f]{40,64}$/.test(commitId)) {
    throw new GitError(`the pin ${JSON.stringify(pin)} names no commit of ${BRANCH}`)
  }
  return commitId
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
