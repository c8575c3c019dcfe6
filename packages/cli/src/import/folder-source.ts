import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EXIT } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { MAX_FILES, type Source, type SourceFile } from './source.ts'

/** Stands for the files of a folder that is no repository. */
export const FOLDER = '.'

/** A folder without Git: an unpacked archive, say. Links are named and never followed. */
export function folderSource(folder: string): Source {
  return {
    name: folder,
    defaultBranch: FOLDER,
    branches: new Set([FOLDER]),
    isPlainFolder: true,
    bring: () => Promise.resolve(),
    commitOf: () => undefined,
    list: () => filesBelow(folder),
    read: (_, path) => readFile(join(folder, path)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function filesBelow(folder: string): Promise<SourceFile[]> {
  const found: SourceFile[] = []
  const waiting = ['']
  for (const below of waiting) {
    for (const entry of await entriesOf(join(folder, below))) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) waiting.push(path)
      else {
        const { size } = await lstat(join(folder, path))
        found.push({ path, sizeBytes: size, isRegular: entry.isFile() })
      }
      if (found.length + waiting.length > MAX_FILES) {
        throw new CommandFailure(
          `${folder} has more than ${MAX_FILES} files; name the folder of the Keptn project itself`,
        )
      }
    }
  }
  return found.sort((left, right) => (left.path < right.path ? -1 : 1))
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    throw new CommandFailure(`cannot read ${folder}: ${(error as Error).message}`, EXIT.usage, {
      cause: error,
    })
  }
}
