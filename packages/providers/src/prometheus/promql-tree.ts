import type { SyntaxNode } from '@lezer/common'
import type { PromqlType } from './promql-functions.ts'

/** What the checks of a query's tree share: its expressions, their kinds, and the fault that ends the check. */

/** `isTemplate`: placeholders were filled with words like xxx, which may stand for anything. */
export type Source = { readonly text: string; readonly isTemplate: boolean }

/** `any`: a placeholder stands there. */
export type Type = PromqlType | 'any'

export class Fault extends Error {
  override name = 'Fault'
  readonly offset: number
  constructor(node: SyntaxNode, message: string) {
    super(message)
    this.offset = node.from
  }
}

const EXPRESSIONS: ReadonlySet<string> = new Set([
  ...['AggregateExpr', 'BinaryExpr', 'FunctionCall', 'MatrixSelector', 'NumberDurationLiteral'],
  ...['OffsetExpr', 'ParenExpr', 'StringLiteral', 'SubqueryExpr', 'UnaryExpr', 'VectorSelector'],
  ...['StepInvariantExpr', 'AnchoredExpr', 'SmoothedExpr'],
])

export const NAMES: Readonly<Record<PromqlType, string>> = {
  scalar: 'a single number',
  vector: 'an instant vector',
  matrix: 'a range of time like x[5m]',
  string: 'a text in quotes',
}

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child)
  return children
}

export function expressionsIn(node: SyntaxNode | null): SyntaxNode[] {
  return node === null ? [] : childrenOf(node).filter((child) => EXPRESSIONS.has(child.name))
}

export function textOf(node: SyntaxNode, source: Source): string {
  return source.text.slice(node.from, node.to)
}
