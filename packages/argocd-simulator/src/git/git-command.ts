import { spawn } from 'node:child_process'

/** Git said no, or could not be started. `message` holds the last lines of its stderr. */
export class GitError extends Error {
  override name = 'GitError'
}

const STDERR_TAIL_LINES = 3

/** Runs the git CLI without prompts and answers its stdout. Throws {@link GitError} on a non-zero exit. */
export function git(args: readonly string[], options: { cwd?: string } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('error', (cause) => reject(new GitError('cannot run git', { cause })))
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(stdout).toString('utf8'))
      else reject(new GitError(tail(Buffer.concat(stderr).toString('utf8'))))
    })
  })
}

function tail(text: string): string {
  return text.trim().split('\n').slice(-STDERR_TAIL_LINES).join(' ')
}
