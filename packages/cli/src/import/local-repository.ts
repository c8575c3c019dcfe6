import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CommandFailure } from '../failure.ts'
import { type OwnGit, openOwnGit, RepositorySource } from './git-source.ts'
import type { Source } from './source.ts'

/** The folder with Git's own files: `.git` of a work tree, or a bare repository itself; undefined when it is neither. */
export async function gitDirectoryOf(folder: string): Promise<string | undefined> {
  const inside = join(resolve(folder), '.git')
  if (await isThere(inside)) return inside
  const parts = await Promise.all(
    ['HEAD', 'objects', 'refs'].map((name) => isThere(join(folder, name))),
  )
  return parts.every(Boolean) ? resolve(folder) : undefined
}

/** A clone or a bare repository. Branches that only its remote has count too: a fresh clone has no others. */
export async function openLocalRepository(
  name: string,
  gitDirectory: string,
  wantedBranch: string | undefined,
  signal: AbortSignal,
): Promise<Source> {
  const own = await openOwnGit([])
  try {
    const refs = await readRefs(own, name, gitDirectory, signal)
    const commits = branchesOf(refs)
    const defaultBranch =
      wantedBranch ?? remoteHead(refs) ?? (await headOf(own, gitDirectory, signal))
    return new RepositorySource({
      name,
      own,
      gitDirectory,
      defaultBranch,
      commits,
      bring: () => Promise.resolve(),
      signal,
    })
  } catch (error) {
    await own[Symbol.asyncDispose]()
    throw error
  }
}

type Ref = { readonly name: string; readonly commit: string; readonly symbolic: string }

const LOCAL = 'refs/heads/'
const REMOTE = /^refs\/remotes\/([^/]+)\/(.+)$/

async function readRefs(
  { git }: OwnGit,
  name: string,
  gitDirectory: string,
  signal: AbortSignal,
): Promise<Ref[]> {
  const format = '--format=%(refname)%00%(objectname)%00%(symref)'
  const args = ['for-each-ref', format, 'refs/heads', 'refs/remotes']
  const result = await git.run(args, { gitDirectory, signal })
  if (result.code !== 'exited' || result.exitCode !== 0) {
    throw new CommandFailure(`${name} cannot be read: ${whyNot(result)}`)
  }
  return result.stdout
    .toString('utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [ref = '', commit = '', symbolic = ''] = line.split('\0')
      return { name: ref, commit, symbolic }
    })
}

function whyNot(result: Awaited<ReturnType<OwnGit['git']['run']>>): string {
  if (result.code !== 'exited') return result.code
  if (result.stderr.includes('dubious ownership')) {
    return 'it belongs to another user of this machine, and git refuses that; clone it, and name the clone'
  }
  return result.stderr.trim().split('\n', 1)[0] ?? 'git failed'
}

function branchesOf(refs: readonly Ref[]): Map<string, string> {
  const remote = refs.flatMap(({ name, commit }): [string, string][] => {
    const branch = REMOTE.exec(name)?.[2]
    return branch === undefined || branch === 'HEAD' ? [] : [[branch, commit]]
  })
  const local = refs.flatMap(({ name, commit }): [string, string][] =>
    name.startsWith(LOCAL) ? [[name.slice(LOCAL.length), commit]] : [],
  )
  return new Map([...remote, ...local])
}

/** What `git clone` noted as the default branch; the one checked out may be a stage's. */
function remoteHead(refs: readonly Ref[]): string | undefined {
  const heads = refs.filter(({ name }) => name.endsWith('/HEAD') && REMOTE.test(name))
  const head = heads.find(({ name }) => name === 'refs/remotes/origin/HEAD') ?? heads[0]
  return head && REMOTE.exec(head.symbolic)?.[2]
}

async function headOf(
  { git }: OwnGit,
  gitDirectory: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const result = await git.run(['symbolic-ref', '--quiet', 'HEAD'], { gitDirectory, signal })
  const ref = result.code === 'exited' ? result.stdout.toString('utf8').trim() : ''
  return ref.startsWith(LOCAL) ? ref.slice(LOCAL.length) : undefined
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
