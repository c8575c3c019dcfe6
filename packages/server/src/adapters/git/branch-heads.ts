import { type Git, GitError } from './git-command.ts'

/** The commits that branches point at, by name. */
export type Heads = ReadonlyMap<string, string>

/** Where the branches of a project are, and where they were when its upstream was last seen. */
export const LOCAL_HEADS = 'refs/heads/'
export const SEEN_HEADS = 'refs/tiphys/upstream/'

/** Every ref below a prefix, named without it. */
export async function readHeads(git: Git, gitDirectory: string, prefix: string): Promise<Heads> {
  const format = '--format=%(objectname) %(refname)'
  const result = await git.run(['for-each-ref', format, prefix], { gitDirectory })
  if (result.code !== 'exited' || result.exitCode !== 0) {
    throw new GitError(`${gitDirectory}: the branches cannot be listed`)
  }
  const lines = result.stdout.toString('utf8').split('\n')
  return new Map(
    lines.flatMap((line) => {
      const space = line.indexOf(' ')
      return space === -1
        ? []
        : [[line.slice(space + 1 + prefix.length), line.slice(0, space)] as const]
    }),
  )
}

/** Makes the refs below a prefix exactly these, all at once or none. */
export async function moveHeads(
  git: Git,
  gitDirectory: string,
  prefix: string,
  wanted: Heads,
): Promise<void> {
  const present = await readHeads(git, gitDirectory, prefix)
  const lines = [...wanted]
    .filter(([branch, commitId]) => present.get(branch) !== commitId)
    .map(([branch, commitId]) => `update ${prefix}${branch} ${commitId}`)
  for (const branch of present.keys())
    if (!wanted.has(branch)) lines.push(`delete ${prefix}${branch}`)
  if (lines.length === 0) return
  const result = await git.run(['update-ref', '--no-deref', '--stdin'], {
    gitDirectory,
    input: `${lines.join('\n')}\n`,
  })
  if (result.code === 'exited' && result.exitCode === 0) return
  const said = result.code === 'exited' ? result.stderr.trim() : result.code
  throw new GitError(`${gitDirectory}: the branches cannot be moved: ${said}`)
}
