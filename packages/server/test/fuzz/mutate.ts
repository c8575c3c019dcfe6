import type { SeededRandom } from '../simulation/seeded-random.ts'
import { nastyText, nastyValue } from './nasty.ts'

/** YAML and bytes that have broken readers of files. */
const HOSTILE: readonly string[] = [
  bomb(),
  'a: &a [*a]\n',
  `${'- '.repeat(2_000)}x\n`,
  `${'{a: '.repeat(1_500)}1${'}'.repeat(1_500)}\n`,
  `? ${'k'.repeat(60_000)}\n: 1\n`,
  '%YAML 9.9\n---\na: 1\n',
  '--- a\n--- b\n',
  '!!js/function "x"\n',
  'a: !!binary "///"\nb: !!timestamp 2026-01-01\n',
  '<<: {a: 1}\n<<: *nothing\n',
  '\u0000\u0001\u0002',
  '\t- a\n\t\tb',
  'spec: {stages: [{name: dev, sequences: [{name: a, tasks: [{name: b, if: "((((((((((1"}]}]}]}\n',
  '__proto__: {a: 1}\nconstructor: {prototype: 2}\n',
]

const COUNT = 4

/** Real text with something wrong in it. Bytes that are no UTF-8 come out as the reader of a file would see them. */
export function mutatedText(random: SeededRandom, text: string): string {
  let mutated = text
  const times = 1 + random.below(COUNT)
  for (let time = 0; time < times; time++) mutated = mutateOnce(random, mutated)
  return mutated
}

function mutateOnce(random: SeededRandom, text: string): string {
  const at = random.below(text.length + 1)
  const length = random.below(20)
  const lines = text.split('\n')
  const line = random.below(lines.length)
  switch (random.below(12)) {
    case 0:
      return text.slice(0, at) + text.slice(at + length)
    case 1:
      return text.slice(0, at) + nastyText(random) + text.slice(at)
    case 2:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1)
    case 3:
      return [...lines.slice(0, line), ...lines.slice(line + 1)].join('\n')
    case 4:
      return [...lines.slice(0, line), lines[line] ?? '', ...lines.slice(line)].join('\n')
    case 5:
      return text.replaceAll('\n', '\r\n')
    case 6:
      return `\ufeff${text}`
    case 7:
      return text + random.pick(HOSTILE)
    case 8:
      return random.pick(HOSTILE)
    case 9:
      return withOtherValue(random, text)
    case 10:
      return text.slice(0, at)
    default:
      return lines.map((one, index) => (index === line ? `  ${one}` : one)).join('\n')
  }
}

/** The value behind some key becomes another one. */
function withOtherValue(random: SeededRandom, text: string): string {
  const values = [...text.matchAll(/: +([^\n]+)/g)]
  if (values.length === 0) return text
  const found = random.pick(values)
  const start = found.index + found[0].length - (found[1] ?? '').length
  const value = JSON.stringify(nastyValue(random))
  return text.slice(0, start) + value + text.slice(start + (found[1] ?? '').length)
}

/** Aliases of aliases: small on the disk, nine to the ninth in memory. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, index) => {
    const alias = index === 0 ? '"x"' : `*l${index - 1}`
    return `l${index}: &l${index} [${Array(9).fill(alias).join(', ')}]`
  })
  return `${levels.join('\n')}\nspec: {stages: *l8}\n`
}

/** A JSON value with something in it said otherwise: another value, a key too many, a key gone. */
export function mutatedValue(random: SeededRandom, value: unknown): unknown {
  if (random.chance(0.15)) return nastyValue(random)
  if (Array.isArray(value)) {
    const index = random.below(value.length + 1)
    return value.map((one, at) => (at === index ? mutatedValue(random, one) : one))
  }
  if (typeof value !== 'object' || value === null) {
    return random.chance(0.6) ? nastyValue(random) : value
  }
  const entries = Object.entries(value)
  if (entries.length === 0 || random.chance(0.15))
    entries.push([nastyText(random), nastyValue(random)])
  const index = random.below(entries.length)
  if (random.chance(0.15)) entries.splice(index, 1)
  // As JSON has it: a key __proto__ is a key.
  const mutated: Record<string, unknown> = {}
  for (const [at, [key, own]] of entries.entries()) {
    const changed = at === index ? mutatedValue(random, own) : own
    Object.defineProperty(mutated, key, {
      value: changed,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return mutated
}
