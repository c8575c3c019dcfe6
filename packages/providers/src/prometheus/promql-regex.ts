/**
 * What is surely wrong with a regular expression of a matcher. Prometheus reads RE2, JavaScript has another language, so only what RE2
 * refuses whatever else stands there is spoken of: brackets, repetition of nothing, and what RE2 leaves out on purpose.
 */
export function regexFault(literal: string): string | undefined {
  const expression = unquoted(literal)
  let depth = 0
  let canRepeat = false
  for (let at = 0; at < expression.length; at++) {
    const character = expression.charAt(at)
    const rest = expression.slice(at)
    if (character === '\\') {
      if (rest.startsWith('\\Q')) return undefined
      if (rest.length === 1) return 'the regular expression ends with a backslash'
      const reference = /^\\(?:[89]|[1-7](?![0-7]))/.exec(rest)?.[0]
      if (reference !== undefined) return `RE2 knows no back-reference like ${reference}`
      canRepeat = true
      at++
    } else if (character === '[') {
      const end = endOfClass(expression, at)
      if (end === undefined) return 'a [ of the regular expression is not closed'
      at = end
      canRepeat = true
    } else if (character === '(') {
      const around = /^\(\?<?[=!]/.exec(rest)?.[0]
      if (around !== undefined) return `RE2 knows no look-around like ${around}`
      const flags = /^\(\?(?:P?<\w+>|[a-zA-Z-]*[:)])?/.exec(rest)?.[0] ?? '('
      at += flags.length - 1
      // Flags alone are no group, and nothing that could be repeated.
      if (flags.endsWith(')')) continue
      depth++
      canRepeat = false
    } else if (character === ')') {
      if (depth === 0) return 'a ) of the regular expression closes nothing'
      depth--
      canRepeat = true
    } else if (/[*+?]/.test(character)) {
      if (!canRepeat) return `${character} of the regular expression repeats nothing`
      // A second ? only says how much; the rest of such chains is left to the server.
    } else canRepeat = character !== '|'
  }
  return depth > 0 ? 'a ( of the regular expression is not closed' : undefined
}

/** The place of the ] that ends a class; the first one inside is a character. */
function endOfClass(expression: string, from: number): number | undefined {
  const start = /^\[\^?\]?/.exec(expression.slice(from))?.[0].length ?? 1
  for (let at = from + start; at < expression.length; at++) {
    const character = expression.charAt(at)
    if (character === ']') return at
    if (character === '\\') at++
    const named = character === '[' ? /^\[:\^?\w+:\]/.exec(expression.slice(at))?.[0] : undefined
    if (named !== undefined) at += named.length - 1
  }
  return undefined
}

const WRITTEN: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' }

/** Without its quotes; escapes are known to be Go's. */
function unquoted(literal: string): string {
  const inner = literal.slice(1, -1)
  if (literal.startsWith('`')) return inner
  return inner.replaceAll(
    /\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|.)/gs,
    (_, escaped: string) => {
      if (/^[xuU]./.test(escaped))
        return String.fromCodePoint(Number.parseInt(escaped.slice(1), 16))
      if (/^[0-7]{3}$/.test(escaped)) return String.fromCodePoint(Number.parseInt(escaped, 8))
      return WRITTEN[escaped] ?? escaped
    },
  )
}
