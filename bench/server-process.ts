import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type HttpPool, openHttpPool } from './http-connection.ts'
import { type ProcessUsage, usageOf } from './process-usage.ts'

/** The real server, `tiphys serve`, as a process of its own. */
export type ServerProcess = {
  readonly port: number
  readonly token: string
  readonly pool: HttpPool
  /** From starting the process to its first 200 on /readyz. */
  readonly readyMs: number
  usage(): ProcessUsage | undefined
  /** SIGTERM; resolves when it is gone. */
  stop(): Promise<void>
}

/** A folder for data, and one for compiled code as a user has it under ~/.cache; gone when disposed. */
export type ServerFolder = Disposable & { readonly dataDir: string; readonly cacheDir: string }

export function serverFolder(): ServerFolder {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-bench-'))
  return {
    dataDir: join(folder, 'data'),
    cacheDir: join(folder, 'cache'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const CLI = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url))
/** As `npm start` does. */
const NEW_SPACE = '--max-semi-space-size=4'
const TOKEN_BYTES = 24
const LOOK_EVERY_MS = 5
/** A log that was never folded is folded before the server says that it is ready. */
const START_LIMIT_MS = 300_000

export async function startServer(folder: ServerFolder): Promise<ServerProcess> {
  const port = await freePort()
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const startMs = performance.now()
  const flags = ['--port', String(port), '--data-dir', folder.dataDir, '--log-level', 'warn']
  const child = spawn(process.execPath, [NEW_SPACE, CLI, 'serve', ...flags], {
    // No tiphys.yaml lies there.
    cwd: tmpdir(),
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder.cacheDir,
      XDG_CACHE_HOME: folder.cacheDir,
      TIPHYS_API_TOKEN: token,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const exited = once(child, 'exit')
  while (!(await isReady(port))) {
    if (child.exitCode !== null || performance.now() - startMs > START_LIMIT_MS) {
      child.kill('SIGKILL')
      throw new Error(`the server does not start:\n${said}`)
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  const readyMs = performance.now() - startMs
  const pool = openHttpPool(port, token)
  return {
    port,
    token,
    pool,
    readyMs,
    usage: () => (child.pid === undefined ? undefined : usageOf(child.pid)),
    async stop() {
      pool.close()
      child.kill('SIGTERM')
      const [exitCode] = await exited
      if (exitCode !== 0) throw new Error(`the server ended with ${exitCode}:\n${said}`)
    },
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`)
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const listener = createServer()
    listener.once('error', reject)
    listener.listen(0, '127.0.0.1', () => {
      const address = listener.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      listener.close(() => resolve(port))
    })
  })
}
