import type { SyntaxNode } from '@lezer/common'
import {
  AGGREGATION_PARAMETERS,
  PROMQL_FUNCTIONS,
  type PromqlFunction,
  type PromqlType,
} from './promql-functions.ts'
import { POSTFIXES, postfixed } from './promql-postfix.ts'
import { selector } from './promql-selector.ts'
import type { PromqlFault } from './promql-tokens.ts'
import {
  childrenOf,
  expressionsIn,
  Fault,
  NAMES,
  type Source,
  type Type,
  textOf,
} from './promql-tree.ts'

/**
 * What a query that follows the grammar is refused for all the same: a function with the wrong kind or number of arguments, an operator
 * between things that cannot be put together, a selector that selects everything (checkAST of promql/parser/parse.go).
 * Pure: reads the tree, the first fault in the order of the parser ends it.
 */
export function typeFault(
  root: SyntaxNode,
  query: string,
  isTemplate: boolean,
): PromqlFault | undefined {
  try {
    const source = { text: query, isTemplate }
    for (const expression of expressionsIn(root)) typeOf(expression, source)
    return undefined
  } catch (thrown) {
    if (thrown instanceof Fault) return { offset: thrown.offset, message: thrown.message }
    throw thrown
  }
}

/**
 * @param behind what the grammar puts around a whole operation and Prometheus only around its last operand, outermost first:
 * in `a + b offset 5m` the offset is that of b.
 */
function typeOf(node: SyntaxNode, source: Source, behind: readonly SyntaxNode[] = []): Type {
  const [inner] = expressionsIn(node)
  if (POSTFIXES.has(node.name) && inner !== undefined) {
    return typeOf(inner, source, [...behind, node])
  }
  if (node.name === 'BinaryExpr') return binary(node, source, behind)
  if (node.name === 'UnaryExpr') return unary(node, source, behind)
  const type = plainType(node, source)
  return behind.length === 0 ? type : postfixed(node, type, behind.toReversed(), source)
}

function plainType(node: SyntaxNode, source: Source): Type {
  switch (node.name) {
    case 'NumberDurationLiteral':
      return 'scalar'
    case 'StringLiteral':
      return 'string'
    case 'VectorSelector':
      return selector(node, source)
    case 'FunctionCall':
      return functionCall(node, source)
    case 'AggregateExpr':
      return aggregation(node, source)
    default:
      return innerType(node, source)
  }
}

function innerType(node: SyntaxNode, source: Source): Type {
  const [inner] = expressionsIn(node)
  return inner === undefined ? 'any' : typeOf(inner, source)
}

function functionCall(node: SyntaxNode, source: Source): Type {
  const identifier = node.getChild('FunctionIdentifier') ?? node
  const name = /^[\w]+/.exec(source.text.slice(identifier.from))?.[0] ?? ''
  const declared = PROMQL_FUNCTIONS.get(name)
  const given = expressionsIn(node.getChild('FunctionCallBody'))
  // A function that the grammar knows and the table does not is newer than the table.
  if (declared === undefined) return 'any'
  checkCount(node, name, declared, given.length)
  for (const [index, argument] of given.entries()) {
    const type = declared.takes[index] ?? declared.takes.at(-1)
    if (type !== undefined) expectType(argument, type, name, source)
  }
  return declared.gives
}

function checkCount(
  node: SyntaxNode,
  name: string,
  { minimum, maximum }: PromqlFunction,
  found: number,
): void {
  if (found >= minimum && found <= maximum) return
  const expected =
    minimum === maximum
      ? `${minimum}`
      : maximum === Number.POSITIVE_INFINITY
        ? `at least ${minimum}`
        : `${minimum} to ${maximum}`
  const word = expected === '1' ? 'argument' : 'arguments'
  throw new Fault(node, `${name} takes ${expected} ${word}, found ${found}`)
}

function expectType(node: SyntaxNode, wanted: PromqlType, by: string, source: Source): void {
  const found = typeOf(node, source)
  if (found === 'any' || found === wanted) return
  throw new Fault(node, `${by} takes ${NAMES[wanted]}, found ${NAMES[found]}`)
}

function aggregation(node: SyntaxNode, source: Source): Type {
  const operator = node.getChild('AggregateOp') ?? node
  const name = textOf(operator, source)
  const parameter = AGGREGATION_PARAMETERS[name.toLowerCase()]
  const takes: readonly PromqlType[] = parameter === undefined ? ['vector'] : [parameter, 'vector']
  const given = expressionsIn(node.getChild('FunctionCallBody'))
  const counts = { takes, minimum: takes.length, maximum: takes.length, gives: 'vector' as const }
  checkCount(node, name, counts, given.length)
  for (const [index, argument] of given.entries()) {
    const type = takes[index]
    if (type !== undefined) expectType(argument, type, name, source)
  }
  return 'vector'
}

const COMPARISONS: ReadonlySet<string> = new Set(['Eql', 'Neq', 'Gtr', 'Lss', 'Gte', 'Lte'])
const SET_OPERATORS: ReadonlySet<string> = new Set(['And', 'Or', 'Unless'])

function binary(node: SyntaxNode, source: Source, behind: readonly SyntaxNode[]): Type {
  const [left, right] = expressionsIn(node)
  if (left === undefined || right === undefined) return 'any'
  const operator = childrenOf(node).find((child) => child.from >= left.to) ?? node
  const text = textOf(operator, source)
  const types = [operandType(left, text, source), operandType(right, text, source, behind)]
  const isComparison = COMPARISONS.has(operator.name)
  const hasBool = node.getChild('BoolModifier') !== null
  if (hasBool && !isComparison) throw new Fault(operator, `bool goes with comparisons, not ${text}`)
  const isScalar = types.every((type) => type === 'scalar')
  if (isScalar && isComparison && !hasBool) {
    throw new Fault(operator, `numbers are compared with ${text} bool`)
  }
  if (SET_OPERATORS.has(operator.name) && types.includes('scalar')) {
    throw new Fault(operator, `${text} goes between instant vectors, not with a single number`)
  }
  const clause = node.getChild('MatchingModifierClause')
  if (clause !== null) matching(clause, { types, operator, text }, source)
  return isScalar ? 'scalar' : types.includes('any') ? 'any' : 'vector'
}

function operandType(
  node: SyntaxNode,
  operator: string,
  source: Source,
  behind: readonly SyntaxNode[] = [],
): Type {
  const type = typeOf(node, source, behind)
  if (type === 'matrix' || type === 'string') {
    throw new Fault(
      node,
      `${operator} takes instant vectors and single numbers, found ${NAMES[type]}`,
    )
  }
  return type
}

type Joined = {
  readonly types: readonly Type[]
  readonly operator: SyntaxNode
  readonly text: string
}

function matching(clause: SyntaxNode, joined: Joined, source: Source): void {
  const [first, second] = clause.getChildren('GroupingLabels').map((labels) =>
    childrenOf(labels)
      .filter((label) => /LabelName$/.test(label.name))
      .map((label) => textOf(label, source)),
  )
  const isGrouped = clause.getChild('GroupLeft') !== null || clause.getChild('GroupRight') !== null
  if ((first ?? []).length > 0 && joined.types.includes('scalar')) {
    throw new Fault(clause, 'labels can be matched between instant vectors only')
  }
  if (isGrouped && SET_OPERATORS.has(joined.operator.name)) {
    throw new Fault(clause, `${joined.text} knows no group_left and group_right`)
  }
  const twice = (second ?? []).find((label) => (first ?? []).includes(label))
  if (clause.getChild('On') !== null && twice !== undefined) {
    throw new Fault(clause, `label ${twice} stands in on and in the group; once is enough`)
  }
}

function unary(node: SyntaxNode, source: Source, behind: readonly SyntaxNode[]): Type {
  const [inner] = expressionsIn(node)
  return inner === undefined ? 'any' : operandType(inner, 'a sign', source, behind)
}
