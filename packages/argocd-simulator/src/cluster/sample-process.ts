import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../sample-service/main.ts', import.meta.url))

/** How long a process may take after SIGTERM beyond the drain time before it is killed. */
const KILL_GRACE_MS = 500

const PROBE_TIMEOUT_MS = 2_000

/**
 * One running copy of the sample service: a child process with its own loopback port. Its stdin is a pipe to
 * us, so it ends when we end, however that happens.
 */
export class SampleProcess {
  readonly version: string
  readonly #child: ChildProcess
  readonly #exited: Promise<number>
  readonly #port: Promise<number | undefined>
  #exitCode: number | undefined
  #knownPort: number | undefined
  #hasToStop = false

  /** `job` works once and ends; `service` serves until it is stopped. */
  constructor(
    version: string,
    environment: Readonly<Record<string, string>>,
    mode: 'service' | 'job' = 'service',
  ) {
    this.version = version
    const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _test, ...inherited } = process.env
    this.#child = spawn(process.execPath, [PROGRAM, version, mode], {
      env: { ...inherited, ...environment },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.#child.stdin?.on('error', () => undefined) // it may be gone before we close the pipe
    this.#exited = new Promise((resolve) => {
      const finish = (code: number | null) => {
        this.#exitCode = code ?? 1
        resolve(this.#exitCode)
      }
      this.#child.once('exit', finish)
      this.#child.once('error', () => finish(1))
    })
    this.#port = this.#readPort()
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** The port once it is known. */
  get port(): number | undefined {
    return this.#knownPort
  }

  /** True once the process has ended, by itself or because we stopped it. */
  get hasExited(): boolean {
    return this.#exitCode !== undefined
  }

  /** True if it ended without having been asked to. */
  get hasCrashed(): boolean {
    return this.hasExited && !this.#hasToStop
  }

  /** Resolves with the exit code when the process ends. */
  get exited(): Promise<number> {
    return this.#exited
  }

  /** One readiness probe: is there a process that answers 200 on /health? */
  async isReady(): Promise<boolean> {
    const port = await this.#port
    if (port === undefined || this.hasExited) return false
    try {
      const response = await fetch(`http://127.0.0.1:${port}/health`, {
        signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      })
      await response.arrayBuffer()
      return response.ok
    } catch {
      return false
    }
  }

  /** Asks the process to finish its requests and end; kills it when that takes longer than `drainMs`. */
  async stop(drainMs: number): Promise<void> {
    this.#hasToStop = true
    if (this.hasExited) return
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), drainMs + KILL_GRACE_MS)
    await this.#exited
    clearTimeout(timer)
  }

  #readPort(): Promise<number | undefined> {
    return new Promise((resolve) => {
      let text = ''
      this.#child.stdout?.setEncoding('utf8')
      this.#child.stdout?.on('data', (chunk: string) => {
        text += chunk
        if (this.#knownPort !== undefined || !text.includes('\n')) return
        this.#knownPort = (JSON.parse(text.split('\n')[0] ?? '{}') as { port?: number }).port
        resolve(this.#knownPort)
      })
      this.#exited.then(
        () => resolve(undefined),
        () => resolve(undefined),
      )
    })
  }
}
