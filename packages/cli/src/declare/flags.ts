import { InvalidArgumentError, Option } from 'commander'

/** Flags that several commands share, so that they look and read the same everywhere. */

export function outputFlag(): Option {
  return new Option('-o, --output <format>', 'print data for programs').choices(['json', 'yaml'])
}

export function projectFlag(): Option {
  return new Option('-p, --project <name>', 'the project')
}

export function stageFlag(): Option {
  return new Option('-s, --stage <name>', 'the stage')
}

export function serviceFlag(): Option {
  return new Option('--service <name>', 'the service')
}

export function contextFlag(): Option {
  return new Option('-c, --keptn-context <id>', 'the keptn context: one id across all stages')
}

export function labelsFlag(
  description = 'labels for the events; several with commas or again',
): Option {
  return new Option('-l, --labels <key=value>', description)
    .argParser(collectPairs)
    .default({}, 'none')
}

/** `a=1,b=2`, and again: one record. The last of equal keys counts. */
export function collectPairs(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const pairs = text.split(',').map((part) => pairOf(part))
  return { ...before, ...Object.fromEntries(pairs) }
}

/** `a=1`, and again. Values may hold commas and equals signs. */
export function collectValues(text: string, before: readonly string[] = []): string[] {
  pairOf(text)
  return [...before, text]
}

export function pairOf(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError(`${JSON.stringify(text)} is not key=value.`)
  return [text.slice(0, at).trim(), text.slice(at + 1)]
}

/** A whole number of at least `minimum`. */
export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < minimum) {
      throw new InvalidArgumentError(`It must be a whole number of at least ${minimum}.`)
    }
    return value
  }
}
