import { EXIT, type ExitCode } from './exit-code.ts'

/** Ends a command with one sentence for the person who ran it, and an exit code. Nothing was changed after it was thrown. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: ExitCode

  constructor(message: string, exitCode: ExitCode = EXIT.usage, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}
