import type { SyntaxNode } from '@lezer/common'
import { childrenOf, Fault, type Source, type Type, textOf } from './promql-tree.ts'

/** Placeholders are filled with this word before anything is parsed. */
const PLACEHOLDER = /^xx+$/

export function selector(node: SyntaxNode, source: Source): Type {
  const matchers = node.getChild('LabelMatchers')
  if (node.getChild('Identifier') !== null) {
    return source.isTemplate && matchers === null && PLACEHOLDER.test(textOf(node, source))
      ? 'any'
      : 'vector'
  }
  const given = matchers === null ? [] : childrenOf(matchers)
  if (!given.some((matcher) => canExclude(matcher, source))) {
    throw new Fault(
      node,
      'the selector takes every series there is; it needs a metric, or a label that is not empty',
    )
  }
  return 'vector'
}

/** Whether a matcher refuses a series without that label; true where that cannot be told. */
function canExclude(matcher: SyntaxNode, source: Source): boolean {
  if (matcher.name === 'QuotedLabelName') return true
  const literals = [...matcher.getChildren('StringLiteral')]
  const operator = matcher.getChild('MatchOp')
  const last = literals.at(-1)
  if (operator === null || last === undefined) return false
  const text = textOf(last, source).slice(1, -1)
  switch (textOf(operator, source)) {
    case '=':
      return text !== ''
    case '!=':
      return text === ''
    case '=~':
      return !matchesEmpty(text, false)
    default:
      return matchesEmpty(text, true)
  }
}

/** Go's expressions are not JavaScript's: where ours cannot read one, `unsure` is the answer. */
function matchesEmpty(expression: string, unsure: boolean): boolean {
  try {
    return new RegExp(`^(?:${expression})$`, 'u').test('')
  } catch {
    return unsure
  }
}
