import { type Criterion, relativeTarget } from '../evaluation/criterion.ts'
import { coverEverything, type Interval, intersection, isWithin } from '../evaluation/interval.ts'

/**
 * What can be said of criteria for every value and every baseline. Fixed ones are ranges. Relative ones are ranges around a baseline
 * that nobody knows: differences (`+5`) keep their order wherever it lies, percentages only against the same percentage, because a
 * baseline may be negative. What is not certain is not said.
 */
export type ParsedSet = readonly Criterion[]

type Kind = 'fixed' | 'difference' | 'percent'

function kindOf(criterion: Criterion): Kind {
  if (!criterion.relative) return 'fixed'
  return criterion.percent ? 'percent' : 'difference'
}

/** The limit as an offset: of the value itself, or from the baseline. */
function limitOf(criterion: Criterion): number {
  if (!criterion.relative) return criterion.value
  return relativeTarget({ ...criterion, percent: false }, 0)
}

const isUpper = ({ operator }: Criterion) => operator !== '>' && operator !== '>='
const isLower = ({ operator }: Criterion) => operator !== '<' && operator !== '<='
const isStrict = ({ operator }: Criterion) => operator === '<' || operator === '>'

/** `always`: no value satisfies the set. `with-history`: none does once there is a baseline. */
export type Contradiction = 'always' | 'with-history'

export function contradictionOf(set: ParsedSet): Contradiction | undefined {
  if (set.length > 0 && intersection(set, undefined) === undefined) return 'always'
  const relative = set.filter((criterion) => criterion.relative)
  const clash = relative.some((upper) =>
    relative.some((lower) => isUpper(upper) && isLower(lower) && excludeEachOther(upper, lower)),
  )
  return clash ? 'with-history' : undefined
}

function excludeEachOther(upper: Criterion, lower: Criterion): boolean {
  const kind = kindOf(upper)
  if (kind !== kindOf(lower)) return false
  const room = limitOf(upper) - limitOf(lower)
  if (room === 0) return isStrict(upper) || isStrict(lower)
  return kind === 'difference' && room < 0
}

/** Whether whatever satisfies `inner` satisfies `outer` too. */
export function implies(inner: ParsedSet, outer: ParsedSet): boolean {
  return outer.every((wanted) => inner.some((given) => isTighter(given, wanted)))
}

function isTighter(given: Criterion, wanted: Criterion): boolean {
  const kind = kindOf(given)
  if (kind !== kindOf(wanted)) return false
  const difference = limitOf(wanted) - limitOf(given)
  if (difference === 0) {
    return given.operator === wanted.operator || (!isStrict(wanted) && sameSide(given, wanted))
  }
  if (kind === 'percent' || wanted.operator === '=') return false
  return sameSide(given, wanted) && (isUpper(wanted) ? difference > 0 : difference < 0)
}

/** `=` is on both sides; what is wanted from one side is given by it. */
function sameSide(given: Criterion, wanted: Criterion): boolean {
  if (wanted.operator === '=') return given.operator === '='
  return isUpper(wanted) ? isUpper(given) : isLower(given)
}

/** Whether every value satisfies one of the sets, whatever the baseline. */
export function leaveOutNothing(sets: readonly ParsedSet[]): boolean {
  if (sets.some((set) => set.length === 0)) return true
  if (coverEverything(fixedRanges(sets))) return true
  const single = sets.flatMap(([only, ...others]) =>
    only?.relative && others.length === 0 ? [only] : [],
  )
  return single.some((upper) =>
    single.some((lower) => isUpper(upper) && isLower(lower) && meet(upper, lower)),
  )
}

/** Two rays that overlap: `<=+10` or `>=+5`. */
function meet(upper: Criterion, lower: Criterion): boolean {
  const kind = kindOf(upper)
  if (kind !== kindOf(lower) || upper.operator === '=' || lower.operator === '=') return false
  // Far from zero neighbouring numbers lie so wide apart that two different limits come to the same one.
  if (isStrict(upper) && isStrict(lower)) return false
  const room = limitOf(upper) - limitOf(lower)
  return room === 0 || (kind === 'difference' && room > 0)
}

/** The ranges of the sets that do not depend on earlier results and allow some value. */
export function fixedRanges(sets: readonly ParsedSet[]): Interval[] {
  return sets.flatMap((set) => {
    if (set.length === 0 || set.some((criterion) => criterion.relative)) return []
    const range = intersection(set, undefined)
    return range === undefined ? [] : [range]
  })
}

/** Whether no value can satisfy a set of each side, whatever the baseline. */
export function areDisjoint(left: readonly ParsedSet[], right: readonly ParsedSet[]): boolean {
  return left.every((one) =>
    right.every((other) => contradictionOf([...one, ...other]) === 'always'),
  )
}

/** Whether everything that a set allows is allowed by one of the others. */
export function isAllowedBy(set: ParsedSet, others: readonly ParsedSet[]): boolean {
  const [range] = fixedRanges([set])
  return others.some(
    (other) =>
      implies(set, other) ||
      (range !== undefined && fixedRanges([other]).some((outer) => isWithin(range, outer))),
  )
}
