import type { SyntaxNode } from '@lezer/common'
import { Fault, NAMES, type Source, type Type, textOf } from './promql-tree.ts'

export const POSTFIXES: ReadonlySet<string> = new Set([
  ...['MatrixSelector', 'SubqueryExpr', 'OffsetExpr', 'StepInvariantExpr'],
  ...['AnchoredExpr', 'SmoothedExpr'],
])

/** Ranges, offsets and times behind an operand, innermost first: which may follow which. */
export function postfixed(
  operand: SyntaxNode,
  operandIs: Type,
  postfixes: readonly SyntaxNode[],
  source: Source,
): Type {
  let type = operandIs
  let isSelector = operand.name === 'VectorSelector'
  let shifts: string[] = []
  for (const postfix of postfixes) {
    switch (postfix.name) {
      case 'MatrixSelector':
        checkRange(operand, { isSelector, isBare: type !== 'matrix' && shifts.length === 0 })
        zeroDuration(postfix, source)
        type = 'matrix'
        break
      case 'SubqueryExpr':
        if (type !== 'vector' && type !== 'any') {
          throw new Fault(operand, `a subquery is of an instant vector, found ${NAMES[type]}`)
        }
        zeroDuration(postfix, source)
        type = 'matrix'
        isSelector = true
        shifts = []
        break
      case 'OffsetExpr':
      case 'StepInvariantExpr':
        shifts = withShift(postfix.name === 'OffsetExpr' ? 'offset' : '@', operand, {
          isSelector,
          shifts,
        })
        break
      default:
    }
  }
  return type
}

function checkRange(
  operand: SyntaxNode,
  found: { readonly isSelector: boolean; readonly isBare: boolean },
): void {
  if (found.isSelector && found.isBare) return
  const message = found.isSelector
    ? 'a range like [5m] goes right behind a metric, before offset and @'
    : 'a range like [5m] goes with a metric only; of an expression it is a subquery, [5m:]'
  throw new Fault(operand, message)
}

/** `offset` and `@` go with a metric, a range or a subquery, each once. */
function withShift(
  word: 'offset' | '@',
  operand: SyntaxNode,
  found: { readonly isSelector: boolean; readonly shifts: readonly string[] },
): string[] {
  if (!found.isSelector) {
    const message = `${word} goes with a metric, a range or a subquery, not with an expression`
    throw new Fault(operand, message)
  }
  if (found.shifts.includes(word)) throw new Fault(operand, `${word} stands here twice`)
  return [...found.shifts, word]
}

function zeroDuration(node: SyntaxNode, source: Source): void {
  const duration = node.getChild('DurationExpr')
  if (duration !== null && /^(0+(ms|[smhdwy]))+$/.test(textOf(duration, source))) {
    throw new Fault(duration, 'a duration has to be greater than 0')
  }
}
