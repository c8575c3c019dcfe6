/**
 * The words of a query, only as far as messages need them: strings, brackets and what stands between. Says what a grammar says badly,
 * because it goes wrong far behind the mistake: quotes and brackets that are not closed, escapes that Go's strings do not know.
 */
export type PromqlToken = {
  readonly kind: 'word' | 'number' | 'string' | 'operator' | 'open' | 'close' | 'other'
  readonly text: string
  readonly from: number
  readonly to: number
  /** The innermost bracket around it; empty at the top. */
  readonly inside: '' | '(' | '[' | '{'
}

export type PromqlFault = { readonly offset: number; readonly message: string }

export type PromqlTokens = {
  readonly tokens: readonly PromqlToken[]
  /** The first thing that is wrong with quotes or brackets. */
  readonly fault: PromqlFault | undefined
}

const SPACE = /(?:\s|#[^\n]*)+/y
const PLAIN: readonly (readonly [PromqlToken['kind'], RegExp])[] = [
  ['word', /[A-Za-z_][\w:]*|:(?=[A-Za-z_])[\w:]+/y],
  ['number', /\d[\w.]*(?<=[eE])[+-]\d+|\d[\w.]*|\.\d[\w]*/y],
  ['operator', /=~|!~|!=|==|<=|>=|<\/|>\/|[-+*/%^<>=@,:!]/y],
]
const CLOSED_BY = { '(': ')', '[': ']', '{': '}' } as const
type Opening = keyof typeof CLOSED_BY

export function promqlTokens(query: string): PromqlTokens {
  const tokens: PromqlToken[] = []
  const open: { readonly bracket: Opening; readonly at: number }[] = []
  let escapeFault: PromqlFault | undefined
  for (let at = skip(query, 0); at < query.length; ) {
    const inside = open.at(-1)?.bracket ?? ''
    const character = query.charAt(at)
    if (/["'`]/.test(character)) {
      const end = endOfString(query, at)
      if (end === undefined) return { tokens, fault: openString(at) }
      tokens.push({ kind: 'string', text: query.slice(at, end), from: at, to: end, inside })
      escapeFault ??= badEscape(query.slice(at, end), at)
    } else if (isOpening(character)) {
      open.push({ bracket: character, at })
      tokens.push({ kind: 'open', text: character, from: at, to: at + 1, inside })
    } else if (/[)\]}]/.test(character)) {
      const opened = open.pop()
      const around = open.at(-1)?.bracket ?? ''
      tokens.push({ kind: 'close', text: character, from: at, to: at + 1, inside: around })
      if (opened === undefined || CLOSED_BY[opened.bracket] !== character) {
        return { tokens, fault: wrongClosing(character, at, opened?.bracket) }
      }
    } else tokens.push(plainToken(query, at, inside))
    at = skip(query, tokens.at(-1)?.to ?? at + 1)
  }
  const [left] = open
  const fault = left === undefined ? escapeFault : openBracket(left.bracket, left.at)
  return { tokens, fault }
}

/** Behind blanks and comments. */
function skip(query: string, from: number): number {
  SPACE.lastIndex = from
  return SPACE.test(query) ? SPACE.lastIndex : from
}

function plainToken(query: string, from: number, inside: PromqlToken['inside']): PromqlToken {
  if (inside === '[' && query.charAt(from) === ':') {
    return { kind: 'operator', text: ':', from, to: from + 1, inside }
  }
  for (const [kind, pattern] of PLAIN) {
    pattern.lastIndex = from
    const text = pattern.exec(query)?.[0]
    if (text !== undefined) return { kind, text, from, to: from + text.length, inside }
  }
  const text = String.fromCodePoint(query.codePointAt(from) ?? 0)
  return { kind: 'other', text, from, to: from + text.length, inside }
}

function isOpening(character: string): character is Opening {
  return Object.hasOwn(CLOSED_BY, character)
}

/** Behind the closing quotes; undefined when there are none. Only backquotes may go over the end of a line. */
function endOfString(query: string, from: number): number | undefined {
  const quote = query.charAt(from)
  for (let at = from + 1; at < query.length; at++) {
    const character = query.charAt(at)
    if (character === quote) return at + 1
    if (quote === '`') continue
    if (character === '\n') return undefined
    if (character === '\\') at++
  }
  return undefined
}

function openString(offset: number): PromqlFault {
  return { offset, message: 'the quotes that open here are not closed' }
}

function openBracket(bracket: Opening, offset: number): PromqlFault {
  return { offset, message: `the ${bracket} that opens here is not closed` }
}

function wrongClosing(found: string, offset: number, opened: Opening | undefined): PromqlFault {
  const message =
    opened === undefined
      ? `found ${found}, and nothing that it closes`
      : `expected ${CLOSED_BY[opened]} but found ${found}`
  return { offset, message }
}

/** Go's escapes, which PromQL took over; a regular expression needs its backslashes twice, or backquotes. */
const ESCAPE =
  /\\(?:[abfnrtv\\'"]|[0-3][0-7]{2}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U(?:000[\da-fA-F]|0010)[\da-fA-F]{4})/y

function badEscape(text: string, from: number): PromqlFault | undefined {
  const quote = text.charAt(0)
  if (quote === '`') return undefined
  for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', at)) {
    ESCAPE.lastIndex = at
    const known = ESCAPE.exec(text)?.[0]
    const otherQuote = quote === '"' ? "\\'" : '\\"'
    if (known === undefined || known === otherQuote) {
      const found = text.slice(at, at + 2)
      const message = `expected an escape like \\\\ or \\n but found ${found}; write \\${found} for the regular expression ${found}`
      return { offset: from + at, message }
    }
    at += known.length
  }
  return undefined
}
