import { posix } from 'node:path'
import type { Repository } from '../git/repository.ts'
import { RenderError } from './manifest.ts'

/** The files of one repository at one commit. Paths are relative to its root, with forward slashes. */
export type SourceTree = {
  readonly commit: string
  /** All files below a folder; none if it does not exist. */
  list(folder: string): Promise<string[]>
  /** Throws {@link RenderError} if there is no such file. */
  read(path: string): Promise<string>
}

export function sourceTree(repository: Repository, commit: string): SourceTree {
  return {
    commit,
    list: (folder) => repository.listFiles(commit, folder),
    async read(path) {
      const [found] = await repository.listFiles(commit, path)
      if (found !== path) throw new RenderError(`${path}: no such file in revision ${commit}`)
      return await repository.readFile(commit, path)
    },
  }
}

/** Joins paths inside a repository. Throws {@link RenderError} when the result leaves it. */
export function joinInside(...parts: string[]): string {
  const joined = posix.normalize(posix.join(...parts)).replace(/\/$/, '')
  if (joined === '..' || joined.startsWith('../') || posix.isAbsolute(joined)) {
    throw new RenderError(`${parts.join('/')}: path is outside of the repository`)
  }
  return joined === '.' ? '' : joined
}

/** The files directly in a folder, by name. */
export async function filesIn(tree: SourceTree, folder: string): Promise<string[]> {
  const prefix = folder === '' ? '' : `${folder}/`
  return (await tree.list(folder))
    .filter((path) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'))
    .sort()
}
