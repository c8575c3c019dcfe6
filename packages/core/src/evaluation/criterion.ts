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
  const known = KNOWN.get(text)
  if (known !== undefined) return known
  const parsed = parse(text)
  if (KNOWN.size >= MAX_KNOWN) KNOWN.clear()
  if (text.length <= MAX_KNOWN_LENGTH) KNOWN.set(text, parsed)
  return parsed
}

/**
 * Judging, explaining and searching ask for the same few texts again and again, also over evaluations. What is kept is a few hundred bytes
 * for each text, and never more than `MAX_KNOWN` of them.
 */
const KNOWN = new Map<string, CriterionResult>()
const MAX_KNOWN = 2_000
/** Longer ones are nobody's criteria. */
const MAX_KNOWN_LENGTH = 60

function parse(text: string): CriterionResult {
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

/** What became of each text of a set, in its order. */
export function parsedSet(set: readonly string[]): readonly CriterionResult[] {
  return set.map((text) => parseCriterion(text))
}

/** The criteria of a set that can be read. */
export function criteriaOf(set: readonly string[]): readonly Criterion[] {
  const criteria: Criterion[] = []
  for (const text of set) {
    const parsed = parseCriterion(text)
    if (parsed.ok) criteria.push(parsed.criterion)
  }
  return criteria
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
