import type { Tree } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import { syntaxFault } from './promql-expected.ts'
import { METRICSQL_FUNCTIONS } from './promql-functions.ts'
import { regexFault } from './promql-regex.ts'
import { type PromqlFault, type PromqlToken, promqlTokens } from './promql-tokens.ts'
import { typeFault } from './promql-types.ts'

/**
 * Checks a query without a server: what a Prometheus would refuse, with the place and a sentence. It never refuses what a Prometheus
 * takes (promql-check.test.ts asks a real one about every query it holds). VictoriaMetrics takes more: `isMetricsql`.
 */
export type PromqlProblem = {
  /** `syntax`: the grammar. `types`: arguments and operands. `function`: a name that no Prometheus knows. */
  readonly code: 'syntax' | 'types' | 'function'
  /** One sentence: what was expected, what was found. */
  readonly message: string
  /** In the query as given, from 0. */
  readonly offset: number
  /** In the query as given, from 1. */
  readonly line: number
  readonly column: number
  /** No PromQL, but MetricsQL may well read it. */
  readonly isMetricsql: boolean
}

/** A query as it is sent. Undefined: a Prometheus can read it. */
export function checkPromql(query: string): PromqlProblem | undefined {
  return check(query, false)
}

/** A query as it stands in a file: placeholders count as something that fits there. */
export function checkPromqlTemplate(text: string): PromqlProblem | undefined {
  const problem = check(withSampleValues(text), true)
  // Sample values are as long as what they stand for, so places are the same in both.
  return (
    problem && {
      ...problem,
      message: problem.message.replace(/\bfound xx+$/, 'found a placeholder'),
    }
  )
}

function check(query: string, isTemplate: boolean): PromqlProblem | undefined {
  const { tokens, fault } = promqlTokens(query)
  if (fault !== undefined) return problemOf('syntax', fault, query, false)
  const source = asNowWritten(query, tokens)
  const tree = parser.parse(source)
  const errorAt = firstError(tree)
  if (errorAt !== undefined) {
    const found = syntaxFault(tokens, errorAt, query)
    const name = found.unknownFunction
    const isMetricsql = hasMetricsql(tokens) || METRICSQL_FUNCTIONS.has(name ?? '')
    return problemOf(name === undefined ? 'syntax' : 'function', found, query, isMetricsql)
  }
  const expression = expressionFault(tokens)
  if (expression !== undefined) return problemOf('syntax', expression, query, false)
  const types = typeFault(tree.topNode, query, isTemplate)
  // MetricsQL fills in ranges and steps, and turns one kind into another.
  return types === undefined ? undefined : problemOf('types', types, query, true)
}

function expressionFault(tokens: readonly PromqlToken[]): PromqlFault | undefined {
  for (const [index, { kind, text, from, inside }] of tokens.entries()) {
    const operator = tokens[index - 1]?.text ?? ''
    if (kind !== 'string' || inside !== '{' || !/^[=!]~$/.test(operator)) continue
    const message = regexFault(text)
    if (message !== undefined) return { offset: from, message }
  }
  return undefined
}

function problemOf(
  code: PromqlProblem['code'],
  { offset, message }: { readonly offset: number; readonly message: string },
  query: string,
  isMetricsql: boolean,
): PromqlProblem {
  const before = query.slice(0, offset)
  const line = before.split('\n').length
  const column = offset - (before.lastIndexOf('\n') + 1) + 1
  return { code, message, offset, line, column, isMetricsql }
}

/** Where the parser first met what it could not use. */
function firstError(tree: Tree): number | undefined {
  let first: number | undefined
  tree.iterate({
    enter: ({ type, from }) => {
      if (type.isError && (first === undefined || from < first)) first = from
    },
  })
  return first
}

/**
 * What servers read and the grammar does not, in other words of the same length: `holt_winters` of Prometheus 2, which takes what the
 * grammar does not look at in any function, `5.`, and a metric that is called `offset`.
 */
function asNowWritten(query: string, tokens: readonly PromqlToken[]): string {
  let text = query
  for (const [index, { text: word, from, to }] of tokens.entries()) {
    if (word.toLowerCase() !== 'offset' || endsOperand(tokens[index - 1])) continue
    text = `${text.slice(0, from)}metric${text.slice(to)}`
  }
  return text
    .replaceAll(/\bholt_winters(?=\s*\()/g, (name) => 'deriv'.padEnd(name.length))
    .replaceAll(/(?<=\d)\.(?![\w.])/g, ' ')
}

const BEFORE_OPERAND: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'atan2', 'bool'])

function endsOperand(token: PromqlToken | undefined): boolean {
  if (token === undefined || token.kind === 'operator' || token.kind === 'open') return false
  return !BEFORE_OPERAND.has(token.text.toLowerCase())
}

const METRICSQL_WORDS: ReadonlySet<string> = new Set(
  'default if ifnot keep_metric_names limit with'.split(' '),
)

/** Words, numbers (`1Ki`, `[5i]`) and matchers that only MetricsQL has. */
function hasMetricsql(tokens: readonly PromqlToken[]): boolean {
  return tokens.some(({ kind, text, inside }) => {
    const word = text.toLowerCase()
    if (kind === 'word') return METRICSQL_WORDS.has(word) || (inside === '{' && word === 'or')
    return kind === 'number' && /^[\d.]+(?:[KMGT]i?B?|i)$|^\d*\.\d+(?:ms|[smhdwy])/.test(text)
  })
}

const TEMPLATE = /\{\{[\s\S]*?\}\}/g
const LABEL = /\$LABEL\.[\w-]*\w/g
const NAMED = /\$[A-Za-z_]\w*/g
const IS_NUMBER = /^\{\{\s*\w+_m?s\s*\}\}$/
const IS_DURATION = /^(?:\$DURATION_SECONDS|\{\{\s*duration\s*\}\})$/
const UNIT = /^(?:ms|[smhdwy])\b/
/** What a duration may stand behind. */
const BEFORE_DURATION = /(?:\[|:|\boffset\s+-?)\s*$/i

const BEFORE_MATCHER = /(?:[^{]|^)[{,]\s*$/
const AFTER_MATCHER = /^\s*[,}]/

/** Fills placeholders with harmless values of the same length: a duration or a matcher where one is expected, else a name. */
function withSampleValues(text: string): string {
  return [TEMPLATE, LABEL, NAMED].reduce(
    (filled, pattern) =>
      filled.replaceAll(pattern, (placeholder, at: number) => {
        const { length } = placeholder
        const before = filled.slice(0, at)
        const after = filled.slice(at + length)
        if (IS_NUMBER.test(placeholder)) return '1'.padStart(length, '0')
        if (IS_DURATION.test(placeholder) || BEFORE_DURATION.test(before)) {
          return (UNIT.test(after) ? '1' : '1s').padStart(length, '0')
        }
        const isMatcher = BEFORE_MATCHER.test(before) && AFTER_MATCHER.test(after)
        return isMatcher ? `"${'x'.repeat(length - 2)}"` : 'x'.repeat(length)
      }),
    text,
  )
}
