import type { Dirent } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A lock file of git carries no name, so its age has to tell whether its owner lives. Only one server owns a data folder, and a git
 * of ours ends when its server does: its input stops. What is older than this and stands there before our first write is left over.
 */
const STALE_AFTER_MS = 2_000
const POLL_MS = 50

/**
 * Removes what a killed process left in a bare repository: lock files, half-written objects and crash reports. To be called before the
 * first write, and while nobody of this process writes. Waits for young locks to grow old or to go away by themselves.
 */
export async function removeStaleLocks(gitDirectory: string): Promise<readonly string[]> {
  const removed: string[] = []
  for (const path of await leftovers(gitDirectory)) {
    while (await isYoung(path)) await sleep(POLL_MS)
    await rm(path, { force: true })
    removed.push(path)
  }
  return removed
}

async function leftovers(gitDirectory: string): Promise<string[]> {
  const top = await entriesOf(gitDirectory)
  const refs = await entriesOf(join(gitDirectory, 'refs'), true)
  const packs = await entriesOf(join(gitDirectory, 'objects', 'pack'))
  return [
    ...top.filter((entry) => isLock(entry) || entry.name.startsWith('fast_import_crash_')),
    ...refs.filter(isLock),
    ...packs.filter((entry) => entry.isFile() && entry.name.startsWith('tmp_')),
  ].map((entry) => join(entry.parentPath, entry.name))
}

/** A folder that is missing has nothing left over; git itself says what is wrong with such a repository. */
async function entriesOf(folder: string, recursive = false): Promise<Dirent[]> {
  return await readdir(folder, { withFileTypes: true, recursive }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
}

function isLock(entry: Dirent): boolean {
  return entry.isFile() && entry.name.endsWith('.lock')
}

async function isYoung(path: string): Promise<boolean> {
  try {
    // File times are the machine's, so its own clock compares. Set back, it must not make a lock young for ever.
    const ageMs = Date.now() - (await stat(path)).mtimeMs
    return ageMs >= 0 && ageMs < STALE_AFTER_MS
  } catch {
    return false
  }
}
