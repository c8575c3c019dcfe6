import { repositoryPathFault } from '@tiphys/contract/repository-path.ts'
import type { RelateAnswer } from '../../ports/desired-state.ts'
import { type Git, GitError, type GitResult } from './git-command.ts'

/** Named at most; a merge of a year's work changes thousands, and one is enough to know. */
const MAX_CHANGED_FILES = 50
/** Walking a long history for a path that seldom changes takes its time. */
const TIMEOUT_MS = 120_000

type Question = {
  readonly directory: string
  readonly commitId: string
  readonly revision: string
  readonly paths: readonly string[]
}

/** How two known commits stand to each other. */
export async function relateCommits(
  git: Git,
  question: Question,
  signal: AbortSignal | undefined,
): Promise<Extract<RelateAnswer, { code: 'related' }>> {
  const { directory, commitId, revision, paths } = question
  if (commitId === revision) return { code: 'related', relation: 'equal', changedFiles: [] }
  const run = (args: readonly string[]) =>
    git.run(args, { gitDirectory: directory, signal, timeoutMs: TIMEOUT_MS })
  const isAncestor = async (older: string, newer: string) => {
    const result = await run(['merge-base', '--is-ancestor', older, newer])
    if (result.code === 'exited' && (result.exitCode === 0 || result.exitCode === 1)) {
      return result.exitCode === 0
    }
    throw gitError('merge-base', result)
  }
  const relation = (await isAncestor(commitId, revision))
    ? 'contains'
    : (await isAncestor(revision, commitId))
      ? 'precedes'
      : 'diverged'
  const result = await run([
    'diff-tree',
    '-r',
    '-z',
    '--name-only',
    '--no-renames',
    commitId,
    revision,
    '--',
    ...pathspecs(paths),
  ])
  if (result.code !== 'exited' || result.exitCode !== 0) throw gitError('diff-tree', result)
  const names = result.stdout
    .toString('utf8')
    .split('\0')
    .filter((name) => name !== '')
  return { code: 'related', relation, changedFiles: names.slice(0, MAX_CHANGED_FILES) }
}

/** `git log` of the newest commit that changed any of the paths, in a known history. */
export async function newestChange(
  git: Git,
  question: Pick<Question, 'directory' | 'revision' | 'paths'> & { readonly format: string },
  signal: AbortSignal | undefined,
): Promise<string> {
  const { directory, revision, paths, format } = question
  const result = await git.run(
    ['log', '--max-count=1', '--no-show-signature', format, revision, '--', ...pathspecs(paths)],
    { gitDirectory: directory, signal, timeoutMs: TIMEOUT_MS },
  )
  if (result.code !== 'exited' || result.exitCode !== 0) throw gitError('log', result)
  return result.stdout.toString('utf8')
}

/**
 * Folders as Argo CD writes them (`./apps/carts/`) become Git's. One that names the whole tree, or leaves it, makes it the whole
 * tree: more can differ then, never less. `.` and not nothing, because only a path makes git follow the side of a merge that
 * brought the change.
 */
function pathspecs(paths: readonly string[]): string[] {
  const plain = paths.map((path) => path.replace(/^(\.?\/)+/, '').replace(/(\/\.?)+$/, ''))
  const whole =
    plain.length === 0 ||
    plain.some((path) => path === '.' || repositoryPathFault(path) !== undefined)
  return whole ? ['.'] : plain
}

function gitError(what: string, result: GitResult): GitError {
  return new GitError(
    `git ${what}: ${result.code === 'exited' ? result.stderr.trim() : result.code}`,
  )
}
