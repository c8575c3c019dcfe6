import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A real Prometheus with a storage of its own, which goes with it. */
export interface Prometheus extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** The single value of an instant query now; undefined without one. */
  value(query: string): Promise<number | undefined>
}

export type ScrapeTarget = {
  readonly job: string
  /** `127.0.0.1:9001`; its metrics are at /metrics. */
  readonly address: string
  /** Sent with every scrape. */
  readonly bearerToken?: string
}

const READY_WITHIN_MS = 20_000
const STOP_WITHIN_MS = 5_000
const LOOK_EVERY_MS = 50

export function isPrometheusInstalled(): boolean {
  return spawnSync('prometheus', ['--version'], { stdio: 'ignore' }).status === 0
}

/** On a port that was free a moment ago. Resolves when it can be asked; it scrapes every second. */
export async function startPrometheus(
  port: number,
  targets: readonly ScrapeTarget[],
): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-prometheus-'))
  const config = join(folder, 'prometheus.yml')
  await writeFile(config, configFor(targets))
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('close', () => resolve())
  })
  const url = `http://127.0.0.1:${port}`
  const dispose = async () => {
    await stop(child, ended)
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    await untilReady(url, child)
  } catch (cause) {
    await dispose()
    throw new Error(`prometheus did not become ready: ${said}`, { cause })
  }
  return { url, value: (query) => queried(url, query), [Symbol.asyncDispose]: dispose }
}

function configFor(targets: readonly ScrapeTarget[]): string {
  const jobs = targets.map(({ job, address, bearerToken }) => ({
    job_name: job,
    ...(bearerToken === undefined ? {} : { authorization: { credentials: bearerToken } }),
    static_configs: [{ targets: [address] }],
  }))
  // JSON is YAML.
  return JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: jobs,
  })
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadlineMs = Date.now() + READY_WITHIN_MS
  for (;;) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error('it ended')
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return
    if (Date.now() > deadlineMs) throw new Error(`not ready after ${READY_WITHIN_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

async function queried(url: string, query: string): Promise<number | undefined> {
  const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query })}`)
  const body = (await answer.json()) as {
    data?: { result?: readonly { value: readonly [number, string] }[] }
  }
  const [series] = body.data?.result ?? []
  return series === undefined ? undefined : Number(series.value[1])
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.pid === undefined) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
  await ended
  clearTimeout(timer)
}
