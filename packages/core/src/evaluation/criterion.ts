import { parseDecimal } from '../slo/slo.ts'

/**
 * One criterion of an slo.yaml: `<=500` is fixed, `<=+10%` and `<10%` are relative percent, `<=+10` and `>-5` relative absolute.
 * A fixed negative threshold cannot be written (`<-5` is relative), as in Keptn (facts/keptn-v1.md 3.4).
 */
export type Criterion = {
  readonly operator: Operator
  /** Absolute: the sign is in `increase`. */
  readonly value: number
  readonly percent: boolean
  /** Compared with the baseline. */
  readonly relative: boolean
  /** The limit lies `value` above the baseline, else below. False for fixed ones. */
  readonly increase: boolean
}

export type Operator = '<' | '<=' | '=' | '>=' | '>'

export type CriterionResult =
  | { readonly ok: true; readonly criterion: Criterion }
  | {
      readonly ok: false
      readonly message: 'invalid criteria string' | 'could not parse criteria target value'
    }

/** Longest first where one is the prefix of another. */
const OPERATORS: readonly Operator[] = ['<=', '<', '=', '>=', '>']

export function parseCriterion(text: string): CriterionResult {
  const compact = text.includes(' ') ? text.replaceAll(' ', '') : text
  if (!/^[<|=>]{1,2}/.test(compact)) return { ok: false, message: 'invalid criteria string' }
  const operator = OPERATORS.find((candidate) => compact.startsWith(candidate))
  let rest = compact.slice(operator?.length ?? 0)

  const percent = rest.endsWith('%')
  if (percent) rest = rest.slice(0, -1)
  const sign = /^[+-]/.exec(rest)?.[0]
  if (sign !== undefined) rest = rest.slice(1)

  const value = parseDecimal(rest)
  if (operator === undefined || value === undefined) {
    return { ok: false, message: 'could not parse criteria target value' }
  }
  const relative = percent || sign !== undefined
  return {
    ok: true,
    criterion: { operator, value, percent, relative, increase: relative && sign !== '-' },
  }
}

type ParsedSet = {
  readonly results: readonly CriterionResult[]
  readonly criteria: readonly Criterion[]
}

const PARSED = new WeakMap<readonly string[], ParsedSet>()

/** Judging, explaining and searching ask for the same criteria again and again: each list is parsed once. */
function parseOnce(set: readonly string[]): ParsedSet {
  const known = PARSED.get(set)
  if (known !== undefined) return known
  const results = set.map(parseCriterion)
  const criteria = results.flatMap((one) => (one.ok ? [one.criterion] : []))
  const parsed = { results, criteria }
  PARSED.set(set, parsed)
  return parsed
}

/** What became of each text of a set, in its order. */
export function parsedSet(set: readonly string[]): readonly CriterionResult[] {
  return parseOnce(set).results
}

/** The criteria of a set that can be read. */
export function criteriaOf(set: readonly string[]): readonly Criterion[] {
  return parseOnce(set).criteria
}

/** The operator that a symbol stands for; Keptn said `no operator set` where this is undefined. */
export function toOperator(symbol: string): Operator | undefined {
  return OPERATORS.find((candidate) => candidate === symbol)
}

/** Targets are inclusive as written, and floating point is compared as it is. */
export function compare(measured: number, operator: Operator, target: number): boolean {
  switch (operator) {
    case '<':
      return measured < target
    case '<=':
      return measured <= target
    case '=':
      return measured === target
    case '>=':
      return measured >= target
    case '>':
      return measured > target
  }
}

/** The number that a relative criterion comes to, from the aggregate of the baseline. */
export function relativeTarget(criterion: Criterion, baseline: number): number {
  const signed = criterion.increase ? criterion.value : -criterion.value
  return criterion.percent ? (baseline * (100 + signed)) / 100 : baseline + signed
}
