import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseRepositoryUrl } from '@tiphys/contract/repository-url.ts'
import type { GitCredentials } from '@tiphys/server/adapters/git/git-credentials.ts'
import { CommandFailure } from '../failure.ts'
import { readText } from '../input-file.ts'
import { folderSource } from './folder-source.ts'
import { gitDirectoryOf, openLocalRepository } from './local-repository.ts'
import { openRemoteRepository } from './remote-repository.ts'
import type { Source } from './source.ts'

/** Flags that say where a repository is and who asks; Keptn's names where Keptn had one. */
export type SourceFlags = {
  readonly branch?: string
  readonly gitUser?: string
  readonly gitToken?: string
  /** `-` is standard input. */
  readonly gitTokenFile?: string
  /** A file. */
  readonly gitPrivateKey?: string
  readonly gitPrivateKeyPass?: string
  /** A file. */
  readonly gitPemCertificate?: string
  readonly allowHttp?: boolean
}

/** Hosts want some user name beside a token, and most take any. */
const ANY_USER = 'git'

/** A folder, a clone, a bare repository, or a URL. The caller disposes of it, which removes every copy. */
export async function openSource(
  place: string,
  flags: SourceFlags,
  signal: AbortSignal,
): Promise<Source> {
  const folder = folderOf(place)
  const found = await stat(folder).catch(() => undefined)
  if (found?.isDirectory() === true) return await openFolder(folder, flags, signal)
  if (found !== undefined) {
    throw new CommandFailure(`${place} is a file; name the folder of a Keptn project, or a Git URL`)
  }
  return await openUrl(place, flags, signal)
}

/** `file:///srv/git/shop.git` is a folder of this machine. */
function folderOf(place: string): string {
  if (!/^file:\/\//i.test(place)) return place
  try {
    return fileURLToPath(place)
  } catch (error) {
    throw new CommandFailure(`${place} names no folder: ${(error as Error).message}`)
  }
}

async function openFolder(
  folder: string,
  flags: SourceFlags,
  signal: AbortSignal,
): Promise<Source> {
  const gitDirectory = await gitDirectoryOf(folder)
  if (gitDirectory !== undefined) {
    return await openLocalRepository(folder, gitDirectory, flags.branch, signal)
  }
  if (flags.branch !== undefined) {
    throw new CommandFailure(`${folder} is no Git repository, so it has no branch ${flags.branch}`)
  }
  return folderSource(folder)
}

async function openUrl(url: string, flags: SourceFlags, signal: AbortSignal): Promise<Source> {
  if (/^https?:\/\/[^/]*@/i.test(url)) {
    throw new CommandFailure(
      'the URL has a user name or a token in it, where logs and lists of processes show it; give them with --git-user and --git-token',
    )
  }
  const parsed = parseRepositoryUrl(url)
  if (parsed.code === 'invalid' || parsed.protocol === 'file') {
    throw new CommandFailure(
      `${JSON.stringify(url)} is neither a folder nor a Git URL (https://git.example.com/shop.git, git@git.example.com:shop.git)`,
    )
  }
  if (parsed.protocol === 'http' && flags.allowHttp !== true) {
    throw new CommandFailure(
      'http:// is not encrypted: whoever is on the way reads the files and the token; use https://, or say --allow-http',
    )
  }
  const remote = {
    url,
    name: `${parsed.host}/${parsed.path}`,
    credentials: await credentialsOf(parsed.protocol, flags),
    certificateFile: flags.gitPemCertificate,
    allowHttp: flags.allowHttp === true,
  }
  return await openRemoteRepository(remote, flags.branch, signal)
}

async function credentialsOf(
  protocol: 'https' | 'http' | 'ssh',
  flags: SourceFlags,
): Promise<GitCredentials | undefined> {
  const { gitUser, gitToken, gitTokenFile, gitPrivateKey, gitPrivateKeyPass } = flags
  if (protocol === 'ssh') {
    if (gitPrivateKey === undefined) return undefined
    const privateKey = await readText(gitPrivateKey)
    const passphrase = gitPrivateKeyPass === undefined ? {} : { passphrase: gitPrivateKeyPass }
    return { kind: 'ssh-key', privateKey, ...passphrase }
  }
  if (gitPrivateKey !== undefined) {
    throw new CommandFailure(`a private key is for ssh URLs; ${protocol} wants --git-token`)
  }
  const token = gitTokenFile === undefined ? gitToken : (await readText(gitTokenFile)).trim()
  const password = token ?? process.env['TIPHYS_GIT_TOKEN']
  if (password === undefined || password === '') return undefined
  return { kind: 'password', user: gitUser ?? ANY_USER, password }
}
