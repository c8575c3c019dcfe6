import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Cli, createCli, type RunningCli } from './run-cli.ts'

/** `tiphys serve` as its own process, and a CLI that talks to it. */
export type RealServer = {
  readonly cli: Cli
  readonly url: string
  /** Kills the server at once, as a crash would, and starts it again on the same port and data. */
  crashAndRestart(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export const TOKEN = 'a-token-for-tests-0123456789abcdef'

/** @param flags more of `tiphys serve`. */
export async function startRealServer(
  t: TestContext,
  flags: readonly string[] = [],
): Promise<RealServer> {
  const env: Record<string, string> = { TIPHYS_API_TOKEN: TOKEN }
  const cli = createCli(t, env)
  const args = [
    'serve',
    '--data-dir',
    join(cli.home, 'data'),
    '--allow-loopback-targets',
    '--log-level=warn',
    ...flags,
  ]
  let running = cli.start([...args, '--port=0'], { limitMs: SERVER_LIMIT_MS })
  t.after(() => running.process.kill('SIGKILL'))
  const url = await readyUrl(running)
  env['TIPHYS_ENDPOINT'] = url
  return {
    cli,
    url,
    async crashAndRestart() {
      running.process.kill('SIGKILL')
      await running.ended
      running = cli.start([...args, `--port=${new URL(url).port}`], { limitMs: SERVER_LIMIT_MS })
      await readyUrl(running)
    },
    async stop(signal = 'SIGTERM') {
      running.process.kill(signal)
      return (await running.ended).code
    },
  }
}

/** A server lives as long as its test; this only bounds a test that hangs. */
const SERVER_LIMIT_MS = 170_000

async function readyUrl(running: RunningCli): Promise<string> {
  const text = await running.printed('is ready at ')
  const url = /is ready at (http:\S+)/.exec(text)?.[1]
  if (url === undefined) throw new Error(`no address in: ${text}`)
  return url
}

/** A service to test, which answers as told. */
export type Service = { readonly url: string; status: number }

export async function startService(t: TestContext): Promise<Service> {
  const service = { url: '', status: 200 }
  const server: Server = createServer((_request, response) => {
    response.writeHead(service.status).end('ok\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(
    () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  )
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return service
}
