import { styleText } from 'node:util'

/** What the terminal can show. Asked once per command. */
export type Terminal = {
  readonly color: boolean
  /** A person watches: lines may be drawn again, questions may be asked. */
  readonly live: boolean
  readonly columns: number
}

const DEFAULT_COLUMNS = 100

export function terminalOf(
  flags: { readonly color?: boolean },
  stream: NodeJS.WriteStream = process.stdout,
  environment: NodeJS.ProcessEnv = process.env,
): Terminal {
  const isTerminal = stream.isTTY === true && environment['TERM'] !== 'dumb'
  const color = isTerminal && flags.color !== false && !environment['NO_COLOR']
  return {
    color,
    live: color && !environment['CI'],
    // Some terminals say 0.
    columns: stream.columns || DEFAULT_COLUMNS,
  }
}

export type Paint = 'green' | 'yellow' | 'red' | 'cyan' | 'dim' | 'bold'

export function paint(terminal: Terminal, format: Paint, text: string): string {
  return terminal.color ? styleText(format, text, { validateStream: false }) : text
}

const RESULT_PAINT: Readonly<Record<string, Paint>> = {
  pass: 'green',
  succeeded: 'green',
  finished: 'green',
  warning: 'yellow',
  waiting: 'yellow',
  waitingForApproval: 'yellow',
  paused: 'yellow',
  fail: 'red',
  errored: 'red',
  timedOut: 'red',
  aborted: 'red',
}

/** Results and states in the colours people expect; other words as they are. */
export function paintWord(terminal: Terminal, word: string): string {
  const format = RESULT_PAINT[word]
  return format === undefined ? word : paint(terminal, format, word)
}
