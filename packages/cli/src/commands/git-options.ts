import type { GitCredentials } from '@tiphys/contract/http/keptn-project.ts'
import { CommandFailure } from '../failure.ts'
import { readBytes, readText } from '../input-file.ts'

export type GitOptions = {
  readonly gitRemoteUrl?: string
  readonly gitUser?: string
  readonly gitToken?: string
  readonly gitTokenFile?: string
  readonly gitPrivateKey?: string
  readonly gitPrivateKeyPass?: string
  readonly gitProxyUrl?: string
  readonly gitProxyScheme?: 'http' | 'https'
  readonly gitProxyUser?: string
  readonly gitProxyPassword?: string
  readonly insecureSkipTls?: boolean
  readonly gitPemCertificate?: string
}

/** An upstream as the API takes it, its files read; undefined when none is named. */
export async function gitCredentialsOf(options: GitOptions): Promise<GitCredentials | undefined> {
  const { gitRemoteUrl: remoteURL, gitUser } = options
  if (remoteURL === undefined) {
    const [stray] = Object.keys(options).filter((name) => NEEDS_URL.has(name))
    if (stray === undefined) return undefined
    throw new CommandFailure(`--${dashed(stray)} goes with --git-remote-url`)
  }
  const user = gitUser === undefined ? {} : { user: gitUser }
  if (isSsh(remoteURL)) return { remoteURL, ...user, ssh: await sshOf(options) }
  if (options.gitPrivateKey !== undefined) {
    throw new CommandFailure('--git-private-key goes with an ssh URL (ssh://… or git@host:path)')
  }
  return { remoteURL, ...user, https: await httpsOf(options) }
}

const NEEDS_URL: ReadonlySet<string> = new Set([
  'gitUser',
  'gitToken',
  'gitTokenFile',
  'gitPrivateKey',
  'gitPrivateKeyPass',
  'gitProxyUrl',
  'gitProxyUser',
  'gitProxyPassword',
  'insecureSkipTls',
  'gitPemCertificate',
])

async function sshOf(options: GitOptions): Promise<NonNullable<GitCredentials['ssh']>> {
  const { gitPrivateKey, gitPrivateKeyPass } = options
  if (gitPrivateKey === undefined) {
    throw new CommandFailure('an ssh URL needs --git-private-key <file>')
  }
  const key = Buffer.from(await readBytes(gitPrivateKey)).toString('base64')
  return {
    privateKey: key,
    ...(gitPrivateKeyPass === undefined ? {} : { privateKeyPass: gitPrivateKeyPass }),
  }
}

async function httpsOf(options: GitOptions): Promise<NonNullable<GitCredentials['https']>> {
  const { gitProxyUrl, gitProxyUser, gitProxyPassword, gitPemCertificate } = options
  const token = await tokenOf(options)
  const proxy = gitProxyUrl && {
    url: gitProxyUrl,
    scheme: options.gitProxyScheme ?? 'http',
    ...(gitProxyUser === undefined ? {} : { user: gitProxyUser }),
    ...(gitProxyPassword === undefined ? {} : { password: gitProxyPassword }),
  }
  const certificate =
    gitPemCertificate && Buffer.from(await readBytes(gitPemCertificate)).toString('base64')
  return {
    ...(token === undefined ? {} : { token }),
    ...(certificate ? { certificate } : {}),
    ...(options.insecureSkipTls === true ? { insecureSkipTLS: true } : {}),
    ...(proxy ? { proxy } : {}),
  }
}

async function tokenOf({ gitToken, gitTokenFile }: GitOptions): Promise<string | undefined> {
  if (gitTokenFile === undefined) return gitToken
  return (await readText(gitTokenFile)).trim()
}

/** `ssh://git@host/x.git` and `git@host:x.git`. */
function isSsh(url: string): boolean {
  return url.startsWith('ssh://') || !url.includes('://')
}

function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
