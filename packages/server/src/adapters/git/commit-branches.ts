import type { Heads } from './branch-heads.ts'
import { type BranchChange, baseOf, type Ground } from './configuration-change.ts'
import { type NewFile, writeCommit } from './fast-import.ts'
import { type Git, GitError } from './git-command.ts'

export type CommitWords = {
  readonly message: string
  /** `Name <mail>` */
  readonly author: string
}

/** Where commits are until the branches move to them; the next write overwrites it. */
const SCRATCH_REF = 'refs/tiphys/change'

/**
 * Makes the commits of a plan without moving any branch, and answers where the changed branches would point. They come in the plan's
 * order, so a branch that begins at the main branch begins at what the plan made of it. With `onto` a single commit moves that ref.
 */
export async function commitChanges(
  git: Git,
  ground: Ground,
  changes: readonly BranchChange[],
  words: CommitWords,
  onto?: string,
): Promise<Heads> {
  const { layout, heads, directory, repositories, nowMs } = ground
  await repositories.prepareWrite(directory)
  const made = new Map<string, string>()
  for (const { branch, files } of changes) {
    const parent = heads.get(branch) ?? baseOf(layout, new Map([...heads, ...made]), branch)
    if (parent === undefined) throw new GitError(`${directory} has no branch ${layout.mainBranch}`)
    if (files.length === 0) {
      made.set(branch, parent)
      continue
    }
    const place = onto === undefined ? { ref: SCRATCH_REF, force: true } : { ref: onto }
    const commit = { ...place, parent, ...words, timeMs: nowMs, files }
    const written = await writeCommit(git, directory, commit)
    if (written.code === 'failed') throw new GitError(written.message)
    const before = await repositories.paths(directory, parent)
    repositories.remember(directory, written.commitId, pathsAfter(before, files))
    made.set(branch, written.commitId)
  }
  return made
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
