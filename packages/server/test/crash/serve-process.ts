import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `tiphys serve` as a process of its own, in a folder that holds its tiphys.yaml: started, killed and started again. */
export type ServeProcess = {
  /** Starts it; resolves when it answers /readyz, or was killed before it did. Throws when it ends by itself. */
  start(): Promise<void>
  /** SIGKILL, at any moment of its life; resolves when the process is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null>
  /** What all its lives printed, for the message of a failed test. */
  output(): string
}

const CLI = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url))
const LOOK_EVERY_MS = 10
/** A busy machine takes seconds; a server that does not come at all is a failure. */
const START_LIMIT_MS = 30_000

export function serveProcess(folder: string, url: string): ServeProcess {
  let child: ChildProcess | undefined
  let output = ''

  async function untilReady(started: ChildProcess): Promise<void> {
    const untilMs = Date.now() + START_LIMIT_MS
    while (!(await isReady(url))) {
      if (started.signalCode === 'SIGKILL') return
      if (hasEnded(started)) throw new Error(`the server ended by itself:\n${output}`)
      if (Date.now() > untilMs) throw new Error(`the server does not start:\n${output}`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    if (child === undefined || hasEnded(child)) return child?.exitCode ?? null
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
    return child.exitCode
  }

  return {
    async start() {
      const started = spawn(process.execPath, [CLI, 'serve'], {
        cwd: folder,
        // Nothing of the machine's settings; the cache of compiled code makes later starts quick.
        env: {
          PATH: process.env['PATH'] ?? '',
          HOME: folder,
          XDG_CACHE_HOME: join(folder, 'cache'),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      for (const stream of [started.stdout, started.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text
        })
      }
      child = started
      await untilReady(started)
    },
    kill: async () => {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM'),
    output: () => output,
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(START_LIMIT_MS) })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}
