import type { Target } from '@tiphys/contract/evaluation.ts'
import type { Baseline } from '../evaluation/baseline.ts'
import { type Criterion, type Operator, parseCriterion } from '../evaluation/criterion.ts'
import { targetOf } from '../evaluation/objective.ts'
import type { ExplainedBaseline, ExplainedCriterion, ExplainedSet } from './explanation.ts'
import { formatNumber, formatPair, plural, withUnit } from './number-format.ts'

export type Measured = {
  /** null: no value. */
  readonly value: number | null
  /** The value as `formatNumber` writes it; numbers are written down once, since that is most of an explanation's time. */
  readonly shown: string
  readonly unit: string | null
  readonly baseline: Baseline
  /** The number compared with, with its unit; empty where there is none. */
  readonly base: string
  /** What that number is of: `average of 3 runs`. */
  readonly of: string
}

const PERCENT = 100

/** Sets of criteria with their arithmetic; `targets` are those of the verdict, in the same order. */
export function explainSets(
  sets: readonly (readonly string[])[],
  targets: readonly Target[],
  measured: Measured,
): readonly ExplainedSet[] {
  let next = 0
  return sets.map((set) => {
    const criteria = set.map((text) => explainCriterion(text, targets[next++], measured))
    return { criteria, satisfied: criteria.every((criterion) => criterion.satisfied) }
  })
}

function explainCriterion(
  text: string,
  target: Target | undefined,
  measured: Measured,
): ExplainedCriterion {
  const satisfied = target?.violated === false
  const parsed = parseCriterion(text)
  if (!parsed.ok) {
    return { criterion: text, satisfied, target: null, arithmetic: parsed.message, limit: text }
  }
  const { criterion } = parsed
  const number = targetOf(criterion, measured.baseline.value)
  if (number === undefined) {
    const arithmetic = `${text} is not compared: ${noBaseline(measured.baseline)}`
    return { criterion: text, satisfied, target: null, arithmetic, limit: text }
  }
  const [left, right] = pairOf(measured, number)
  const origin = originOf(criterion, measured)
  const limit = withUnit(right, measured.unit)
  const relation = relationOf(measured.value ?? number, criterion.operator, number)
  return {
    criterion: text,
    satisfied,
    target: number,
    arithmetic:
      measured.value === null
        ? ''
        : `${withUnit(left, measured.unit)} ${relation} ${limit}${origin && ` = ${origin}`}`,
    limit: origin === '' ? limit : `${limit} (${origin})`,
  }
}

/** As `formatPair` writes them. */
function pairOf({ value, shown }: Measured, target: number): readonly [string, string] {
  const right = formatNumber(target)
  if (value === null || value === target) return [right, right]
  return shown === right ? formatPair(value, target) : [shown, right]
}

/** What is true of the two numbers: the criterion's own sign where it holds, else the sign that contradicts it. */
function relationOf(value: number, operator: Operator, target: number): string {
  switch (operator) {
    case '<':
      return value < target ? '<' : value === target ? 'is not <' : '>'
    case '<=':
      return value <= target ? '≤' : '>'
    case '=':
      return value === target ? '=' : '≠'
    case '>=':
      return value >= target ? '≥' : '<'
    case '>':
      return value > target ? '>' : value === target ? 'is not >' : '<'
  }
}

/** `250 ms × 1.2, average of 3 runs`; empty for a fixed limit. */
function originOf(criterion: Criterion, { baseline, base, unit, of: words }: Measured): string {
  if (!criterion.relative || baseline.value === undefined) return ''
  const signed = criterion.increase ? criterion.value : -criterion.value
  const of = `, ${words}`
  if (criterion.value === 0) return `${base}${of}`
  if (criterion.percent) return `${base} × ${formatNumber((PERCENT + signed) / PERCENT)}${of}`
  const sign = signed < 0 ? '−' : '+'
  return `${base} ${sign} ${withUnit(formatNumber(criterion.value), unit)}${of}`
}

export function explainBaseline(measured: Measured): ExplainedBaseline | null {
  const { baseline, value } = measured
  if (baseline.value === undefined) return null
  const hasChange = value !== null && baseline.value !== 0
  return {
    value: baseline.value,
    changePercent: hasChange
      ? (PERCENT * (value - baseline.value)) / Math.abs(baseline.value)
      : null,
    of: measured.of,
    runs: baseline.runs,
  }
}

/** `average of 3 runs`, `the previous run`. */
export function aggregateText({ aggregateFunction, runs, isReference }: Baseline): string {
  if (isReference) return 'the pinned reference'
  if (runs.length === 1) return 'the previous run'
  const name = aggregateFunction === 'avg' ? 'average' : aggregateFunction
  return `${name} of ${plural(runs.length, 'run')}`
}

function noBaseline({ considered }: Baseline): string {
  if (considered === 0) return 'there is no earlier evaluation'
  return considered === 1
    ? 'the earlier evaluation has no value for it'
    : `none of ${considered} earlier evaluations has a value for it`
}
