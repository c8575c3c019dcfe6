import { constants, createReadStream } from 'node:fs'
import { open, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { matchesPattern } from '@tiphys/contract/file-pattern.ts'

/**
 * Files that a command left in its folder. Links are never followed, and only ordinary files are read: a link to a file of the server, or a
 * pipe that never ends, is as if it were not there.
 */
export type FoundFile = {
  /** From the working directory on. */
  readonly path: string
  readonly file: string
}

const MAX_LOOKED_AT = 50_000
const MAX_DEPTH = 40

/** What matches a pattern, in order of name. */
export async function findFiles(
  folder: string,
  patterns: readonly string[],
): Promise<readonly FoundFile[]> {
  if (patterns.length === 0) return []
  const found: FoundFile[] = []
  let lookedAt = 0
  async function walk(below: string, depth: number): Promise<void> {
    const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(() => [])
    for (const entry of entries.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
      lookedAt += 1
      if (lookedAt > MAX_LOOKED_AT) return
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory() && depth < MAX_DEPTH && entry.name !== 'node_modules') {
        await walk(path, depth + 1)
      } else if (entry.isFile() && patterns.some((pattern) => matchesPattern(pattern, path))) {
        found.push({ path, file: join(folder, path) })
      }
    }
  }
  // The program may have put a link where it started.
  const isItself = (await realpath(folder).catch(() => '')) === folder
  if (isItself) await walk('', 0)
  return found
}

/** Undefined when it is no ordinary file any more. */
export async function openFound({ file }: FoundFile) {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await open(file, flags).catch(() => undefined)
  if (handle === undefined) return undefined
  const state = await handle.stat()
  if (!state.isFile()) {
    await handle.close()
    return undefined
  }
  return createReadStream(file, { fd: handle })
}
