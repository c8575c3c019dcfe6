import type { LineCounter, Scalar } from 'yaml'
import type { Position } from './problem.ts'

/**
 * Where a character of a text value stands in its YAML file. YAML folds lines, drops indentation and knows escapes, so there is no
 * arithmetic from one to the other; but it neither adds nor drops a character that is no blank. So those are counted.
 */
export function placeInText(
  node: Scalar,
  source: string,
  lines: LineCounter,
  offset: number,
): Position | undefined {
  if (typeof node.value !== 'string' || !node.range) return undefined
  const [from, end] = node.range
  const written = writtenCharacters(node, source.slice(from, end))
  const before = [...node.value.slice(0, offset)].filter((character) => !isBlank(character)).length
  const isAtBlank = offset >= node.value.length || isBlank(node.value.charAt(offset))
  const here = written[isAtBlank ? before - 1 : before]
  // A blank, or the end, stands behind what is before it.
  const at = here === undefined ? from : from + here + (isAtBlank ? 1 : 0)
  const { line, col } = lines.linePos(at)
  return { line, column: col }
}

const isBlank = (character: string) => /\s/.test(character)

/** Where the characters of the value that are no blanks begin in what is written. */
function writtenCharacters({ type }: Scalar, written: string): number[] {
  const isBlock = type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED'
  const isQuoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE'
  // The first line of a block says how it is to be read.
  const start = isBlock ? written.indexOf('\n') + 1 : isQuoted ? 1 : 0
  const end = isQuoted ? written.length - 1 : written.length
  const tokens = type === 'QUOTE_DOUBLE' ? ESCAPES : type === 'QUOTE_SINGLE' ? TWO_QUOTES : ANY
  const places: number[] = []
  for (const token of written.slice(start, end).matchAll(tokens)) {
    if (!standsForBlank(token[0], type)) places.push(start + token.index)
  }
  return places
}

const ESCAPES = /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|\r?\n|[\s\S])|[\s\S]/gu
const TWO_QUOTES = /''|[\s\S]/gu
const ANY = /[\s\S]/gu

function standsForBlank(token: string, type: Scalar['type']): boolean {
  if (type === 'QUOTE_DOUBLE' && token.startsWith('\\')) {
    return /^\\(?:[ntrvfN_LPe ]|x20|u0020|\s)/.test(token) && !token.startsWith('\\e')
  }
  return isBlank(token)
}
