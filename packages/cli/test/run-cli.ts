import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
/** A command that hangs must not hang the test. */
const LIMIT_MS = 30_000

export type CliResult = {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export type Cli = {
  /** An empty folder that is home, working folder and temporary folder of the commands. */
  readonly home: string
  run(args: readonly string[], options?: CliOptions): Promise<CliResult>
  /** The same, for tests that watch it or send signals. */
  start(args: readonly string[], options?: CliOptions): RunningCli
}

export type CliOptions = {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Of a command that is meant to live longer than others. */
  readonly limitMs?: number
}

export type RunningCli = {
  readonly process: ChildProcess
  readonly ended: Promise<CliResult>
  /** Resolves with everything printed so far once the text and the rest of its line is among it; rejects when the command ends without. */
  printed(text: string): Promise<string>
}

/** The real CLI as its own process, with nothing of the person who runs the tests: no environment, no home. */
export function createCli(t: TestContext, env: Readonly<Record<string, string>> = {}): Cli {
  const home = mkdtempSync(join(tmpdir(), 'tiphys-cli-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const start = (args: readonly string[], options: CliOptions = {}) =>
    startCli(home, args, { ...options, env: { ...env, ...options.env } })
  return { home, start, run: (args, options) => start(args, options).ended }
}

function startCli(home: string, args: readonly string[], options: CliOptions): RunningCli {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: home,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      TMPDIR: home,
      TZ: 'UTC',
      // What is compiled once serves all tests.
      XDG_CACHE_HOME: join(tmpdir(), 'tiphys-cli-test-cache'),
      ...options.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.limitMs ?? LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk
    })
  }
  child.stdin.end(options.stdin ?? '')
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...output }))
  })
  return { process: child, ended, printed: (text) => printed(child, output, text) }
}

function printed(
  child: ChildProcess,
  output: { readonly stdout: string; readonly stderr: string },
  text: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const all = `${output.stdout}${output.stderr}`
      const at = all.indexOf(text)
      if (at >= 0 && all.includes('\n', at)) resolve(all)
    }
    look()
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.on('close', () => {
      look()
      reject(new Error(`it ended without printing ${text}:\n${output.stdout}\n${output.stderr}`))
    })
  })
}
