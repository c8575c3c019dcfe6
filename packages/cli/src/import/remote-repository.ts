import { resolve } from 'node:path'
import type { Git, GitResult, GitRunOptions } from '@tiphys/server/adapters/git/git-command.ts'
import { type GitCredentials, secretsOf } from '@tiphys/server/adapters/git/git-credentials.ts'
import { failureOf } from '@tiphys/server/adapters/git/git-failure.ts'
import { EXIT } from '../exit-code.ts'
import { CommandFailure } from '../failure.ts'
import { printNote } from '../output/print.ts'
import { type OwnGit, openOwnGit, RepositorySource } from './git-source.ts'
import type { Source } from './source.ts'

export type Remote = {
  readonly url: string
  /** Host and path, for sentences. */
  readonly name: string
  readonly credentials: GitCredentials | undefined
  /** A certificate authority of the host, as a PEM file. */
  readonly certificateFile?: string | undefined
  readonly allowHttp: boolean
}

/** The newest commits of a few branches; a repository that takes longer is cloned by hand. */
const FETCH_TIMEOUT_MS = 300_000
/** Proxies and certificate authorities of the machine count; nothing else of the environment does. */
const PASSED_ON = [
  'https_proxy',
  'HTTPS_PROXY',
  'http_proxy',
  'no_proxy',
  'NO_PROXY',
  'GIT_SSL_CAINFO',
]

/** The newest commits of a repository somewhere else, in a folder that is removed with the source. */
export async function openRemoteRepository(
  remote: Remote,
  wantedBranch: string | undefined,
  signal: AbortSignal,
): Promise<Source> {
  const protocols = remote.allowHttp
    ? (['https', 'ssh', 'http'] as const)
    : (['https', 'ssh'] as const)
  const own = await openOwnGit(protocols, environmentFor(remote))
  try {
    const gitDirectory = resolve(own.folder, 'copy.git')
    const run = runner(own, remote, gitDirectory, signal)
    await run(['init', '--quiet', '--bare', '--template=', gitDirectory], {})
    const answer = await run(['ls-remote', '--symref', '--', remote.url, 'HEAD', 'refs/heads/*'])
    // The copy is thrown away, so nobody can be asked next time whether it is still the same key.
    for (const { host, type, fingerprint } of await own.home.pinnedHostKeys()) {
      printNote(`The ssh host key of ${host} was taken as it came: ${type} ${fingerprint}`)
    }
    const { commits, head } = parseAdvertised(answer)
    const brought = new Set<string>()
    return new RepositorySource({
      name: remote.url,
      own,
      gitDirectory,
      defaultBranch: wantedBranch ?? head,
      commits,
      async bring(branches) {
        const missing = branches.filter((branch) => !brought.has(branch))
        if (missing.length === 0) return
        const commitsToGet = missing.map((branch) => `+refs/heads/${branch}:refs/heads/${branch}`)
        await run(['fetch', ...FETCH_FLAGS, '--', remote.url, ...commitsToGet])
        for (const branch of missing) brought.add(branch)
      },
      signal,
    })
  } catch (error) {
    await own[Symbol.asyncDispose]()
    throw error
  }
}

const FETCH_FLAGS = ['--quiet', '--no-tags', '--depth=1', '--no-write-fetch-head']

function environmentFor({ certificateFile }: Remote): Record<string, string> {
  const passed = PASSED_ON.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  const certificate =
    certificateFile === undefined ? [] : [['GIT_SSL_CAINFO', resolve(certificateFile)] as const]
  return Object.fromEntries([...passed, ...certificate])
}

function runner(own: OwnGit, remote: Remote, gitDirectory: string, signal: AbortSignal) {
  const { git }: { git: Git } = own
  return async (args: readonly string[], place: GitRunOptions = { gitDirectory }) => {
    const result = await git.run(args, {
      ...place,
      url: remote.url,
      signal,
      timeoutMs: FETCH_TIMEOUT_MS,
      ...(remote.credentials === undefined ? {} : { credentials: remote.credentials }),
    })
    if (result.code === 'exited' && result.exitCode === 0) return result.stdout.toString('utf8')
    throw refused(result, remote)
  }
}

function refused(result: GitResult, remote: Remote): CommandFailure {
  const failure = failureOf(result, remote.name, secretsOf(remote.credentials))
  const hint =
    failure.code === 'authentication-refused' && remote.credentials === undefined
      ? '; give them with --git-user and --git-token, or --git-private-key'
      : ''
  return new CommandFailure(
    `${failure.message}${hint}`,
    failure.retryable ? EXIT.noVerdict : EXIT.usage,
  )
}

/** `ref: refs/heads/main\tHEAD`, then `<commit>\t<ref>` in each line. */
function parseAdvertised(answer: string): {
  readonly commits: ReadonlyMap<string, string>
  readonly head: string | undefined
} {
  const commits = new Map<string, string>()
  let head: string | undefined
  for (const line of answer.split('\n')) {
    const [first = '', ref = ''] = line.split('\t')
    if (ref === 'HEAD' && first.startsWith('ref: refs/heads/')) {
      head = first.slice('ref: refs/heads/'.length)
    }
    if (ref.startsWith('refs/heads/')) commits.set(ref.slice('refs/heads/'.length), first)
  }
  return { commits, head }
}
