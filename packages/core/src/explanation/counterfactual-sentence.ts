import type { NeededValue } from './counterfactual.ts'
import type { CounterfactualChange } from './explanation.ts'
import { formatLimit, formatNumber, formatPair, withUnit } from './number-format.ts'

/** `at most 300 ms instead of 312 ms`. */
export function neededText({ from, bound, inclusive }: NeededValue, unit: string | null): string {
  if (bound.side === 'any') return 'any value instead of none'
  const wanted = withUnit(limitText(bound, inclusive), unit)
  if (from === null) return `${wanted} instead of no value`
  const [measured] = formatPair(from, bound.limit)
  return `${wanted} instead of ${withUnit(measured, unit)}`
}

function limitText({ limit, side }: NeededValue['bound'], inclusive: boolean): string {
  // A limit that itself is excluded is written exactly; a rounded one would name another limit.
  if (!inclusive) return `${side === 'low' ? 'above' : 'below'} ${limit}`
  if (side === 'low') return `at least ${formatLimit(limit, 'low')}`
  if (side === 'high') return `at most ${formatLimit(limit, 'high')}`
  return `exactly ${limit}`
}

/** `With error_rate at most 1 % instead of 1.84 % the verdict would be pass, 94.4.` */
export function counterfactualSentence(
  changes: readonly Pick<CounterfactualChange, 'name' | 'text'>[],
  score: number,
): string {
  const parts = changes.map(({ name, text }) => `${name} ${text}`)
  const last = parts.pop() ?? ''
  const all = parts.length === 0 ? last : `${parts.join(', ')} and ${last}`
  return `With ${all} the verdict would be pass, ${formatNumber(score)}.`
}
