import { stringify } from 'yaml'

export type DataFormat = 'json' | 'yaml'

/** Prints data as JSON or YAML for programs, or as text for people. */
export function printData(
  data: unknown,
  format: DataFormat | undefined,
  text: (() => string) | string,
): void {
  printLine(render(data, format, text).trimEnd())
}

function render(data: unknown, format: DataFormat | undefined, text: (() => string) | string) {
  if (format === 'json') return JSON.stringify(data, null, 2)
  if (format === 'yaml') return stringify(data)
  return typeof text === 'string' ? text : text()
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** For people, and never part of the data on standard output. */
export function printNote(line: string): void {
  process.stderr.write(`${line}\n`)
}
