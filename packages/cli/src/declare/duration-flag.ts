import { parseDuration } from '@tiphys/contract/duration.ts'
import { InvalidArgumentError } from 'commander'

/** `90s`, `10m`, `1h30m`, and a plain number of seconds as in Keptn's CLI; in milliseconds. */
export function durationOf(text: string): number {
  const seconds = /^\d+$/.test(text) ? `${text}s` : text
  const durationMs = parseDuration(seconds)
  if (durationMs === undefined)
    throw new InvalidArgumentError('It must be a duration like 90s, 10m or 1h30m.')
  return durationMs
}
