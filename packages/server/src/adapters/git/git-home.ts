import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { GitCredentials } from './git-credentials.ts'
import { type GitTransport, transportSession } from './git-transport.ts'

export type Protocol = 'https' | 'ssh' | 'http' | 'file'

/** http is unencrypted and file reaches into this machine: both only by setting. */
export const DEFAULT_PROTOCOLS: readonly Protocol[] = ['https', 'ssh']

/**
 * What git takes for its home: an empty folder instead of the user's, with the host keys we know and the program that git asks for
 * passwords.
 */
export interface GitHome {
  readonly folder: string
  environment(sshProgram: string): Readonly<Record<string, string>>
  /** The environment that carries the secrets of one command; disposing it removes what it put on disk. */
  openSession(
    credentials: GitCredentials | undefined,
    url: string | undefined,
    transport?: GitTransport,
  ): Promise<GitSession>
  /** The ssh host keys that were pinned on first use. */
  pinnedHostKeys(): Promise<readonly PinnedHostKey[]>
}

export type HostKeySource = Pick<GitHome, 'pinnedHostKeys'>

export type GitSession = AsyncDisposable & {
  readonly environment: Readonly<Record<string, string>>
}

export type PinnedHostKey = {
  /** `git.example.com`, `[git.example.com]:2222` */
  readonly host: string
  /** `ssh-ed25519` */
  readonly type: string
  /** The public key in base64, as `known_hosts` has it. */
  readonly key: string
  /** `SHA256:…`, as ssh shows it when it asks. */
  readonly fingerprint: string
}

const KNOWN_HOSTS = 'known_hosts'
const ASKPASS = 'askpass'
const EMPTY_HOME = 'empty'
const SSH_CONNECT_TIMEOUT_SECONDS = 15

/**
 * Answers git's and ssh's questions. A user name or password is told only when the question names the host that it is for: after
 * a redirect git would ask for another one. The exit code 1 means "no answer", and git gives up.
 */
const ASKPASS_SCRIPT = `#!/bin/sh
case "$1" in
  "Username for '"*"://$TIPHYS_GIT_HOST': ") printf '%s\\n' "$TIPHYS_GIT_USER" ;;
  "Password for '"*"@$TIPHYS_GIT_HOST': ") printf '%s\\n' "$TIPHYS_GIT_SECRET" ;;
  "Password for '"*"@$TIPHYS_GIT_PROXY_HOST': ")
    test -n "$TIPHYS_GIT_PROXY_HOST" && printf '%s\\n' "$TIPHYS_GIT_PROXY_SECRET" ;;
  "Enter passphrase for key "*) test -n "$TIPHYS_GIT_PASSPHRASE" && printf '%s\\n' "$TIPHYS_GIT_PASSPHRASE" ;;
  *) exit 1 ;;
esac
`

/** Makes the folder, readable for this user alone. Keys that a killed process left behind are removed. */
export async function openGitHome(path: string): Promise<GitHome> {
  // Git and ssh run in folders of their own, where a relative path would lead elsewhere.
  const folder = resolve(path)
  await mkdir(join(folder, EMPTY_HOME), { recursive: true, mode: 0o700 })
  await rm(join(folder, 'keys'), { recursive: true, force: true })
  await mkdir(join(folder, 'keys'), { mode: 0o700 })
  const askpass = join(folder, ASKPASS)
  await writeFile(askpass, ASKPASS_SCRIPT)
  await chmod(askpass, 0o700)
  const knownHosts = join(folder, KNOWN_HOSTS)
  return {
    folder,
    environment: (sshProgram) => fixedEnvironment(folder, sshCommand(sshProgram, knownHosts)),
    async openSession(credentials, url, transport) {
      const session = await openSession(folder, credentials, url)
      const { environment, file } = await transportSession(join(folder, 'keys'), transport)
      return {
        environment: { ...session.environment, ...environment },
        async [Symbol.asyncDispose]() {
          await session[Symbol.asyncDispose]()
          if (file !== undefined) await rm(file, { force: true })
        },
      }
    },
    pinnedHostKeys: () => readKnownHosts(knownHosts),
  }
}

function fixedEnvironment(folder: string, ssh: string): Record<string, string> {
  const empty = join(folder, EMPTY_HOME)
  return {
    HOME: empty,
    XDG_CONFIG_HOME: empty,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    // A path is a path, whatever characters it begins with.
    GIT_LITERAL_PATHSPECS: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: join(folder, ASKPASS),
    SSH_ASKPASS: join(folder, ASKPASS),
    SSH_ASKPASS_REQUIRE: 'force',
    GIT_SSH_COMMAND: ssh,
    GIT_SSH_VARIANT: 'ssh',
  }
}

/** The first key of a host is taken and kept; another one later is refused. Neither agent nor configuration of the user is used. */
function sshCommand(program: string, knownHosts: string): string {
  const options = [
    'StrictHostKeyChecking=accept-new',
    // ssh reads this as a list with % tokens of its own.
    `UserKnownHostsFile="${knownHosts.replaceAll('%', '%%')}"`,
    'GlobalKnownHostsFile=/dev/null',
    'HashKnownHosts=no',
    'IdentitiesOnly=yes',
    'PasswordAuthentication=no',
    'KbdInteractiveAuthentication=no',
    'NumberOfPasswordPrompts=1',
    'ForwardAgent=no',
    'PermitLocalCommand=no',
    `ConnectTimeout=${SSH_CONNECT_TIMEOUT_SECONDS}`,
  ]
  const words = [program, '-F', '/dev/null', ...options.flatMap((option) => ['-o', option])]
  // The key of the session, or none, comes as a word of the environment: git hands this line to a shell.
  return `${words.map(shellWord).join(' ')} -o "IdentityFile=\\"\${TIPHYS_GIT_KEY_FILE:-none}\\""`
}

function shellWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

async function openSession(
  folder: string,
  credentials: GitCredentials | undefined,
  url: string | undefined,
): Promise<GitSession> {
  if (credentials === undefined) return { environment: {}, ...disposedBy(() => Promise.resolve()) }
  if (credentials.kind === 'password') {
    const environment = {
      TIPHYS_GIT_HOST: url === undefined ? '' : hostOf(url),
      TIPHYS_GIT_USER: credentials.user,
      TIPHYS_GIT_SECRET: credentials.password,
    }
    return { environment, ...disposedBy(() => Promise.resolve()) }
  }
  // ssh takes a key from a file only; it lives as long as the command.
  const keyFile = join(folder, 'keys', randomBytes(12).toString('hex'))
  const text = credentials.privateKey
  await writeFile(keyFile, text.endsWith('\n') ? text : `${text}\n`, { mode: 0o600 })
  const environment = {
    TIPHYS_GIT_KEY_FILE: keyFile.replaceAll('%', '%%'),
    TIPHYS_GIT_PASSPHRASE: credentials.passphrase ?? '',
  }
  return { environment, ...disposedBy(() => rm(keyFile, { force: true })) }
}

function disposedBy(dispose: () => Promise<void>): AsyncDisposable {
  return { [Symbol.asyncDispose]: dispose }
}

/** The host and port as git writes them in its questions. */
function hostOf(url: string): string {
  return /^[a-z]+:\/\/(?:[^@/]*@)?([^/]+)/i.exec(url)?.[1] ?? ''
}

async function readKnownHosts(file: string): Promise<PinnedHostKey[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text.split('\n').flatMap((line) => {
    const [host, type, key] = line.trim().split(/\s+/)
    if (host === undefined || type === undefined || key === undefined) return []
    return host.startsWith('#') ? [] : [{ host, type, key, fingerprint: fingerprintOf(key) }]
  })
}

/** RFC 4255 hashes the key as it is on the wire; OpenSSH shows the hash in base64 without padding. */
function fingerprintOf(key: string): string {
  const hash = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64')
  return `SHA256:${hash.replace(/=+$/, '')}`
}
