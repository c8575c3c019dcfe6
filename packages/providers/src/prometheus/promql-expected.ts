import { didYouMean } from '@tiphys/contract/suggestion.ts'
import { AGGREGATIONS, METRICSQL_FUNCTIONS, PROMQL_FUNCTIONS } from './promql-functions.ts'
import type { PromqlFault, PromqlToken } from './promql-tokens.ts'

/**
 * What the grammar could not go on with, as a sentence. The parser says where; what could have stood there follows from the word before.
 */
export function syntaxFault(
  tokens: readonly PromqlToken[],
  offset: number,
  query: string,
): PromqlFault & { readonly unknownFunction?: string } {
  const next = tokens.find((token) => token.to > offset)
  const before = tokens.findLast((token) => token.to <= (next?.from ?? query.length))
  if (next?.text === '(' && before?.kind === 'word' && !AFTER_KEYWORD.has(lower(before))) {
    return unknownFunction(before)
  }
  const expected = expectedAfter(before, tokens)
  const found = next === undefined ? 'the query ends' : `found ${next.text}`
  return {
    offset: next?.from ?? query.trimEnd().length,
    message: `expected ${expected} but ${found}`,
  }
}

function unknownFunction(name: PromqlToken): PromqlFault & { readonly unknownFunction: string } {
  const meant = didYouMean(name.text, [...PROMQL_FUNCTIONS.keys(), ...AGGREGATIONS])
  const hint = METRICSQL_FUNCTIONS.has(name.text)
    ? '; MetricsQL has one'
    : meant === undefined
      ? ''
      : `; did you mean ${meant}?`
  const message = `PromQL has no function ${name.text}${hint}`
  return { offset: name.from, message, unknownFunction: name.text }
}

const EXPRESSION = 'a metric, a function, a number or ('
const DURATION = 'a duration like 5m'
const LABELS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'])
const SET_OPERATORS = new Set(['and', 'or', 'unless', 'atan2', 'bool'])
const AFTER_KEYWORD = new Set([...LABELS, ...SET_OPERATORS, 'offset'])
const MATCH_OPERATORS = new Set(['=', '!=', '=~', '!~'])

function expectedAfter(before: PromqlToken | undefined, tokens: readonly PromqlToken[]): string {
  if (before === undefined) return EXPRESSION
  const { kind, text, inside } = before
  if (inside === '{') return expectedInBraces(before)
  if (text === '{') return 'a label name'
  if (text === '[' || (inside === '[' && text === ':')) return DURATION
  if (inside === '[') return ']'
  if (isLabelList(before, tokens)) return expectedInLabelList(before)
  const word = lower(before)
  if (word === 'offset') return DURATION
  if (text === '@') return 'a time in seconds, start() or end()'
  if (LABELS.has(word)) return '( and label names'
  if (kind === 'word' && AGGREGATIONS.includes(word)) return '(, by or without'
  if (kind === 'operator' || text === '(' || SET_OPERATORS.has(word)) return EXPRESSION
  if (kind === 'other') return 'PromQL'
  return inside === '(' ? 'an operator, a comma or )' : 'an operator or the end of the query'
}

function expectedInBraces({ kind, text }: PromqlToken): string {
  if (text === ',') return 'a label name'
  if (MATCH_OPERATORS.has(text)) return 'a value in quotes'
  if (kind === 'word') return '=, !=, =~ or !~'
  return 'a comma or }'
}

function expectedInLabelList({ kind, text }: PromqlToken): string {
  return kind === 'word' || (kind === 'string' && text !== ',') ? 'a comma or )' : 'a label name'
}

/** Whether a token stands behind the ( of `by (`, `on (` … */
function isLabelList(token: PromqlToken, tokens: readonly PromqlToken[]): boolean {
  if (token.text !== '(' && token.inside !== '(') return false
  let depth = token.text === '(' ? 0 : 1
  for (let index = tokens.indexOf(token); index > 0; index--) {
    const one = tokens[index]
    if (one?.kind === 'close' && one !== token) depth++
    if (one?.kind !== 'open') continue
    depth--
    if (depth > 0) continue
    const keyword = tokens[index - 1]
    return keyword?.kind === 'word' && LABELS.has(lower(keyword))
  }
  return false
}

function lower(token: PromqlToken): string {
  return token.kind === 'word' ? token.text.toLowerCase() : token.text
}
