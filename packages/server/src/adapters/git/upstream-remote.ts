import { parseRepositoryUrl } from '@tiphys/contract/repository-url.ts'
import type { KeptnLayout } from '@tiphys/core/configuration/keptn-layout.ts'
import type { Failed } from '../../ports/desired-state.ts'
import type { UpstreamConnection } from '../../ports/upstreams.ts'
import { type Heads, moveHeads, readHeads, SEEN_HEADS } from './branch-heads.ts'
import { type Git, GitError, type GitRunOptions } from './git-command.ts'
import { type GitCredentials, secretsOf } from './git-credentials.ts'
import { failure, failureOf, ownWords } from './git-failure.ts'
import type { Protocol } from './git-home.ts'
import { type Push, pushBranches } from './gitops-push.ts'

/** An upstream as git is told about it. */
export type Remote = {
  readonly url: string
  /** Name for people: host and path. */
  readonly name: string
  readonly credentials: GitCredentials | undefined
  readonly connection: UpstreamConnection
  /** Ends what is being asked of it, when the server stops. */
  readonly signal: AbortSignal
}

export type RemoteTimeouts = {
  /** The first copy, and the whole history of a project. */
  readonly cloneMs: number
  readonly fetchMs: number
  readonly pushMs: number
}

/** A client waits for a write, so an upstream that hangs is given up before the client gives up us. */
export const REMOTE_TIMEOUTS: RemoteTimeouts = {
  cloneMs: 60_000,
  fetchMs: 10_000,
  pushMs: 20_000,
}

const DEFAULT_USER = 'git'
const OWN_DISK = /unable to (write|create)|No space left/i
export const NEW_MAIN_BRANCH = 'main'

/** Reads a connection; what the settings do not allow, or what git could not be asked for, is refused before anybody is called. */
export function remoteOf(
  connection: UpstreamConnection,
  protocols: readonly Protocol[],
  signal: AbortSignal,
): { readonly code: 'remote'; readonly remote: Remote } | Failed {
  const parsed = parseRepositoryUrl(connection.remoteUrl)
  if (parsed.code === 'invalid') return failed('url-not-allowed', parsed.message)
  if (!protocols.includes(parsed.protocol)) {
    const allowed = protocols.join(', ')
    const message = `repository URL begins with ${parsed.protocol}, and the server's settings allow ${allowed} for Git`
    return failed('url-not-allowed', message)
  }
  const name = parsed.host === '' ? `/${parsed.path}` : `${parsed.host}/${parsed.path}`
  const credentials = credentialsOf(connection)
  const remote = { url: connection.remoteUrl, name, credentials, connection, signal }
  return { code: 'remote', remote }
}

function credentialsOf(connection: UpstreamConnection): GitCredentials | undefined {
  const { user, token, privateKey, privateKeyPassphrase } = connection
  if (privateKey !== undefined) {
    const passphrase =
      privateKeyPassphrase === undefined ? {} : { passphrase: privateKeyPassphrase }
    return { kind: 'ssh-key', privateKey, ...passphrase }
  }
  if (token === undefined) return undefined
  return { kind: 'password', user: user || DEFAULT_USER, password: token }
}

/** Copies every branch into a new bare repository, whose HEAD names the remote's default branch. */
export async function cloneAside(
  git: Git,
  remote: Remote,
  directory: string,
  timeoutMs: number,
): Promise<{ readonly code: 'cloned' } | Failed> {
  // An empty host may not say what its default branch would be (ssh without protocol 2).
  const fallback = ['-c', `init.defaultBranch=${NEW_MAIN_BRANCH}`]
  const args = [...fallback, 'clone', '--quiet', '--bare', '--no-tags', '--template=']
  const options = optionsOf(remote, timeoutMs)
  const result = await git.run([...args, '--', remote.url, directory], options)
  if (result.code === 'exited' && result.exitCode === 0) return { code: 'cloned' }
  return refused(result, remote)
}

/** Brings the branches of the layout, and notes where they are; no branch of ours moves. */
export async function fetchHeads(
  git: Git,
  remote: Remote,
  place: { readonly directory: string; readonly layout: KeptnLayout; readonly timeoutMs: number },
): Promise<{ readonly code: 'fetched'; readonly heads: Heads } | Failed> {
  const { directory, layout, timeoutMs } = place
  const branches = layout.kind === 'directories' ? layout.mainBranch : '*'
  const refspec = `+refs/heads/${branches}:${SEEN_HEADS}${branches}`
  const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--prune']
  const result = await git.run([...args, '--', remote.url, refspec], {
    ...optionsOf(remote, timeoutMs),
    gitDirectory: directory,
  })
  const missing = `${remote.name} has no branch ${layout.mainBranch} any more`
  if (result.code !== 'exited' || result.exitCode !== 0) {
    const answer = refused(result, remote)
    return answer.failure.code === 'branch-not-found' ? failed('branch-not-found', missing) : answer
  }
  const heads = await readHeads(git, directory, SEEN_HEADS)
  if (!heads.has(layout.mainBranch)) return failed('branch-not-found', missing)
  return { code: 'fetched', heads }
}

/** Whether these credentials may push at all: asked without pushing anything. */
export async function checkPush(
  git: Git,
  remote: Remote,
  push: { readonly directory: string; readonly branch: string; readonly timeoutMs: number },
): Promise<{ readonly code: 'may-push' } | Failed> {
  const { directory, branch, timeoutMs } = push
  const result = await git.run(
    ['push', '--quiet', '--dry-run', '--', remote.url, `refs/heads/${branch}:refs/heads/${branch}`],
    { ...optionsOf(remote, timeoutMs), gitDirectory: directory },
  )
  if (result.code === 'exited' && result.exitCode === 0) return { code: 'may-push' }
  return refused(result, remote)
}

/**
 * Moves branches of the remote from `before` to `after`. When the connection breaks off after everything was sent, the remote is asked
 * whether it took it, so `pushed` and `failed` are the truth; where not even that can be learned, the sentence says so.
 */
export async function pushHeads(
  git: Git,
  remote: Remote,
  move: {
    readonly directory: string
    readonly layout: KeptnLayout
    readonly before: Heads
    readonly after: Heads
    readonly timeouts: RemoteTimeouts
  },
): Promise<{ readonly code: 'pushed' } | { readonly code: 'raced' } | Failed> {
  const { directory, layout, before, after, timeouts } = move
  const pushes = [...after].map(
    ([branch, commitId]): Push => ({ branch, commitId, parentId: before.get(branch) }),
  )
  const options = { ...optionsOf(remote, timeouts.pushMs), gitDirectory: directory }
  const pushed = await pushBranches(git, remote, pushes, options)
  if (pushed.code !== 'failed' || !pushed.failure.retryable) return pushed
  const timeoutMs = timeouts.fetchMs
  const fetched = await fetchHeads(git, remote, { directory, layout, timeoutMs })
  if (fetched.code === 'failed') {
    const { message } = pushed.failure
    const unknown = `${message}; whether it has taken the change cannot be learned now: look, and send it again, which changes nothing when it has`
    return failed(pushed.failure.code, unknown)
  }
  for (const [branch, commitId] of after) {
    const head = fetched.heads.get(branch)
    if (head === undefined || !(await contains(git, directory, head, commitId))) return pushed
  }
  return { code: 'pushed' }
}

/** Whether a commit is another one, or in its history. */
export async function contains(
  git: Git,
  gitDirectory: string,
  head: string,
  commitId: string,
): Promise<boolean> {
  if (head === commitId) return true
  const result = await git.run(['merge-base', '--is-ancestor', commitId, head], { gitDirectory })
  return result.code === 'exited' && result.exitCode === 0
}

/** Notes that the remote's branches are these, after a push. */
export async function noteSeen(git: Git, directory: string, heads: Heads): Promise<void> {
  await moveHeads(git, directory, SEEN_HEADS, heads)
}

function optionsOf(remote: Remote, timeoutMs: number): GitRunOptions {
  const { credentials, url, connection, signal } = remote
  const { caCertificate, insecureSkipTls, proxy } = connection
  return {
    url,
    timeoutMs,
    signal,
    ...(credentials === undefined ? {} : { credentials }),
    transport: {
      ...(caCertificate === undefined ? {} : { caCertificate }),
      ...(insecureSkipTls === undefined ? {} : { insecureSkipTls }),
      ...(proxy === undefined ? {} : { proxy }),
    },
  }
}

function refused(result: Parameters<typeof failureOf>[0], remote: Remote): Failed {
  const password = remote.connection.proxy?.password
  const secrets = [
    ...secretsOf(remote.credentials),
    ...(password === undefined || password === '' ? [] : [password]),
  ]
  // Our own disk, not the host's: its words are marked.
  if (result.code === 'exited' && OWN_DISK.test(ownWords(result.stderr))) {
    throw new GitError(`${remote.name}: ${result.stderr.trim()}`)
  }
  return { code: 'failed', failure: failureOf(result, remote.name, secrets) }
}

function failed(code: Parameters<typeof failure>[0], message: string): Failed {
  return { code: 'failed', failure: failure(code, message) }
}
