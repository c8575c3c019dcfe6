import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { GitCredentials } from './git-credentials.ts'
import type { GitHome, Protocol } from './git-home.ts'
import type { GitTransport } from './git-transport.ts'

/**
 * The one way to run `git`: a process of its own group with a clean environment, so that no configuration, hook or prompt of the machine
 * has a say, and the same call does the same thing everywhere.
 */
export interface Git {
  /**
   * Runs git to its end. What git answers is the result; `GitError` means that it could not be started at all.
   * An aborted signal ends the whole process group and makes the call reject with the signal's reason.
   */
  run(args: readonly string[], options?: GitRunOptions): Promise<GitResult>
  /** A process that is talked to for longer (`cat-file --batch`); the caller ends it. */
  start(args: readonly string[], gitDirectory: string): ChildProcessWithoutNullStreams
}

export type GitSettings = {
  readonly home: GitHome
  /** What URLs may begin with. */
  readonly protocols: readonly Protocol[]
  /** `PATH` for git and what it calls. */
  readonly searchPath: string
  /** More environment, for proxies and certificate authorities (`https_proxy`, `GIT_SSL_CAINFO`). */
  readonly environment?: Readonly<Record<string, string>>
  readonly gitProgram?: string
  readonly sshProgram?: string
}

export type GitRunOptions = {
  readonly gitDirectory?: string
  readonly input?: Uint8Array | string
  /** Handed to this one child, through its environment. */
  readonly credentials?: GitCredentials
  /** The URL that the credentials are for: they are answered to its host only. */
  readonly url?: string
  readonly transport?: GitTransport | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
  readonly maxOutputBytes?: number
}

export type GitResult =
  | {
      readonly code: 'exited'
      readonly exitCode: number
      readonly stdout: Buffer
      readonly stderr: string
    }
  | { readonly code: 'timed-out'; readonly timeoutMs: number }
  | { readonly code: 'too-much-output'; readonly maxOutputBytes: number }

/** Git could not be run: not installed, no processes or memory left. Nothing a remote host can cause. */
export class GitError extends Error {
  override name = 'GitError'
}

const DEFAULT_TIMEOUT_MS = 60_000
const DEFAULT_MAX_OUTPUT_BYTES = 64 * 1024 * 1024
/** Enough for every sentence of a host, too little for a flood. */
const MAX_STDERR_CHARACTERS = 16_384
/** After a polite signal git removes its lock files; it gets this long for it. */
const KILL_AFTER_MS = 1_000

/** What every call is told before its own arguments. */
const FIXED_SETTINGS = [
  'core.hooksPath=/dev/null',
  // What was answered as written must survive a power cut. fast-import would write small commits as loose objects, and sync
  // each of them (25 ms a commit where this was measured); as one pack they are synced once (9 ms).
  'core.fsync=committed,loose-object',
  'fastimport.unpackLimit=1',
  'core.quotePath=false',
  'credential.helper=',
  'gc.auto=0',
  'gc.autoDetach=false',
  'maintenance.auto=false',
  'advice.detachedHead=false',
  'transfer.fsckObjects=false',
  'fetch.recurseSubmodules=false',
] as const

export function createGit(settings: GitSettings): Git {
  return {
    async run(args, options = {}) {
      options.signal?.throwIfAborted()
      await using session = await settings.home.openSession(
        options.credentials,
        options.url,
        options.transport,
      )
      return await runGit(settings, args, options, session.environment)
    },
    start(args, gitDirectory) {
      return spawnGit(settings, fullArguments(args, gitDirectory), {})
    },
  }
}

function fullArguments(args: readonly string[], gitDirectory: string | undefined): string[] {
  const place = gitDirectory === undefined ? [] : [`--git-dir=${gitDirectory}`]
  return [...place, ...FIXED_SETTINGS.flatMap((setting) => ['-c', setting]), ...args]
}

function spawnGit(
  settings: GitSettings,
  args: readonly string[],
  secrets: Readonly<Record<string, string>>,
): ChildProcessWithoutNullStreams {
  return spawn(settings.gitProgram ?? 'git', args, {
    cwd: settings.home.folder,
    // A group of its own: helpers like git-remote-https end with it.
    detached: true,
    env: {
      ...settings.environment,
      ...settings.home.environment(settings.sshProgram ?? 'ssh'),
      PATH: settings.searchPath,
      GIT_ALLOW_PROTOCOL: settings.protocols.join(':'),
      ...secrets,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

function runGit(
  settings: GitSettings,
  args: readonly string[],
  options: GitRunOptions,
  secrets: Readonly<Record<string, string>>,
): Promise<GitResult> {
  const {
    signal,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES,
  } = options
  const { promise, resolve, reject } = Promise.withResolvers<GitResult>()
  const child = spawnGit(settings, fullArguments(args, options.gitDirectory), secrets)
  const chunks: Buffer[] = []
  let stdoutBytes = 0
  let stderr = ''
  let cut: Exclude<GitResult, { code: 'exited' }> | undefined
  const endWith = (result: typeof cut) => {
    cut ??= result
    killGroup(child)
  }
  const deadline = setTimeout(() => endWith({ code: 'timed-out', timeoutMs }), timeoutMs)
  const onAbort = () => killGroup(child)
  signal?.addEventListener('abort', onAbort, { once: true })
  child.stdout.on('data', (chunk: Buffer) => {
    stdoutBytes += chunk.length
    if (stdoutBytes > maxOutputBytes) return endWith({ code: 'too-much-output', maxOutputBytes })
    chunks.push(chunk)
  })
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_CHARACTERS)
  })
  child.on('error', (cause) =>
    reject(new GitError(`git cannot be started: ${cause.message}`, { cause })),
  )
  // Git may end before it has read everything; its answer says why.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  child.on('close', (exitCode) => {
    if (signal?.aborted) return reject(signal.reason)
    resolve(
      cut ?? { code: 'exited', exitCode: exitCode ?? -1, stdout: Buffer.concat(chunks), stderr },
    )
  })
  return promise.finally(() => {
    clearTimeout(deadline)
    signal?.removeEventListener('abort', onAbort)
  })
}

/** Ends a process with its helpers: politely first, so that git removes its lock files. */
export function killGroup(child: ChildProcessWithoutNullStreams): void {
  signalGroup(child, 'SIGTERM')
  const forced = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER_MS)
  child.once('close', () => clearTimeout(forced))
}

function signalGroup(child: ChildProcessWithoutNullStreams, name: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, name)
  } catch {
    // The group is gone already, which is what was wanted.
  }
}
