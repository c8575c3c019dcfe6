/** Programs that are run on this machine, each with its children as one. */
export interface Processes {
  /**
   * Runs a program to its end. When the signal aborts or the time is over, it and everything it started are asked to end (SIGTERM) and,
   * after the grace, made to (SIGKILL); what it started and left running when it ended itself is made to end too. Never rejects for
   * what the program does; resolves when nothing of it is left.
   */
  run(wish: ProcessWish): Promise<ProcessEnd>
  /** Makes programs end that a killed server left running, and removes their folders. Called before the first `run`. */
  endLeftOvers(): Promise<void>
}

export type ProcessWish = {
  /** A name to be looked for in PATH of `environment`, or a path. */
  readonly program: string
  readonly arguments: readonly string[]
  readonly workingDirectory: string
  /** The folder that is the program's own, for whoever cleans up after a crash. */
  readonly folder: string
  /** All of it: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** What it writes to stdout and stderr, as it comes. */
  readonly onOutput: (chunk: Uint8Array) => void
}

export type ProcessEnd =
  | { readonly code: 'exited'; readonly exitCode: number }
  /** By a signal that nobody here sent. */
  | { readonly code: 'killed'; readonly signal: string }
  | { readonly code: 'timed-out' }
  | { readonly code: 'aborted' }
  /** `reason`: `there is no such program`. */
  | { readonly code: 'not-started'; readonly reason: string }
