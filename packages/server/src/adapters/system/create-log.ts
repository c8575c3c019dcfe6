import type { Log } from '../../ports/log.ts'
import { createMask, type Mask } from '../../security/mask.ts'
import { formatLine, type LogFormat } from './log-line.ts'
import { toLoggable } from './loggable.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export type LogOptions = {
  /** Lines below it are not written. */
  readonly level: LogLevel
  /** Default: json. */
  readonly format?: LogFormat
  /** Takes one line with its line break. */
  readonly write: (line: string) => void
  /** Values that must not appear, asked at every line (see createMask). */
  readonly secrets?: () => readonly string[]
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/**
 * One line of JSON per call: `{"time":"2026-01-01T00:00:00.000Z","level":"info","message":"…","context":"…","data":{…}}`, or the same as text
 * for a terminal. Never throws: a log that fails must not stop the work it tells of.
 */
export function createLog({ level, format = 'json', write, secrets = () => [] }: LogOptions): Log {
  const mask = createMask(secrets)
  const lowest = LEVELS.indexOf(level)
  function at(own: LogLevel) {
    if (LEVELS.indexOf(own) < lowest) return () => undefined
    return (data: object, message: string) => {
      try {
        write(`${lineOf(own, data, message, mask, format)}\n`)
      } catch {
        // Nobody is left to be told.
      }
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function lineOf(
  level: LogLevel,
  data: object,
  message: string,
  mask: Mask,
  format: LogFormat,
): string {
  const shown = toLoggable(data, mask)
  const line = { timeMs: Date.now(), level, message: mask(String(message)), data: shown }
  return formatLine(line, format)
}
