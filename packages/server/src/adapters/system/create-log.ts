import type { Log } from '../../ports/log.ts'
import { createMask, type Mask } from '../../security/mask.ts'
import { toLoggable } from './loggable.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export type LogOptions = {
  /** Lines below it are not written. */
  readonly level: LogLevel
  /** Takes one line with its line break. */
  readonly write: (line: string) => void
  /** Values that must not appear, asked at every line (see createMask). */
  readonly secrets?: () => readonly string[]
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/**
 * One line of JSON per call: `{"time":"2026-01-01T00:00:00.000Z","level":"info","message":"…","data":{…}}`. Never throws: a log that
 * fails must not stop the work it tells of.
 */
export function createLog({ level, write, secrets = () => [] }: LogOptions): Log {
  const mask = createMask(secrets)
  const lowest = LEVELS.indexOf(level)
  function at(own: LogLevel) {
    if (LEVELS.indexOf(own) < lowest) return () => undefined
    return (data: object, message: string) => {
      try {
        write(`${lineOf(own, data, message, mask)}\n`)
      } catch {
        // Nobody is left to be told.
      }
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function lineOf(level: LogLevel, data: object, message: string, mask: Mask): string {
  const shown = toLoggable(data, mask)
  const isEmpty = typeof shown === 'object' && shown !== null && Object.keys(shown).length === 0
  return JSON.stringify({
    time: new Date().toISOString(),
    level,
    message: mask(String(message)),
    ...(isEmpty ? {} : { data: shown }),
  })
}
