import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGit, type Git, GitError } from '@tiphys/server/adapters/git/git-command.ts'
import { type GitHome, openGitHome } from '@tiphys/server/adapters/git/git-home.ts'
import { createObjectReader, type ObjectReader } from '@tiphys/server/adapters/git/object-reader.ts'
import { EXIT } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { MAX_FILES, type Source, type SourceFile } from './source.ts'

type GitProtocols = Parameters<typeof createGit>[0]['protocols']

/** Git in a folder of its own that goes with it: no configuration, key or hook of the person who runs it has a say. */
export type OwnGit = AsyncDisposable & {
  readonly git: Git
  readonly home: GitHome
  readonly folder: string
}

export async function openOwnGit(
  protocols: GitProtocols,
  environment: Readonly<Record<string, string>> = {},
): Promise<OwnGit> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-import-'))
  const home = await openGitHome(join(folder, 'home'))
  const searchPath = process.env['PATH'] ?? ''
  return {
    git: createGit({ home, protocols, searchPath, environment }),
    home,
    folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  }
}

export type RepositoryParts = {
  readonly name: string
  readonly own: OwnGit
  readonly gitDirectory: string
  readonly defaultBranch: string | undefined
  /** Commits by branch; those of branches that were not brought yet are not in the repository. */
  readonly commits: ReadonlyMap<string, string>
  readonly bring: (branches: readonly string[]) => Promise<void>
  readonly signal: AbortSignal
}

type TreeFile = SourceFile & { readonly id: string }
/** By path. */
type Tree = ReadonlyMap<string, TreeFile>

/** Branches of a repository on this disk, read from the object database: what lies in a work tree does not count. */
export class RepositorySource implements Source {
  readonly name: string
  readonly defaultBranch: string | undefined
  readonly branches: ReadonlySet<string>
  readonly isPlainFolder = false
  readonly #parts: RepositoryParts
  readonly #reader: ObjectReader
  readonly #trees = new Map<string, Promise<Tree>>()

  constructor(parts: RepositoryParts) {
    this.name = parts.name
    this.defaultBranch = parts.defaultBranch
    this.branches = new Set(parts.commits.keys())
    this.#parts = parts
    this.#reader = createObjectReader(parts.own.git, parts.gitDirectory)
  }

  async bring(branches: readonly string[]): Promise<void> {
    await this.#parts.bring(branches.filter((branch) => this.branches.has(branch)))
  }

  commitOf(branch: string): string | undefined {
    return this.#parts.commits.get(branch)
  }

  async list(branch: string): Promise<readonly SourceFile[]> {
    return [...(await this.#tree(branch)).values()]
  }

  async read(branch: string, path: string): Promise<Uint8Array> {
    const file = (await this.#tree(branch)).get(path)
    const object = file && (await this.#reader.read(file.id))
    if (object === undefined) throw new GitError(`${branch}:${path} is not in the repository`)
    return object.content
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.close()
    await this.#parts.own[Symbol.asyncDispose]()
  }

  #tree(branch: string): Promise<Tree> {
    const known = this.#trees.get(branch) ?? this.#readTree(branch)
    this.#trees.set(branch, known)
    return known
  }

  async #readTree(branch: string): Promise<Tree> {
    const commit = this.commitOf(branch)
    if (commit === undefined) return new Map()
    const { own, gitDirectory, signal } = this.#parts
    const args = ['ls-tree', '-r', '-l', '-z', '--full-tree', commit]
    const result = await own.git.run(args, { gitDirectory, signal })
    if (result.code !== 'exited' || result.exitCode !== 0) {
      const words = result.code === 'exited' ? result.stderr.trim() : result.code
      throw new CommandFailure(
        `${this.name}: branch ${branch} cannot be read: ${words}`,
        EXIT.usage,
      )
    }
    const lines = result.stdout.toString('utf8').split('\0').filter(Boolean)
    if (lines.length > MAX_FILES) {
      throw new CommandFailure(
        `${this.name} has ${lines.length} files on branch ${branch}; at most ${MAX_FILES} are read`,
      )
    }
    const files = lines.flatMap((line) => treeFile(line) ?? [])
    return new Map(files.map((file) => [file.path, file]))
  }
}

/** `100644 blob <id>    1234\tpath`; a submodule is a commit without a size. */
function treeFile(line: string): TreeFile | undefined {
  const found = /^(\d{6}) (\w+) ([0-9a-f]{40,64}) +(\d+|-)\t([\s\S]+)$/.exec(line)
  if (found === null) return undefined
  const [, mode = '', type, id = '', size = '', path = ''] = found
  const isRegular = type === 'blob' && mode.startsWith('100')
  return { path, id, isRegular, sizeBytes: size === '-' ? 0 : Number(size) }
}
