/**
 * What counts as a text literal in a provider's query, so that values which travelled with an event can be filled in without ever being
 * more than the text they are (behaviour.md 5).
 */
export type QueryLanguage = {
  /** By opening quote: how that very quote and what is special inside are written. */
  readonly literals: Readonly<Record<string, LiteralRule>>
  /** From here to the end of the line quotes mean nothing. */
  readonly lineComment?: string
}

/**
 * `backslash`: `\` before what is special. `doubled`: the quote twice. `raw`: nothing can be escaped, so values with the quote are
 * refused. `json`: as JSON.stringify writes it.
 */
export type LiteralRule = 'backslash' | 'doubled' | 'raw' | 'json'

export const PROMQL: QueryLanguage = {
  literals: { "'": 'backslash', '"': 'backslash', '`': 'raw' },
  lineComment: '#',
}
/** InfluxQL and NRQL: text in '…', names in "…". */
export const SQL_LIKE: QueryLanguage = {
  literals: { "'": 'backslash', '"': 'backslash' },
  lineComment: '--',
}
/** SQL as the standard has it. */
export const SQL: QueryLanguage = {
  literals: { "'": 'doubled', '"': 'doubled' },
  lineComment: '--',
}
export const JSON_BODY: QueryLanguage = { literals: { '"': 'json' } }
/** Search languages with "…" only: Lucene, SPL, Flux. */
export const DOUBLE_QUOTED: QueryLanguage = { literals: { '"': 'backslash' } }
/** No literals: only plain words may be filled in. */
export const PLAIN: QueryLanguage = { literals: {} }

/** The quote that is open at the end of a text, or an empty text. */
export function openQuote(text: string, language: QueryLanguage): string {
  const { literals, lineComment } = language
  let open = ''
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index)
    if (open === '' && lineComment !== undefined && text.startsWith(lineComment, index)) {
      const end = text.indexOf('\n', index)
      if (end < 0) return ''
      index = end
    } else if (open === '') {
      if (Object.hasOwn(literals, character)) open = character
    } else if (character === '\\' && escapesByBackslash(literals[open])) index++
    else if (character === open) open = ''
  }
  return open
}

function escapesByBackslash(rule: LiteralRule | undefined): boolean {
  return rule === 'backslash' || rule === 'json'
}

/** Words that mean nothing but themselves in every query language. */
const PLAIN_WORD = /^[\w.:-]*$/

/** A value as it must be written after `before`, or undefined when it cannot stand there without changing the query. */
export function literalAt(
  before: string,
  value: string,
  language: QueryLanguage,
): string | undefined {
  const quote = openQuote(before, language)
  const rule = language.literals[quote]
  if (quote === '' || rule === undefined) {
    return PLAIN_WORD.test(value) && !makesComment(before, value, language) ? value : undefined
  }
  if (/\p{Cc}/u.test(value)) return undefined
  switch (rule) {
    case 'raw':
      return value.includes(quote) ? undefined : value
    case 'doubled':
      return value.replaceAll(quote, quote + quote)
    case 'json':
      return JSON.stringify(value).slice(1, -1)
    case 'backslash':
      return value.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)
    default:
      return rule satisfies never
  }
}

function makesComment(before: string, value: string, { lineComment }: QueryLanguage): boolean {
  return lineComment !== undefined && `${before.slice(-1)}${value}`.includes(lineComment)
}
