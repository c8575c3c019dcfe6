import { copyFile, link, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isPartName } from './backup-manifest.ts'

const ARTIFACTS = 'artifacts'
/** The manifest names each, and has a limit; with more than this the backup holds the first ones by name. */
const MAX_FILES = 200_000

/**
 * Puts logs and files of tests into a backup. They never change once a list names them, so a second name of the same file is a copy. One that
 * is removed meanwhile belongs to a run that is being forgotten.
 */
export async function stageArtifacts(
  dataDir: string,
  place: (name: string) => Promise<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let count = 0
  for (const project of await namesIn(join(dataDir, ARTIFACTS))) {
    for (const run of await namesIn(join(dataDir, ARTIFACTS, project))) {
      signal?.throwIfAborted()
      const names = await namesIn(join(dataDir, ARTIFACTS, project, run))
      // Lists first: a file that its list does not name yet is of no use.
      const lists = names.filter((name) => name.endsWith('.json'))
      const files = names.filter((name) => !name.endsWith('.json'))
      for (const name of [...lists, ...files]) {
        const part = `${ARTIFACTS}/${project}/${run}/${name}`
        if (!isPartName(part) || count >= MAX_FILES) continue
        if (await stage(join(dataDir, part), await place(part))) count += 1
      }
    }
  }
}

async function stage(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (isMissing(error)) return false
  }
  try {
    // Not every file system has second names.
    await copyFile(from, to)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).toSorted()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
