import { join } from 'node:path'
import { GitError, git } from './git-command.ts'

const FULL_SHA = /^[0-9a-f]{40}$/
const SHORT_SHA = /^[0-9a-f]{7,39}$/

/** What a commit says about itself, for `revisions/{sha}/metadata`. */
export type CommitText = { author: string; date: string; message: string; tags: string[] }

/**
 * A bare copy of one remote repository. Branches and tags are looked up at the remote; objects are
 * fetched only when a commit is not here yet. Reads never touch a work tree.
 */
export class Repository {
  readonly url: string
  readonly #directory: string
  readonly #ready: Promise<unknown>
  #references: { readAtMs: number; byName: Map<string, string> } | undefined
  #lookup: Promise<Map<string, string>> | undefined
  #fetch: Promise<unknown> | undefined
  readonly #present = new Set<string>()

  constructor(url: string, parentDirectory: string, index: number) {
    this.url = url
    this.#directory = join(parentDirectory, `${index}.git`)
    this.#ready = git(['init', '-q', '--bare', this.#directory])
    this.#ready.catch(() => undefined) // whoever needs it awaits it and sees the error
  }

  /**
   * Turns a branch, tag, `HEAD` or SHA into a commit id. A full SHA is taken as it is. `maxAgeMs` says how
   * old the answer of the remote may be: 0 asks it now. Throws {@link GitError}.
   */
  async resolve(revision: string, maxAgeMs: number): Promise<string> {
    if (FULL_SHA.test(revision)) return revision
    const references = await this.#referencesNotOlderThan(maxAgeMs)
    const name = revision.replace(/^refs\/(heads|tags)\//, '')
    const found =
      references.get(revision) ??
      references.get(`refs/heads/${name}`) ??
      references.get(`refs/tags/${name}^{}`) ??
      references.get(`refs/tags/${name}`)
    if (found !== undefined) return found
    if (SHORT_SHA.test(revision)) {
      await this.#fetchAll()
      return (await this.#git(['rev-parse', '--verify', `${revision}^{commit}`])).trim()
    }
    throw new GitError(`unable to resolve '${revision}' to a commit SHA`)
  }

  /** Makes sure that the objects of a commit are here. Throws {@link GitError} if the remote has none such. */
  async ensure(sha: string): Promise<void> {
    if (await this.#has(sha)) return
    await this.#fetchAll()
    if (await this.#has(sha)) return
    throw new GitError(`unable to find commit ${sha} in ${this.url}`)
  }

  /** Paths of all files below `path` at a commit, relative to the root of the repository. */
  async listFiles(sha: string, path: string): Promise<string[]> {
    await this.ensure(sha)
    const args = ['ls-tree', '-r', '-z', '--name-only', sha]
    const listed = await this.#git(path === '' ? args : [...args, '--', path])
    return listed.split('\0').filter((name) => name !== '')
  }

  async readFile(sha: string, path: string): Promise<string> {
    return await this.#git(['show', `${sha}:${path}`])
  }

  async describe(sha: string): Promise<CommitText> {
    await this.ensure(sha)
    const [author = '', date = '', message = ''] = (
      await this.#git(['show', '-s', '--format=%an <%ae>%x00%aI%x00%B', sha])
    ).split('\0')
    return { author, date, message: message.trimEnd(), tags: await this.#tagsAt(sha) }
  }

  /** Names of tags, asked of the remote: a tag may be younger than our copy of its commit. */
  async #tagsAt(sha: string): Promise<string[]> {
    const references = await this.#referencesNotOlderThan(0)
    const names = [...references].flatMap(([name, target]) => {
      const [, tag] = name.match(/^refs\/tags\/(.+?)(?:\^\{\})?$/) ?? []
      return tag !== undefined && target === sha ? [tag] : []
    })
    return [...new Set(names)].sort()
  }

  async #referencesNotOlderThan(maxAgeMs: number): Promise<Map<string, string>> {
    const known = this.#references
    if (known !== undefined && Date.now() - known.readAtMs < maxAgeMs) return known.byName
    // A look-up that already runs may have read the remote before the caller's push: take the next one.
    if (this.#lookup !== undefined) await this.#lookup.catch(() => undefined)
    this.#lookup ??= this.#lookUpReferences().finally(() => {
      this.#lookup = undefined
    })
    return await this.#lookup
  }

  async #lookUpReferences(): Promise<Map<string, string>> {
    const readAtMs = Date.now()
    const listed = await git(['ls-remote', '--', this.url])
    const byName = new Map<string, string>()
    for (const line of listed.split('\n')) {
      const [sha, name] = line.split('\t')
      if (sha !== undefined && name !== undefined) byName.set(name, sha)
    }
    this.#references = { readAtMs, byName }
    return byName
  }

  async #fetchAll(): Promise<void> {
    if (this.#fetch !== undefined) await this.#fetch.catch(() => undefined)
    // A push at the same moment can make one fail ("Could not read …"); it leaves nothing behind.
    this.#fetch ??= this.#fetchOnce()
      .catch(() => this.#fetchOnce())
      .finally(() => {
        this.#fetch = undefined
      })
    await this.#fetch
  }

  #fetchOnce(): Promise<string> {
    return this.#git([
      'fetch',
      '--quiet',
      '--force',
      '--prune',
      '--no-auto-gc',
      '--',
      this.url,
      '+refs/heads/*:refs/heads/*',
      '+refs/tags/*:refs/tags/*',
    ])
  }

  async #has(sha: string): Promise<boolean> {
    if (this.#present.has(sha)) return true
    try {
      await this.#git(['cat-file', '-e', `${sha}^{commit}`])
      this.#present.add(sha)
      return true
    } catch (error) {
      if (error instanceof GitError) return false
      throw error
    }
  }

  async #git(args: readonly string[]): Promise<string> {
    await this.#ready
    return await git(args, { cwd: this.#directory })
  }
}
