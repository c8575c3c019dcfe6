import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Why the tests with a real Prometheus cannot run here; false when they can. With TIPHYS_TEST_PEERS=all a missing one fails. */
export function missingPrometheus(): string | false {
  const found = spawnSync('prometheus', ['--version'], { stdio: 'ignore' }).error === undefined
  if (found) return false
  const message = 'prometheus is not installed'
  assert.notEqual(process.env['TIPHYS_TEST_PEERS'], 'all', message)
  return message
}

export type RunningPrometheus = { readonly url: string; stop(): Promise<void> }

const READY_TIMEOUT_MS = 20_000
const POLL_MS = 50

/** A Prometheus of its own on a free port of loopback, that scrapes one target every quarter of a second. */
export async function startPrometheus(target: string): Promise<RunningPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-prometheus-'))
  const port = await freePort()
  const config = {
    global: { scrape_interval: '250ms', scrape_timeout: '250ms' },
    scrape_configs: [{ job_name: 'sample', static_configs: [{ targets: [target] }] }],
  }
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config))
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  )
  const url = `http://127.0.0.1:${port}`
  async function stop(): Promise<void> {
    await end(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await until(async () => (await fetch(`${url}/-/ready`)).ok, child)
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return { url, stop }
}

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

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  server.close()
  await once(server, 'close')
  return address.port
}
