import type { Command } from 'commander'
import type { ConnectionFlags } from './connection/connection.ts'
import type { ExitCode } from './exit-code.ts'

/** Flags that every command knows. */
export type GlobalOptions = ConnectionFlags & {
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly yes?: boolean
  /** false with `--no-color`. */
  readonly color?: boolean
}

/** What carries out a command: its flags, and what was written without a flag. No exit code means 0. */
export type Run<Options> = (
  options: Options & GlobalOptions,
  args: readonly string[],
) => Promise<ExitCode | undefined>

/**
 * Loads what carries out a command only when it is called: `tiphys --help` must not pay for the HTTP client, YAML and schemas.
 */
export function lazy<Options extends object>(
  load: () => Promise<Run<Options>>,
): (this: Command) => Promise<void> {
  return async function (this: Command) {
    const run = await load()
    const code = await run(this.optsWithGlobals<Options & GlobalOptions>(), this.args)
    process.exitCode = code ?? 0
  }
}
