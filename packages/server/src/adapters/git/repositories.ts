import { type Git, GitError } from './git-command.ts'
import { createObjectReader, type GitObject, type ObjectReader } from './object-reader.ts'
import { removeStaleLocks } from './repository-locks.ts'

/** What is kept open of local bare repositories, by directory. */
export interface Repositories {
  /** `<commit>:<path>`, `<id>` or a ref; undefined when there is no such object. */
  read(directory: string, name: string): Promise<GitObject | undefined>
  /** The commit a ref points at; `GitError` when there is none. */
  head(directory: string, ref: string): Promise<string>
  /** Every file path of a commit. */
  paths(directory: string, commitId: string): Promise<ReadonlySet<string>>
  /** Tells the paths of a commit that was just made, so that nobody needs to ask git for them. */
  remember(directory: string, commitId: string, paths: ReadonlySet<string>): void
  /** To be awaited before each write: mends what a killed process left behind, and packs now and then. */
  prepareWrite(directory: string): Promise<void>
  /** Before a directory is deleted. */
  forget(directory: string): Promise<void>
  close(): Promise<void>
}

/** Processes kept for reading; the one unused for longest makes room. */
const MAX_READERS = 16
/** Listings of commits that are kept: a commit's never changes. */
const MAX_LISTINGS = 64
/** A commit is a pack of its own here, and each pack more is one more place to look for an object. */
const WRITES_BETWEEN_PACKINGS = 50
const PACK_TIMEOUT_MS = 300_000

export function createRepositories(git: Git, readerIdleMs?: number): Repositories {
  const readers = new Map<string, ObjectReader>()
  const listings = new Map<string, Promise<ReadonlySet<string>>>()
  const writes = new Map<string, number>()
  let closed = false

  function reader(directory: string): ObjectReader {
    if (closed) throw new GitError('the repositories were closed')
    const known = readers.get(directory)
    const kept = known ?? createObjectReader(git, directory, readerIdleMs)
    // Taken out and put back: a Map lists its keys by age.
    readers.delete(directory)
    readers.set(directory, kept)
    const [oldest] = readers
    if (readers.size > MAX_READERS && oldest !== undefined) {
      readers.delete(oldest[0])
      void oldest[1].close()
    }
    return kept
  }

  function keep(key: string, listing: Promise<ReadonlySet<string>>): void {
    listings.set(key, listing)
    const [oldest] = listings.keys()
    if (listings.size > MAX_LISTINGS && oldest !== undefined) listings.delete(oldest)
  }

  return {
    async read(directory, name) {
      return await reader(directory).read(name)
    },
    async head(directory, ref) {
      const object = await reader(directory).read(ref)
      if (object?.type !== 'commit') throw new GitError(`${directory} has no ${ref}`)
      return object.id
    },
    paths(directory, commitId) {
      const key = `${directory}@${commitId}`
      const known = listings.get(key)
      if (known !== undefined) return known
      const listing = listPaths(git, directory, commitId)
      keep(key, listing)
      listing.catch(() => listings.delete(key))
      return listing
    },
    remember(directory, commitId, paths) {
      keep(`${directory}@${commitId}`, Promise.resolve(paths))
    },
    async prepareWrite(directory) {
      const count = writes.get(directory) ?? 0
      writes.set(directory, count + 1)
      if (count === 0) await removeStaleLocks(directory)
      if (count > 0 && count % WRITES_BETWEEN_PACKINGS === 0) await pack(git, directory)
    },
    async forget(directory) {
      const known = readers.get(directory)
      readers.delete(directory)
      writes.delete(directory)
      for (const key of listings.keys()) if (key.startsWith(`${directory}@`)) listings.delete(key)
      await known?.close()
    },
    async close() {
      closed = true
      await Promise.all([...readers.values()].map((one) => one.close()))
      readers.clear()
    },
  }
}

async function listPaths(
  git: Git,
  directory: string,
  commitId: string,
): Promise<ReadonlySet<string>> {
  const result = await git.run(['ls-tree', '-r', '-z', '--name-only', '--full-tree', commitId], {
    gitDirectory: directory,
  })
  if (result.code !== 'exited' || result.exitCode !== 0) {
    throw new GitError(`${directory}: the files of ${commitId} cannot be listed`)
  }
  return new Set(
    result.stdout
      .toString('utf8')
      .split('\0')
      .filter((path) => path !== ''),
  )
}

/** Joins small packs to larger ones, so that their number stays small. Nothing depends on it: a failure only costs speed. */
async function pack(git: Git, directory: string): Promise<void> {
  await git.run(['repack', '--geometric=2', '-d', '-q'], {
    gitDirectory: directory,
    timeoutMs: PACK_TIMEOUT_MS,
  })
}
