import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePort } from '../end-to-end/harness.ts'

/** A real sshd on loopback with host keys and accounts of its own; git on this machine is what it serves. */
export interface SshServer extends AsyncDisposable {
  readonly port: number
  readonly folder: string
  /** `ssh://<this user>@127.0.0.1:<port><path>` */
  urlOf(path: string): string
  /** Makes a key pair and answers the private one; it is let in only when that is wished. */
  createKey(options?: { readonly passphrase?: string; readonly isAllowed?: boolean }): string
  /** `SHA256:…` of the host key, as ssh-keygen tells it. */
  hostKeyFingerprint(): string
  /** Comes back on the same port with another host key. */
  changeHostKey(): Promise<void>
  goDown(): Promise<void>
}

const READY_WITHIN_MS = 10_000
const LOOK_EVERY_MS = 20

/** Where it is installed; it is often outside the search path of people. */
export function findSshd(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, 'sshd')).find((program) => existsSync(program))
}

export async function startSshServer(): Promise<SshServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-sshd-'))
  // Started by root, sshd insists on the folder that its service would have made.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  const port = await freePort()
  const server = new Sshd(folder, port)
  try {
    await server.start()
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  return server
}

class Sshd implements SshServer {
  readonly folder: string
  readonly port: number
  #child: ChildProcess | undefined
  #generation = 0
  #said = ''

  constructor(folder: string, port: number) {
    this.folder = folder
    this.port = port
  }

  urlOf(path: string): string {
    return `ssh://${userInfo().username}@127.0.0.1:${this.port}${path}`
  }

  createKey(options: { readonly passphrase?: string; readonly isAllowed?: boolean } = {}): string {
    const file = join(this.folder, `key-${++this.#generation}`)
    keygen(['-q', '-t', 'ed25519', '-N', options.passphrase ?? '', '-C', 'test', '-f', file])
    const allowed = join(this.folder, 'authorized_keys')
    if (options.isAllowed !== false) run('sh', ['-c', `cat '${file}.pub' >> '${allowed}'`])
    return run('cat', [file])
  }

  hostKeyFingerprint(): string {
    return keygen(['-l', '-f', this.#hostKey()]).split(' ')[1] ?? ''
  }

  async changeHostKey(): Promise<void> {
    await this.goDown()
    await rm(this.#hostKey(), { force: true })
    await this.start()
  }

  async goDown(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGTERM')
    await ended
  }

  async start(): Promise<void> {
    if (!existsSync(this.#hostKey())) {
      keygen(['-q', '-t', 'ed25519', '-N', '', '-C', 'host', '-f', this.#hostKey()])
    }
    const config = join(this.folder, 'sshd_config')
    await writeFile(join(this.folder, 'authorized_keys'), '', { flag: 'a', mode: 0o600 })
    await writeFile(config, this.#config())
    const child = spawn(findSshd() ?? 'sshd', ['-D', '-e', '-f', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text
    })
    const untilMs = Date.now() + READY_WITHIN_MS
    while (!(await answers(this.port))) {
      if (child.exitCode !== null || Date.now() > untilMs) {
        throw new Error(`sshd does not come up: ${this.#said}`)
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.goDown()
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }

  #hostKey(): string {
    return join(this.folder, 'host_key')
  }

  #config(): string {
    return `${[
      'ListenAddress 127.0.0.1',
      `Port ${this.port}`,
      `HostKey ${this.#hostKey()}`,
      `AuthorizedKeysFile ${join(this.folder, 'authorized_keys')}`,
      'PidFile none',
      'UsePAM no',
      // The folder is a temporary one, below a folder that everybody may write to.
      'StrictModes no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
    ].join('\n')}\n`
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (isThere: boolean) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}

export function keygen(args: readonly string[]): string {
  return run('ssh-keygen', args)
}

function run(program: string, args: readonly string[]): string {
  const result = spawnSync(program, args, { encoding: 'utf8' })
  if (result.status === 0) return result.stdout
  throw new Error(`${program} ${args.join(' ')}: ${result.stderr || result.error?.message}`)
}
