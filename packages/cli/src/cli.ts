import { CommanderError } from 'commander'
import { EXIT } from './exit-code.ts'
import { CommandFailure } from './failure.ts'
import { createProgram } from './program.ts'

/** `tiphys <command>`: sets the exit code (exit-code.ts) of this process. */
export async function runCli(args: readonly string[]): Promise<void> {
  // `tiphys get events | head` closes our output early; that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
  })
  const program = createProgram()
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    process.exitCode = report(error, program.opts<{ verbose?: boolean }>().verbose === true)
  }
}

/** One sentence; how it came about only for those who ask, and where it is a fault of ours. */
function report(error: unknown, isVerbose: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.pass : EXIT.usage
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`tiphys: ${message}\n`)
  if (isVerbose || isFaultOfOurs(error)) {
    const stack = error instanceof Error ? (error.stack ?? message) : message
    process.stderr.write(`${stack}\n`)
  }
  return error instanceof CommandFailure ? error.exitCode : EXIT.noVerdict
}

/** Errors with a name of their own and errors of the system are worded for people; a plain Error or TypeError is a bug. */
function isFaultOfOurs(error: unknown): boolean {
  if (!(error instanceof Error)) return true
  return BUILT_IN.has(error.name) && !('syscall' in error)
}

const BUILT_IN = new Set([
  'Error',
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'AssertionError',
])
