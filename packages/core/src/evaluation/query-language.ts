/**
 * What counts as a text literal in a provider's query, so that values which travelled with an event can be filled in without ever being
 * more than the text they are (behaviour.md 5).
 */
export type QueryLanguage = {
  /** By opening quote: how that very quote and what is special inside are written. */
  readonly literals: Readonly<Record<string, LiteralRule>>
  /** From here to the end of the line quotes mean nothing. */
  readonly lineComment?: string
  /** Nor do they between `/*` and its end. */
  readonly hasBlockComments?: boolean
  /** Nor from `//` to the end of the line, beside `lineComment`. */
  readonly hasSlashComments?: boolean
  /** After this a slash begins a pattern, up to the next one: nothing but plain words may be filled in, and quotes are part of it. */
  readonly patternsAfter?: RegExp
  /** Its text literals may be queries of a language of their own, which is read like this one (json-document.ts). */
  readonly texts?: QueryLanguage
}

/**
 * `backslash`: `\` before what is special. `doubled`: the quote twice. `raw`: nothing can be escaped, so values with the quote are
 * refused. `verbatim`: the same where servers do not agree on what a backslash means, which is refused too. `json`: as JSON.stringify
 * writes it. `interpolated`: `\` before what is special, and whatever would make an expression of `${` is refused.
 */
export type LiteralRule = 'backslash' | 'doubled' | 'raw' | 'verbatim' | 'json' | 'interpolated'

export const PROMQL: QueryLanguage = {
  literals: { "'": 'backslash', '"': 'backslash', '`': 'raw' },
  lineComment: '#',
}
/** InfluxQL but for its patterns: text in '…', names in "…". */
export const SQL_LIKE: QueryLanguage = {
  literals: { "'": 'backslash', '"': 'backslash' },
  lineComment: '--',
}
/** SQL as the standard has it. */
export const SQL: QueryLanguage = {
  literals: { "'": 'doubled', '"': 'doubled' },
  lineComment: '--',
  hasBlockComments: true,
}
export const JSON_BODY: QueryLanguage = { literals: { '"': 'json' } }
/** As SQL_LIKE, with patterns: `=~ /^web/`. */
export const INFLUXQL: QueryLanguage = {
  ...SQL_LIKE,
  hasBlockComments: true,
  patternsAfter: /(?:[=!]~|[(,]|\b(?:select|from))\s*$/i,
}
/** Of New Relic: text in '…', names in `…`, and three kinds of comments. */
export const NRQL: QueryLanguage = {
  literals: { ...SQL_LIKE.literals, '`': 'verbatim' },
  lineComment: '--',
  hasBlockComments: true,
  hasSlashComments: true,
}
/** Several dialects behind one name: nothing that one of them would escape. */
export const SQL_OF_ANY_KIND: QueryLanguage = {
  literals: { "'": 'verbatim', '"': 'verbatim', '`': 'verbatim' },
  lineComment: '--',
  hasBlockComments: true,
}
/** JSON whose texts may be queries: `{"query_string": {"query": "build:…"}}`. */
export const JSON_DOCUMENT: QueryLanguage = { ...JSON_BODY, texts: SQL_OF_ANY_KIND }
/** Of Elasticsearch: text in "…", names in `…`. */
export const ESQL: QueryLanguage = {
  literals: { '"': 'backslash', '`': 'verbatim' },
  lineComment: '//',
  hasBlockComments: true,
}
/** Of InfluxDB 2: `"${r.host}"` is an expression inside a text. */
export const FLUX: QueryLanguage = {
  literals: { '"': 'interpolated' },
  lineComment: '//',
  patternsAfter: /(?:[=!]~|[(,:=])\s*$/,
}
/** Functions of Graphite: servers of its family disagree on escapes. */
export const GRAPHITE: QueryLanguage = { literals: { "'": 'verbatim', '"': 'verbatim' } }
/** Search languages with "…" only: Lucene, SPL. */
export const DOUBLE_QUOTED: QueryLanguage = { literals: { '"': 'backslash' } }
/** No literals: only plain words may be filled in. */
export const PLAIN: QueryLanguage = { literals: {} }

/** Opens a pattern, which ends at the next slash. */
const SLASH = '/'

/** The quote that is open at the end of a text, `/` inside a pattern, or an empty text. */
export function openQuote(text: string, language: QueryLanguage): string {
  return scan(text, language).open
}

/** The words of a query without its literals, patterns and comments: a space stands for each. */
export function withoutLiterals(text: string, language: QueryLanguage): string {
  return scan(text, language).bare
}

function scan(text: string, language: QueryLanguage): { open: string; bare: string } {
  const { literals } = language
  let open = ''
  let bare = ''
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index)
    const comment = open === '' ? commentAt(text, index, language) : undefined
    if (comment !== undefined) {
      bare += ' '
      const end = text.indexOf(comment.end, index + comment.begin.length)
      if (end < 0) return { open: '', bare }
      index = end + comment.end.length - 1
    } else if (open === '') {
      const isOpening = Object.hasOwn(literals, character) || beginsPattern(text, index, language)
      if (isOpening) open = character
      bare += isOpening ? ' ' : character
    } else if (character === '\\' && escapesByBackslash(open, literals[open])) index++
    else if (character === open) open = ''
  }
  return { open, bare }
}

function commentAt(text: string, index: number, language: QueryLanguage) {
  const { lineComment, hasBlockComments, hasSlashComments } = language
  if (lineComment !== undefined && text.startsWith(lineComment, index)) {
    return { begin: lineComment, end: '\n' }
  }
  if (hasSlashComments && text.startsWith('//', index)) return { begin: '//', end: '\n' }
  return hasBlockComments && text.startsWith('/*', index) ? { begin: '/*', end: '*/' } : undefined
}

function beginsPattern(text: string, index: number, { patternsAfter }: QueryLanguage): boolean {
  if (patternsAfter === undefined || text.charAt(index) !== SLASH) return false
  return patternsAfter.test(text.slice(0, index))
}

function escapesByBackslash(quote: string, rule: LiteralRule | undefined): boolean {
  if (quote === SLASH && rule === undefined) return true
  return rule === 'backslash' || rule === 'json' || rule === 'interpolated'
}

/** Words that mean nothing but themselves in every query language. */
const PLAIN_WORD = /^[\w.:-]*$/

/** An odd number of backslashes. */
const ENDS_ESCAPING = /(?<!\\)(?:\\\\)*\\$/

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
  // The query's own backslash would take the value's first character, and that may be one of ours.
  if (ENDS_ESCAPING.test(before)) return value !== '' && PLAIN_WORD.test(value) ? value : undefined
  switch (rule) {
    case 'raw':
      return value.includes(quote) ? undefined : value
    case 'verbatim':
      return value.includes(quote) || value.includes('\\') ? undefined : value
    case 'interpolated':
      return makesExpression(before, value) ? undefined : escaped(value, quote)
    case 'doubled':
      return value.replaceAll(quote, quote + quote)
    case 'json':
      return JSON.stringify(value).slice(1, -1)
    case 'backslash':
      return escaped(value, quote)
    default:
      return rule satisfies never
  }
}

function escaped(value: string, quote: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)
}

/** Whatever comes after it; and where the query has an expression already there is no telling where that ends. */
function makesExpression(before: string, value: string): boolean {
  if (PLAIN_WORD.test(value)) return false
  const isBegun = `${before.slice(-1)}${value}`.includes('${') || value.endsWith('$')
  return isBegun || before.includes('${')
}

/** With what stands before, by itself, or with whatever comes after it. */
function makesComment(before: string, value: string, { lineComment = '' }: QueryLanguage): boolean {
  if (lineComment === '') return false
  const around = `${before.slice(-1)}${value}`
  return (
    around.includes(lineComment) ||
    (lineComment.length > 1 && around.endsWith(lineComment[0] ?? ''))
  )
}
