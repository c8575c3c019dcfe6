import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Why tests with a program cannot run here; false when they can. With TIPHYS_TEST_PEERS=all a missing one fails. */
export function missingPeer(command: string, args: readonly string[]): string | false {
  const found = spawnSync(command, args, { stdio: 'ignore' })
  if (found.error === undefined && found.status === 0) return false
  const message = `${command} ${args.join(' ')} does not work: it is not installed`
  assert.notEqual(process.env['TIPHYS_TEST_PEERS'], 'all', message)
  return message
}

export type PeerPlace = {
  readonly folder: string
  /** Of the loopback, free a moment ago; as many as were asked for. */
  readonly ports: readonly number[]
}

export type PeerCommand = {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Read by the program before it begins. */
  readonly input?: string
  /** Answers with 2xx as soon as the program can be asked. */
  readonly readyUrl: string
}

export type RunningPeer = { readonly place: PeerPlace; stop(): Promise<void> }

/** A server of its own in a folder of its own, on the loopback; both go with `stop`. */
export async function startPeer(
  ports: number,
  commandFor: (place: PeerPlace) => Promise<PeerCommand>,
): Promise<RunningPeer> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-peer-'))
  const place = { folder, ports: await freePorts(ports) }
  const { command, args, env, input, readyUrl } = await commandFor(place)
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, HOME: folder, ...env },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  // A program that ends at once closes it before it is written; why it ended is told below.
  child.stdin.on('error', () => {}).end(input ?? '')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-MAX_SAID)
  })
  async function stop(): Promise<void> {
    await end(child)
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    await until(async () => (await fetch(readyUrl)).ok, child)
  } catch (cause) {
    await stop()
    throw new Error(`${command} did not become ready: ${said}`, { cause })
  }
  return { place, stop }
}

const MAX_SAID = 4_000
const READY_TIMEOUT_MS = 20_000
const POLL_MS = 50

/** Repeats a question until it is answered with true, the process ends or the time is over. */
export async function until(ask: () => Promise<boolean>, child?: ChildProcess): Promise<void> {
  const endsAt = performance.now() + READY_TIMEOUT_MS
  while (performance.now() < endsAt) {
    if (child !== undefined && child.exitCode !== null) throw new Error('the process ended')
    if (await ask().catch(() => false)) return
    await sleep(POLL_MS)
  }
  throw new Error('not ready in time')
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** All open at once before the first is given back, so that none comes twice. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => {
    const address = server.address()
    assert.ok(address !== null && typeof address === 'object')
    return address.port
  })
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  assert.ok(port !== undefined)
  return port
}
