import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { end, freePort, missingPeer, until } from './peer-process.ts'

/** Why the tests with a real Prometheus cannot run here; false when they can. */
export function missingPrometheus(): string | false {
  return missingPeer('prometheus', ['--version'])
}

export type RunningPrometheus = { readonly url: string; stop(): Promise<void> }

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
